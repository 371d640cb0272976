"""What originals, references and their upkeep are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from calotype.digest import Digest
from calotype.jobs import Job

State = Literal["pending", "live", "condemned", "deleting", "quarantined"]

HolderKind = Literal["upload", "media", "journal"]

CATALOGUE_SCOPE = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the header of a picture says, found before its bytes are kept."""

    media_type: str
    width: int
    height: int
    frames: int = 1
    more: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Examined:
    """What only a look at every byte could tell: pixels that decode, and what may be shared."""

    readable: bool
    stripped: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """One distinct sequence of bytes, kept once per scope."""

    id: UUID
    scope_id: UUID
    digest: Digest
    size_bytes: int
    object_key: str
    state: State
    media_type: str
    width: int
    height: int
    frames: int
    facts: Mapping[str, Any]
    readable: bool | None
    reference_count: int
    created_at: datetime
    verified_at: datetime | None


@dataclass(frozen=True, slots=True)
class Holder:
    """What needs an original: a kind of row, and which one."""

    kind: HolderKind
    id: UUID


@dataclass(frozen=True, slots=True)
class Kept:
    """An original, and the leased reference that holds it until somebody takes it over."""

    original_id: UUID
    reference_id: UUID
    readable: bool | None
    bytes_were_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """How much is kept, how much is referred to, and what the difference saves."""

    total_count: int
    total_size: int
    orphaned_count: int
    orphaned_size: int
    references: int
    logical_size: int

    @property
    def avg_references(self) -> float:
        return self.references / self.total_count if self.total_count else 0.0

    @property
    def saved_size(self) -> int:
        return max(0, self.logical_size - (self.total_size - self.orphaned_size))

    @property
    def saved_ratio(self) -> float:
        return self.saved_size / self.logical_size if self.logical_size else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPlan:
    """What a sweep would remove now, and why it would not."""

    collectable: int
    collectable_bytes: int
    unfinished: int
    expired_leases: int
    proven_strays: int
    live: int
    live_bytes: int
    halted_because: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep did."""

    collected: int = 0
    collected_bytes: int = 0
    reaped: int = 0
    halted_because: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What the store held that no row knows."""

    strays: int = 0
    strays_removed: int = 0
    halted_because: str | None = None


@dataclass(frozen=True, slots=True)
class Sweep(Job):
    """Collect what nobody refers to, and reap what was given up."""

    name: ClassVar[str] = "originals:sweep"


@dataclass(frozen=True, slots=True)
class Reconcile(Job):
    """Compare the store with the rows, and remove what two passes found to be nobody's."""

    name: ClassVar[str] = "originals:reconcile"


@dataclass(frozen=True, slots=True)
class FoldStats(Job):
    """Fold the differences that transactions left into the statistics."""

    name: ClassVar[str] = "originals:fold-stats"


@dataclass(frozen=True, slots=True)
class Scrub(Job):
    """Read a share of all bytes again and compare them with their digests."""

    name: ClassVar[str] = "originals:scrub"
