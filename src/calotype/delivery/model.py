"""What is delivered, to whom, and which pieces of which object it is made of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from calotype.imaging import Stripped


@dataclass(frozen=True, slots=True)
class Found:
    """A picture at an address, before it is known who may have it."""

    id: UUID
    tenant_id: UUID
    owner_id: UUID | None
    visibility: str
    state: str
    deleted_at: datetime | None
    token: bytes
    file_name: str
    updated_at: datetime
    original_id: UUID
    object_key: str
    original_state: str
    media_type: str
    size_bytes: int
    digest: bytes
    examined: bool
    stripped: Any
    crop: Any
    focal_point: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A picture that may be sent: which pieces of an object, and what to say about them."""

    original_id: UUID
    object_key: str
    content: Stripped
    media_type: str
    file_name: str
    etag: str
    cache_control: str
    cross_origin: bool
    as_download: bool

    @property
    def size_bytes(self) -> int:
        return self.content.size_bytes
