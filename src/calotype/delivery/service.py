"""From an address to a picture that the caller may have."""

import time
from dataclasses import dataclass
from uuid import UUID

from calotype.database import ANYBODY, Caller, Database
from calotype.delivery import store
from calotype.delivery.errors import (
    NotExaminedYet,
    NothingToShare,
    PictureMissing,
    PresetUnknown,
)
from calotype.delivery.model import Delivery, Found
from calotype.imaging import Range, Stripped
from calotype.library import Addresses, may_change

PRESETS = ("original",)
_A_YEAR = 365 * 24 * 3600
_SHORT = "max-age=60, stale-while-revalidate=86400"


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
    preset: str = "original"
    signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Decides who may have which bytes, and how long others may keep them."""

    database: Database
    addresses: Addresses

    async def find(self, caller: Caller, wanted: Wanted) -> Delivery:
        """Return what may be sent; what is missing and what is not yours look the same."""
        expires = self._check(wanted)
        if wanted.preset not in PRESETS:
            raise PresetUnknown(list(PRESETS))
        async with self.database.snapshot(ANYBODY) as snapshot:
            found = await store.find(snapshot, media=wanted.media, token=wanted.token)
        if found is None or not _may_see(caller, found, signed=expires is not None):
            raise PictureMissing
        return self._delivery(caller, wanted, found, expires)

    def _check(self, wanted: Wanted) -> int | None:
        if wanted.signature is None:
            return None
        signature = wanted.signature
        return self.addresses.check(
            wanted.path, exp=signature.exp, kid=signature.kid, sig=signature.sig
        )

    def _delivery(
        self, caller: Caller, wanted: Wanted, found: Found, expires: int | None
    ) -> Delivery:
        exact = _is_owner(caller, found)
        if not exact and found.stripped is None:
            raise NothingToShare if found.examined else NotExaminedYet
        whole = Stripped((Range(0, found.size_bytes),))
        return Delivery(
            original_id=found.original_id,
            object_key=found.object_key,
            content=whole if exact else Stripped.from_json(found.stripped),
            media_type=found.media_type,
            file_name=found.file_name,
            etag=self._etag(found, exact=exact),
            cache_control=_cache_control(wanted, found, expires, exact=exact),
            cross_origin=found.visibility == "public" or expires is not None,
            as_download=found.state == "unreadable",
        )

    def _etag(self, found: Found, *, exact: bool) -> str:
        """A name of these bytes at this address that tells nothing about the bytes."""
        kind = b"exact" if exact else b"stripped"
        return f'"{self.addresses.tag(kind, found.token, found.digest)}"'


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


def _cache_control(wanted: Wanted, found: Found, expires: int | None, *, exact: bool) -> str:
    """Private pictures are kept by the reader alone, and not beyond their signature."""
    if expires is not None:
        return f"private, max-age={max(0, expires - int(time.time()))}"
    if found.visibility != "public" or exact:
        return "private, no-cache"
    return f"public, max-age={_A_YEAR}, immutable" if wanted.token else f"public, {_SHORT}"
