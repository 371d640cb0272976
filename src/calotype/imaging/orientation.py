"""The eight ways in which a picture may lie, by the numbers that EXIF gives them."""

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Value = TypeVar("Value", bound="np.generic")

FIRST_LYING = 5
"""Orientations from here on are lying on their side."""

ALL = range(1, 9)


_FORWARD, _BACK = slice(None), slice(None, None, -1)
_FLIPS = {
    1: (_FORWARD, _FORWARD),
    2: (_FORWARD, _BACK),
    3: (_BACK, _BACK),
    4: (_BACK, _FORWARD),
    5: (_FORWARD, _FORWARD),
    6: (_FORWARD, _BACK),
    7: (_BACK, _BACK),
    8: (_BACK, _FORWARD),
}
"""How rows and columns run, once those that lie have been transposed."""


def turned(grid: "NDArray[Value]", orientation: int) -> "NDArray[Value]":
    """Show upright what was stored in *orientation*; the first two axes are rows and columns."""
    rows = grid.swapaxes(0, 1) if orientation >= FIRST_LYING else grid
    return rows[_FLIPS[orientation]]


def signs(orientation: int) -> tuple[int, int]:
    """What turning does to odd waves down and across: 1 leaves them, -1 turns them round."""
    down, across = _FLIPS[orientation]
    return (1 if down is _FORWARD else -1), (1 if across is _FORWARD else -1)
