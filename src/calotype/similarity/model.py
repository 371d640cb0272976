"""What similarity answers, and what it leaves for later."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from calotype.jobs import Job
from calotype.similarity.likeness import Likeness


@dataclass(frozen=True, slots=True)
class Candidate:
    """An original that looks like another, how surely, and why."""

    original_id: UUID
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Near:
    """An original whose pHash differs in *distance* bits."""

    original_id: UUID
    distance: int


@dataclass(frozen=True, slots=True)
class Likely:
    """What looks like a picture, the surest first; *capped* when more was near than was read."""

    candidates: tuple[Candidate, ...]
    twins: tuple[Near, ...]
    """Near ones of the same size, flat ones too: their pixels may be the same."""
    capped: bool


@dataclass(frozen=True, slots=True)
class TakeFingerprint(Job):
    """Look at an original once more, for its fingerprint, and note it."""

    name: ClassVar[str] = "similarity:fingerprint"
    original: UUID


@dataclass(frozen=True, slots=True)
class MakeUpFor(Job):
    """Have fingerprints taken that are missing or were taken in an older way."""

    name: ClassVar[str] = "similarity:make-up-for"
