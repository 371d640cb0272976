"""Frames: plain borders that somebody put around a picture."""

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]

_PLAIN = 4.0
"""How much the brightness of a border may vary."""
_STEP = 10.0
_MOSTLY = 0.6
"""A frame ends all along its side; the white around a thing ends here and there."""
_MOST = 0.3
"""How much of a side may be frame."""


def within_frame(grey: Grey) -> tuple[slice, slice]:
    """The rows and columns that are left without a frame."""
    rows, columns = grey.astype(np.float32), grey.T.astype(np.float32)
    return (
        slice(_depth(rows), rows.shape[0] - _depth(rows[::-1])),
        slice(_depth(columns), columns.shape[0] - _depth(columns[::-1])),
    )


def _depth(lines: NDArray[np.float32]) -> int:
    """How many of the first lines are frame."""
    astray = np.abs(lines - lines[0].mean())
    # The first line on which something is drawn, which is 0 too if there is none.
    first = int((astray.max(axis=1) > _PLAIN).argmax())
    if not 0 < first < _MOST * len(lines):
        return 0
    # The line after may still be half frame, which shrinking mixed into it.
    inside = astray[min(first + 1, len(lines) - 1)]
    return first if (inside > _STEP).mean() > _MOSTLY else 0
