"""Tokens (JWT) of an outside issuer, verified with the keys that it publishes."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, get_args
from uuid import NAMESPACE_URL, UUID, uuid5

import jwt
import structlog

from calotype.accounts.errors import CredentialsRefused, IssuerUnreachable
from calotype.accounts.model import TenantRole
from calotype.errors import Unavailable

log = structlog.get_logger()

# Only signatures that anybody can check and nobody else can make: with a shared secret or with
# `none`, the public key or nothing at all would be enough to forge a token.
_ALGORITHMS = ("RS256", "ES256", "EdDSA")
_KEY_TYPES = ("RSA", "EC", "OKP")
_REQUIRED = ["exp", "iss", "aud", "sub"]
_CLOCK_SKEW_SECONDS = 30
_FRESH_SECONDS = 600
_USABLE_SECONDS = 3600
_PAUSE_SECONDS = 60
_ROLES: Mapping[str, TenantRole] = {role: role for role in get_args(TenantRole)}

FetchKeys = Callable[[], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says of its bearer."""

    tenant_slug: str
    role: TenantRole
    person: UUID


@dataclass(slots=True)
class _Published:
    """The keys as they were fetched last."""

    keys: Mapping[str | None, jwt.PyJWK] = field(default_factory=dict[str | None, jwt.PyJWK])
    fetched_at: float = float("-inf")
    tried_at: float = float("-inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who signs the tokens, for whom, and in which claims tenant and role stand.

    `fetch_jwks` answers with the issuer's JSON Web Key Set, or raises `Unavailable`.
    """

    name: str
    audience: str
    fetch_jwks: FetchKeys
    tenant_claim: str = "tenant"
    role_claim: str = "role"
    clock: Callable[[], float] = time.monotonic
    published: _Published = field(default_factory=_Published)
    fetching: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def verify(self, token: str) -> Claims:
        """Return what *token* claims, if the issuer signed it for us and it has not expired."""
        try:
            key = await self._key(jwt.get_unverified_header(token).get("kid"))
            claims = jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                issuer=self.name,
                audience=self.audience,
                leeway=_CLOCK_SKEW_SECONDS,
                options={"require": _REQUIRED, "enforce_minimum_key_length": True},
            )
        except jwt.PyJWTError as error:
            raise CredentialsRefused from error
        return self._read(claims)

    def _read(self, claims: Mapping[str, Any]) -> Claims:
        tenant, role = claims.get(self.tenant_claim), claims.get(self.role_claim)
        if not isinstance(tenant, str) or not isinstance(role, str) or role not in _ROLES:
            raise CredentialsRefused
        person = uuid5(uuid5(NAMESPACE_URL, self.name), claims["sub"])
        return Claims(tenant, _ROLES[role], person)

    async def _key(self, kid: str | None) -> jwt.PyJWK:
        published = self.published
        if kid not in published.keys or self._age > _FRESH_SECONDS:
            await self._refresh()
        if self._age > _USABLE_SECONDS:
            raise IssuerUnreachable
        if kid not in published.keys:
            raise CredentialsRefused
        return published.keys[kid]

    @property
    def _age(self) -> float:
        return self.clock() - self.published.fetched_at

    async def _refresh(self) -> None:
        """Fetch the keys, but at most once a minute, whatever tokens people send."""
        async with self.fetching:
            if self.clock() - self.published.tried_at < _PAUSE_SECONDS:
                return
            self.published.tried_at = self.clock()
            try:
                self.published.keys = _usable(await self.fetch_jwks())
            except Unavailable as error:
                log.warning("accounts.issuer_unreachable", issuer=self.name, error=str(error))
                return
            self.published.fetched_at = self.clock()


def _usable(published: Mapping[str, Any]) -> dict[str | None, jwt.PyJWK]:
    """Return, by their ids, the keys that check signatures; others are none of our business."""
    usable: dict[str | None, jwt.PyJWK] = {}
    for described in published.get("keys", []):
        if described.get("kty") in _KEY_TYPES and described.get("use", "sig") == "sig":
            with suppress(jwt.PyJWTError):
                key = jwt.PyJWK(described)
                usable[key.key_id] = key
    return usable
