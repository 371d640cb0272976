"""What arrives, and what is left for later."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from calotype.jobs import Job


@dataclass(frozen=True, slots=True)
class Examine(Job):
    """Decode an original once, so that its media is `ready` or known to be `unreadable`."""

    name: ClassVar[str] = "uploads:examine"
    original: UUID


@dataclass(frozen=True, slots=True)
class Expire(Job):
    """Remove files that uploads which died left in the spool."""

    name: ClassVar[str] = "uploads:expire"
