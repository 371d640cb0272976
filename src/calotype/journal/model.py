"""What the journal holds, and what it leaves for later."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from calotype.jobs import Job

Before = Mapping[str, Any]
"""How things were before, in JSON; only the slice that wrote it knows what it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that was done, by whom, and how many things of which kind it changed."""

    id: UUID
    person_id: UUID | None
    action: str
    subjects: Mapping[str, int]
    before: Before | None
    created_at: datetime
    expires_at: datetime
    undone_at: datetime | None
    undoable: bool


@dataclass(frozen=True, slots=True)
class CloseEntries(Job):
    """Let go of what entries of the journal hold that are too old to be undone."""

    name: ClassVar[str] = "journal:close"
