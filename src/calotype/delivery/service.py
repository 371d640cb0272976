"""From an address to a picture that the caller may have."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from uuid import UUID

from calotype.database import Caller
from calotype.delivery.errors import (
    NotExaminedYet,
    NothingToShare,
    NothingToShow,
    PictureMissing,
    PresetUnknown,
)
from calotype.delivery.formats import accepted, still_moving
from calotype.delivery.lookups import Lookups
from calotype.delivery.model import Audience, Delivery, Found
from calotype.imaging import Crop, FocalPoint, Range, Stripped
from calotype.library import Addresses, may_change
from calotype.renditions import Format, Preset, Recipe, Rendition, Renditions

ORIGINAL = "original"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a signed address carries."""

    exp: str
    kid: str
    sig: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A request for a picture: by media (stable address) or by token (immutable address)."""

    path: str
    media: UUID | None = None
    token: bytes | None = None
    preset: str = ORIGINAL
    format: Format | None = None
    accept: str = ""
    signature: Signature | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """Decides who may have which bytes, and how long others may keep them."""

    lookups: Lookups
    addresses: Addresses
    renditions: Renditions
    presets: Mapping[str, Preset]
    is_proxied: bool = False
    """Whether a server in front sends what only one reader may have."""

    async def find(self, caller: Caller, wanted: Wanted) -> Delivery:
        """Return what may be sent; what is missing and what is not yours look the same."""
        expires = self._check(wanted)
        if wanted.preset != ORIGINAL and wanted.preset not in self.presets:
            raise PresetUnknown([*self.presets, ORIGINAL])
        found = await self.lookups.find(media=wanted.media, token=wanted.token)
        if found is None or not _may_see(caller, found, signed=expires is not None):
            raise PictureMissing
        if wanted.preset == ORIGINAL:
            return self._original(caller, wanted, found, expires)
        return await self._rendition(wanted, found, expires)

    def _check(self, wanted: Wanted) -> int | None:
        if wanted.signature is None:
            return None
        signature = wanted.signature
        return self.addresses.check(
            wanted.path, exp=signature.exp, kid=signature.kid, sig=signature.sig
        )

    def _original(
        self, caller: Caller, wanted: Wanted, found: Found, expires: int | None
    ) -> Delivery:
        exact = _is_owner(caller, found)
        if not exact and found.stripped is None:
            raise NothingToShare if found.examined else NotExaminedYet
        whole = Stripped((Range(0, found.size_bytes),))
        kind = b"exact" if exact else b"stripped"
        audience: Audience = "this caller" if exact else _audience(found, expires, "strangers")
        return Delivery(
            media_id=found.id,
            original_id=found.original_id,
            object_key=found.object_key,
            content=whole if exact else Stripped.from_json(found.stripped),
            media_type=found.media_type,
            file_name=found.file_name,
            etag=self._etag(kind, found.token, found.digest),
            audience=audience,
            signed_until=expires,
            immutable=wanted.token is not None,
            negotiated=False,
            as_download=found.state == "unreadable",
            is_whole=exact,
            is_proxied=self.is_proxied,
        )

    async def _rendition(self, wanted: Wanted, found: Found, expires: int | None) -> Delivery:
        if found.state == "unreadable":
            raise NothingToShow
        rendition = await self._demand(wanted, found)
        return Delivery(
            media_id=found.id,
            original_id=found.original_id,
            object_key=rendition.object_key,
            content=Stripped((Range(0, rendition.size_bytes),)),
            media_type=rendition.media_type,
            file_name=_renamed(found.file_name, rendition.media_type),
            etag=self._etag(b"rendition", found.token, rendition.id.bytes),
            audience=_audience(found, expires, "everybody"),
            signed_until=expires,
            immutable=wanted.token is not None and not rendition.quick,
            negotiated=wanted.format is None,
            as_download=False,
            is_whole=True,
            is_proxied=self.is_proxied,
        )

    async def _demand(self, wanted: Wanted, found: Found) -> Rendition:
        recipe = Recipe(
            self.presets[wanted.preset],
            crop=found.crop and Crop.from_json(found.crop),
            focal_point=found.focal_point and FocalPoint.from_json(found.focal_point),
        )
        return await self.renditions.demand(
            original_id=found.original_id,
            scope_id=found.scope_id,
            recipe=recipe,
            as_format=wanted.format or still_moving(accepted(wanted.accept), found.frames),
        )

    def _etag(self, *parts: bytes) -> str:
        """A name of these bytes at this address that tells nothing about the bytes."""
        return f'"{self.addresses.tag(*parts)}"'


def _audience(found: Found, expires: int | None, widest: Audience) -> Audience:
    """Whose answer this is; what lies in the trash is shown to its owner alone."""
    is_open = found.visibility == "public" or expires is not None
    return widest if is_open and found.deleted_at is None else "this caller"


def _may_see(caller: Caller, found: Found, *, signed: bool) -> bool:
    if found.original_state != "live":
        return False
    if _is_owner(caller, found):
        return True
    if found.deleted_at is not None:
        return False
    of_tenant = caller.tenant == found.tenant_id and caller.role != "anybody"
    return signed or found.visibility == "public" or (found.visibility == "tenant" and of_tenant)


def _is_owner(caller: Caller, found: Found) -> bool:
    return caller.tenant == found.tenant_id and may_change(caller, found.owner_id)


def _renamed(file_name: str, media_type: str) -> str:
    """Give the file the ending of what it has become."""
    return f"{PurePath(file_name).stem or 'picture'}.{media_type.removeprefix('image/')}"
