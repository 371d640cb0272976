"""What media is, and what one may say about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from calotype.jobs import Job

MediaState = Literal["processing", "ready", "unreadable"]
Visibility = Literal["private", "tenant", "public"]
SourceType = Literal[
    "upload", "playground", "enhanced", "stock", "design", "mockup", "product", "import"
]

MAIN_BUCKET = "image"


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a person says about a picture."""

    name: str
    alt_text: str = ""
    caption: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    bucket: str = MAIN_BUCKET
    project_id: str | None = None
    visibility: Visibility = "private"
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A picture as a person sees and owns it."""

    id: UUID
    tenant_id: UUID
    owner_id: UUID | None
    original_id: UUID | None
    token: bytes
    state: MediaState
    name: str
    file_name: str
    alt_text: str
    caption: str
    description: str
    tags: list[str]
    bucket: str
    project_id: str | None
    source_type: SourceType
    enhancement_type: str | None
    original_media_id: UUID | None
    visibility: Visibility
    metadata: Mapping[str, Any]
    attribution: Mapping[str, Any] | None
    media_type: str
    width: int
    height: int
    size_bytes: int
    digest: bytes | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    crop: Mapping[str, float] | None
    focal_point: Mapping[str, float] | None
    thumbhash: bytes | None
    colour: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The file that becomes media: what was found in it, and what it was called."""

    file_name: str
    media_type: str
    width: int
    height: int
    size_bytes: int
    readable: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which media a list shows; None leaves a question open."""

    query: str | None = None
    bucket: str | None = None
    source: SourceType | None = None
    owner: UUID | None = None
    visibility: Visibility | None = None
    project: str | None = None
    trash: bool = False


@dataclass(frozen=True, slots=True)
class EmptyTrash(Job):
    """Let go of what has been in the trash for long enough."""

    name: ClassVar[str] = "library:empty-trash"
