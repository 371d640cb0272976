"""Who asks, and what they may do."""

import hmac

from calotype.accounts.errors import CredentialsRefused, TenantMissing
from calotype.accounts.keys import Keys
from calotype.accounts.model import DEFAULT_TENANT, NewLink
from calotype.accounts.passwords import Passwords
from calotype.accounts.people import People
from calotype.accounts.secret import KEY_PREFIX, hash_secret
from calotype.accounts.session_store import remove_what_is_over
from calotype.accounts.sessions import Sessions
from calotype.accounts.tenants import Tenants
from calotype.accounts.throttle import Throttle
from calotype.accounts.tokens import Issuer
from calotype.database import ANYBODY, Caller, Database


class Accounts:
    """Tenants, people, keys and sessions, and the caller behind every request."""

    def __init__(
        self,
        database: Database,
        *,
        secret_keys: tuple[str, ...],
        service_key: str | None = None,
        issuer: Issuer | None = None,
    ) -> None:
        passwords = Passwords()
        throttle = Throttle(database, secret_keys[0].encode())
        self.database = database
        self.tenants = Tenants(database)
        self.keys = Keys(database)
        self.sessions = Sessions(database, passwords, throttle)
        self.people = People(database, passwords, throttle)
        self._service_key_hash = hash_secret(service_key) if service_key else None
        self._issuer = issuer

    async def recognise(
        self, *, authorization: str | None, session: str | None, tenant: str | None
    ) -> Caller:
        """Return on whose behalf a request is made; credentials that are wrong are refused.

        *authorization* is the header, *session* the cookie, *tenant* the slug that the request
        names. A session that is over is nobody's, because its cookie comes along unasked.
        """
        if authorization is not None:
            return await self._by_bearer(authorization, tenant)
        if session:
            return await self._by_session(session, tenant)
        return ANYBODY

    async def ensure_default_tenant(self) -> None:
        """Add the tenant that a fresh installation has."""
        await self.tenants.ensure(DEFAULT_TENANT)

    async def ensure_first_admin(self, slug: str = DEFAULT_TENANT) -> NewLink | None:
        """Make an admin where there is nobody yet, and a link that signs the oldest admin in."""
        return await self.people.ensure_first_admin(await self.tenants.id_of(slug), slug)

    async def tidy(self, caller: Caller) -> int:
        """Remove what has expired; tell how many rows that were."""
        async with self.database.transaction(caller) as tx:
            return await remove_what_is_over(tx)

    async def close(self) -> None:
        """Finish what goes on behind the answers."""
        await self.keys.settle()

    async def _by_bearer(self, authorization: str, tenant: str | None) -> Caller:
        scheme, _, secret = authorization.partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise CredentialsRefused
        if self._is_service_key(secret):
            return await self._service(tenant)
        if secret.startswith(KEY_PREFIX):
            return await self._by_key(secret, tenant)
        return await self._by_token(secret, tenant)

    def _is_service_key(self, secret: str) -> bool:
        expected = self._service_key_hash
        return expected is not None and hmac.compare_digest(expected, hash_secret(secret))

    async def _service(self, tenant: str | None) -> Caller:
        return Caller(role="service", tenant=await self.tenants.id_of(tenant or DEFAULT_TENANT))

    async def _by_key(self, secret: str, tenant: str | None) -> Caller:
        key = await self.keys.find(secret)
        if key is None:
            raise CredentialsRefused
        if key.role == "service":
            caller = await self._service(tenant)
            return Caller(role="service", tenant=caller.tenant, person=key.id)
        _demand_own(tenant, key.tenant_slug)
        return Caller(role=key.role, tenant=key.tenant_id, person=key.id)

    async def _by_token(self, token: str, tenant: str | None) -> Caller:
        if self._issuer is None:
            raise CredentialsRefused
        claims = await self._issuer.verify(token)
        _demand_own(tenant, claims.tenant_slug)
        try:
            tenant_id = await self.tenants.id_of(claims.tenant_slug)
        except TenantMissing as error:
            raise CredentialsRefused from error
        return Caller(role=claims.role, tenant=tenant_id, person=claims.person)

    async def _by_session(self, secret: str, tenant: str | None) -> Caller:
        holder = await self.sessions.find(secret)
        if holder is None:
            return ANYBODY
        _demand_own(tenant, holder.tenant_slug)
        return Caller(role=holder.role, tenant=holder.tenant_id, person=holder.person_id)


def _demand_own(named: str | None, own: str | None) -> None:
    """Refuse a request that names a foreign tenant just like one that names no tenant at all."""
    if named and named != own:
        raise TenantMissing
