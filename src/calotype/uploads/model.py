"""What arrives, and what is left for later."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from calotype.jobs import Job


@dataclass(frozen=True, slots=True)
class Examine(Job):
    """Read every byte of an original once: what can be decoded, and what may be shown."""

    name: ClassVar[str] = "uploads:examine"
    original: UUID


@dataclass(frozen=True, slots=True)
class Expire(Job):
    """Remove files that uploads which died left in the spool, and make up for lost looks."""

    name: ClassVar[str] = "uploads:expire"
