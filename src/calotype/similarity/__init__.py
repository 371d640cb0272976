"""Similarity: which originals look alike, how surely, and why."""

from calotype.similarity.banded import Banded
from calotype.similarity.banding import WIDEST
from calotype.similarity.checks import SIMILARITY_CHECKS
from calotype.similarity.errors import FingerprintMissing
from calotype.similarity.grouping import Group, Link, group
from calotype.similarity.ladder import WIDE_DISTANCE, compare
from calotype.similarity.likeness import Certainty, Evidence, Figure, Likeness
from calotype.similarity.model import Candidate, Likely, Near, TakeFingerprint
from calotype.similarity.service import Similarity

__all__ = [
    "SIMILARITY_CHECKS",
    "WIDEST",
    "WIDE_DISTANCE",
    "Banded",
    "Candidate",
    "Certainty",
    "Evidence",
    "Figure",
    "FingerprintMissing",
    "Group",
    "Likely",
    "Likeness",
    "Link",
    "Near",
    "Similarity",
    "TakeFingerprint",
    "compare",
    "group",
]
