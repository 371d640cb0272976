"""`calotype keys`: keys made, listed and revoked by whoever runs the installation."""

from uuid import UUID

from calotype.accounts.model import ApiKey, KeyRole, NewKey
from calotype.accounts.service import Accounts
from calotype.database import SYSTEM, Caller

_MOST_LISTED = 10_000


async def create_key(accounts: Accounts, *, tenant: str, role: KeyRole, name: str = "") -> NewKey:
    """Make a key, and its tenant if there is none; a service key belongs to no tenant."""
    caller = SYSTEM
    if role != "service":
        caller = Caller(role="service", tenant=await accounts.tenants.ensure(tenant))
    async with accounts.database.transaction(caller) as tx:
        return await accounts.keys.create(tx, role, name)


async def list_keys(accounts: Accounts, *, tenant: str | None = None) -> list[ApiKey]:
    """List the keys of a tenant, or, without one, all keys."""
    caller = SYSTEM
    if tenant is not None:
        caller = Caller(role="service", tenant=await accounts.tenants.id_of(tenant))
    async with accounts.database.snapshot(caller) as snapshot:
        keys, _ = await accounts.keys.list_keys(snapshot, limit=_MOST_LISTED)
    return keys


async def revoke_key(accounts: Accounts, key_id: UUID) -> ApiKey:
    """Revoke a key of any tenant."""
    async with accounts.database.transaction(SYSTEM) as tx:
        return await accounts.keys.revoke(tx, key_id)
