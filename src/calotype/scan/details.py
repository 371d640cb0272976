"""Details that several pictures have, by which a crop is found beside the picture it came from."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from calotype.imaging import TILE_HASH_BYTES

_BANDS = TILE_HASH_BYTES // 2
_VALUES = 1 << 16
_ENOUGH = 3
"""So many details must agree in some band before two pictures are worth comparing."""
_MOST_OWNERS = 1000
"""What more details than this have in common says nothing."""


class Details:
    """The hashes of details, each cut into bands of 16 bits: who has which value where."""

    def __init__(self, hashes: Sequence[bytes]) -> None:
        """Index the details of each picture, whose hashes follow one another."""
        counts = [len(each) // TILE_HASH_BYTES for each in hashes]
        bands = np.frombuffer(b"".join(hashes), "<u2").reshape(-1, _BANDS).astype(np.int32)
        self._keys = bands + _VALUES * np.arange(_BANDS, dtype=np.int32)
        self._ends = np.cumsum([0, *counts])
        owners = np.repeat(np.arange(len(hashes), dtype=np.int32), counts)
        order = np.argsort(self._keys, axis=None, kind="stable")
        self._owners = np.repeat(owners, _BANDS)[order]
        held = np.bincount(self._keys.ravel(), minlength=_BANDS * _VALUES)
        self._starts = np.concatenate([[0], np.cumsum(held)])

    def sharing(self, place: int) -> NDArray[np.int32]:
        """Whoever shares enough details with a picture, those that share most first."""
        keys = self._keys[self._ends[place] : self._ends[place + 1]]
        sharing = [np.unique(self._with_any(each)) for each in keys]
        owners, times = np.unique(np.concatenate([self._none, *sharing]), return_counts=True)
        enough = times >= _ENOUGH
        return owners[enough][np.argsort(-times[enough], kind="stable")]

    def _with_any(self, keys: NDArray[np.int32]) -> NDArray[np.int32]:
        """Whoever has a detail that agrees with this one in a band."""
        runs = zip(self._starts[keys], self._starts[keys + 1], strict=True)
        held = [self._owners[begin:end] for begin, end in runs if end - begin <= _MOST_OWNERS]
        return np.concatenate([self._none, *held])

    @property
    def _none(self) -> NDArray[np.int32]:
        return self._owners[:0]
