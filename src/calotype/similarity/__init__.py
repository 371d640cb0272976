"""Which originals look alike, how surely, and why."""

from calotype.similarity.ladder import Certainty, Evidence, Figure, Likeness, compare

__all__ = ["Certainty", "Evidence", "Figure", "Likeness", "compare"]
