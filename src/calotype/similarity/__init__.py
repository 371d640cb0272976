"""Which originals look alike, how surely, and why."""

from calotype.similarity.ladder import WIDE_DISTANCE, compare
from calotype.similarity.likeness import Certainty, Evidence, Figure, Likeness

__all__ = ["WIDE_DISTANCE", "Certainty", "Evidence", "Figure", "Likeness", "compare"]
