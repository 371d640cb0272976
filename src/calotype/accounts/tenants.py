"""Adding tenants and finding the one that a slug names."""

from dataclasses import dataclass, field, replace
from uuid import UUID

import structlog

from calotype.accounts import store
from calotype.accounts.errors import TenantExists, TenantMissing
from calotype.accounts.model import DEFAULT_TENANT, Tenant, fit_name, fit_slug
from calotype.accounts.permissions import require_service
from calotype.database import ANYBODY, Caller, Database, Snapshot, Transaction, new_id

log = structlog.get_logger()

_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Tenants:
    """The tenants of this installation; their slugs never change."""

    database: Database
    ids: dict[str, UUID] = field(default_factory=dict[str, UUID])

    async def add(self, tx: Transaction, slug: str, name: str) -> Tenant:
        """Add a tenant with its first buckets."""
        require_service(tx.caller)
        slug, name = fit_slug(slug), fit_name(name)
        inside = await store.act_as(tx, replace(tx.caller, tenant=new_id()))
        added = await store.add_tenant(inside, slug, name or slug)
        await store.act_as(tx, tx.caller)
        if added is None:
            raise TenantExists
        log.info("accounts.tenant_added", tenant=str(added.id), slug=slug)
        return added

    async def ensure(self, slug: str = DEFAULT_TENANT) -> UUID:
        """Find the tenant of this slug, and add it if there is none."""
        try:
            async with self.database.transaction(Caller(role="service")) as tx:
                return (await self.add(tx, slug, slug)).id
        except TenantExists:
            return await self.id_of(slug)

    async def get(self, snapshot: Snapshot) -> Tenant:
        """Return the tenant that *snapshot* is asked in."""
        tenant_id = snapshot.caller.tenant
        found = await store.get_tenant(snapshot, tenant_id) if tenant_id else None
        if found is None:
            raise TenantMissing
        return found

    async def id_of(self, slug: str) -> UUID:
        """Return the id behind a slug, which is asked of the database once."""
        known = self.ids.get(slug)
        if known is not None:
            return known
        async with self.database.snapshot(ANYBODY) as snapshot:
            found = await store.find_tenant(snapshot, slug)
        if found is None:
            raise TenantMissing
        if len(self.ids) >= _REMEMBERED:
            self.ids.clear()
        self.ids[slug] = found.id
        return found.id
