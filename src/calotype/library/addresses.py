"""Addresses: where a picture is fetched, and the signature that lets a reader in."""

import base64
import hashlib
import hmac
import math
import time
from dataclasses import dataclass
from uuid import UUID

from calotype.errors import Forbidden, Invalid
from calotype.renditions import PRESETS, Preset

WEEK_SECONDS = 7 * 24 * 3600
_HOUR_SECONDS = 3600
_SIGNATURE_BYTES = 18
_KEY_ID_DIGITS = 8
_LONGEST_TIME = 12


class SignatureRefused(Forbidden):
    """The signature of this address is altered or has expired."""


class LifetimeTooLong(Invalid):
    """A signed address lives for one second to one week."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Makes and checks addresses: the first key signs, every key is accepted."""

    secret_keys: tuple[str, ...]
    public_url: str
    presets: tuple[Preset, ...] = PRESETS

    def stable(self, media: UUID, preset: str | None = None) -> str:
        return f"{self.public_url}/m/{media}" + (f"/{preset}" if preset else "")

    def immutable(self, token: bytes, preset: str) -> str:
        return f"{self.public_url}/i/{encode_token(token)}/{preset}"

    def signed_for_lists(self, address: str) -> str:
        """Sign for a day or so, rounded to the hour so that caches see the same address."""
        hour = math.ceil(time.time() / _HOUR_SECONDS) + 24
        return self.signed_until(address, hour * _HOUR_SECONDS)

    def signed(self, address: str, lifetime_seconds: int) -> tuple[str, int]:
        """Sign *address* for *lifetime_seconds*; tell until when."""
        if not 0 < lifetime_seconds <= WEEK_SECONDS:
            raise LifetimeTooLong
        expires = int(time.time()) + lifetime_seconds
        return self.signed_until(address, expires), expires

    def signed_until(self, address: str, expires: int) -> str:
        key = self.secret_keys[0]
        path = address.removeprefix(self.public_url)
        return f"{address}?exp={expires}&kid={_key_id(key)}&sig={_sign(key, path, expires)}"

    def tag(self, *parts: bytes) -> str:
        """Name *parts* so that nobody without the key can tell what they are."""
        key = self.secret_keys[0].encode()
        return hmac.new(key, b"tag:" + b"".join(parts), hashlib.sha256).hexdigest()[:32]

    def check(self, path: str, *, exp: str, kid: str, sig: str) -> int:
        """Return until when the signature of *path* holds; refuse one that does not."""
        if not exp.isascii() or not exp.isdigit() or len(exp) > _LONGEST_TIME:
            raise SignatureRefused
        expires = int(exp)
        for key in self.secret_keys:
            if hmac.compare_digest(_key_id(key).encode(), kid.encode()):
                expected = _sign(key, path, expires)
                if hmac.compare_digest(expected.encode(), sig.encode()) and expires > time.time():
                    return expires
        raise SignatureRefused


def encode_token(token: bytes) -> str:
    return base64.urlsafe_b64encode(token).decode().rstrip("=")


def _key_id(key: str) -> str:
    return hashlib.sha256(b"key id:" + key.encode()).hexdigest()[:_KEY_ID_DIGITS]


def _sign(key: str, path: str, expires: int) -> str:
    mac = hmac.new(key.encode(), f"address:{expires}:{path}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac[:_SIGNATURE_BYTES]).decode()
