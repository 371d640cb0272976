"""What review finds, shows and decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from calotype.jobs import Job
from calotype.library import Media

Rung = Literal["bytes", "pixels", "near", "variant", "similar"]
RUNGS: tuple[Rung, ...] = ("bytes", "pixels", "near", "variant", "similar")
Looks = Literal["pixels", "near", "variant", "similar"]
Verdict = Literal["same", "different", "variant"]
Keep = Literal["largest", "oldest", "newest"]

_DUPLICATES = frozenset({"bytes", "pixels", "near"})


@dataclass(frozen=True, slots=True)
class Match:
    """Media that a file may repeat, how surely, and why."""

    media: Media
    certainty: Rung
    distance: int
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file repeats, the surest first; *capped* when more was near than was read."""

    matches: tuple[Match, ...] = ()
    capped: bool = False

    @property
    def certainty(self) -> Rung | None:
        return self.matches[0].certainty if self.matches else None

    @property
    def duplicate(self) -> bool:
        return self.certainty in _DUPLICATES


@dataclass(frozen=True, slots=True)
class Found:
    """An original that looks like another, on which rung, and why."""

    original_id: UUID
    certainty: Looks
    distance: int
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two originals that look alike, and wait for a verdict."""

    id: UUID
    first_id: UUID
    second_id: UUID
    certainty: Looks
    distance: int
    evidence: Mapping[str, Any]
    found_at: datetime

    @property
    def originals(self) -> tuple[UUID, UUID]:
        return self.first_id, self.second_id


@dataclass(frozen=True, slots=True)
class Side:
    """One original of a pair, as far as a choice between the two needs it."""

    id: UUID
    digest: bytes
    width: int
    height: int
    size_bytes: int
    media_type: str
    object_key: str

    @property
    def worth(self) -> tuple[int, int]:
        """More pixels are better; of as many, more bytes."""
        return self.width * self.height, self.size_bytes


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a pair, and the entry of the journal that undoes it."""

    verdict: Verdict
    kept_id: UUID | None
    journal_id: UUID


@dataclass(frozen=True, slots=True)
class Alias:
    """The original that is answered for a file that was merged into it."""

    kept_id: UUID
    certainty: Looks
    distance: int


@dataclass(frozen=True, slots=True)
class Rule:
    """Which pairs are merged without asking, once an admin approved the dry run."""

    id: UUID
    certainty: Literal["pixels", "near"]
    keep: Keep
    made_at: datetime
    approved_at: datetime | None
    approved_pairs: int | None


@dataclass(frozen=True, slots=True)
class RulePlan:
    """What a rule would merge now; *mark* changes when anything of it does."""

    pairs: int
    bytes_to_win: int
    samples: tuple[UUID, ...]
    mark: str


@dataclass(frozen=True, slots=True)
class Compare(Job):
    """Look for what a new fingerprint looks like, and queue the pairs for review."""

    name: ClassVar[str] = "review:compare"
    original: UUID


@dataclass(frozen=True, slots=True)
class ApplyRules(Job):
    """Merge the pairs that approved rules speak of."""

    name: ClassVar[str] = "review:apply-rules"
