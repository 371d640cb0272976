"""What is delivered, to whom, and which pieces of which object it is made of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
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
    crop: Any
    focal_point: Any
    original_id: UUID
    scope_id: UUID
    object_key: str
    original_state: str
    media_type: str
    frames: int
    size_bytes: int
    digest: bytes
    examined: bool
    stripped: Any


Audience = Literal["everybody", "strangers", "this caller"]
"""Who gets the same answer at the same address; strangers are those who do not say who they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A picture that may be sent: which pieces of an object, and what to say about them."""

    media_id: UUID
    original_id: UUID
    object_key: str
    content: Stripped
    media_type: str
    file_name: str
    etag: str
    audience: Audience
    signed_until: int | None
    """In Unix time, for those who come with a signature."""
    immutable: bool
    negotiated: bool
    as_download: bool
    is_whole: bool
    """Whether the pieces are all of the object, as it is."""
    is_proxied: bool
    """Whether a server in front understands what is said to it."""

    @property
    def size_bytes(self) -> int:
        return self.content.size_bytes

    @property
    def is_public(self) -> bool:
        """Whether anybody, and any cache, may keep it."""
        return self.audience != "this caller" and self.signed_until is None

    @property
    def is_handed_over(self) -> bool:
        """Whether the server in front sends the object; what is public it keeps itself."""
        return self.is_proxied and self.is_whole and not self.is_public

    @property
    def crosses_origins(self) -> bool:
        """Whether the pages of other sites may show it."""
        return self.audience != "this caller"
