"""The statements behind tenants, people and keys."""

from datetime import datetime
from uuid import UUID

from psycopg.errors import UniqueViolation

from calotype.accounts.errors import PersonExists
from calotype.accounts.model import (
    ApiKey,
    KeyHolder,
    KeyRole,
    Person,
    PersonChange,
    Tenant,
    TenantRole,
)
from calotype.database import (
    Caller,
    Snapshot,
    Transaction,
    execute,
    new_id,
    one,
    rows,
    value,
)

_TENANT = "id, slug, name, created_at"
_KEY = (
    "id, tenant_id, (select slug from tenants where tenants.id = api_keys.tenant_id) as tenant_slug,"
    " role, name, created_by, created_at, last_used_at, expires_at, revoked_at"
)
_PERSON = (
    "id, tenant_id, email, name, role, password_hash is not null as has_password,"
    " created_at, disabled_at"
)
_FIRST_BUCKETS = ["image", "custom", "blog", "about"]


async def act_as(tx: Transaction, caller: Caller) -> Transaction:
    """Let what follows in *tx* happen on behalf of *caller*, who was unknown when it began."""
    await tx.connection.execute(caller.settings)
    return Transaction(tx.connection, caller)


async def add_tenant(tx: Transaction, slug: str, name: str) -> Tenant | None:
    """Add the tenant that *tx* acts in, with its buckets; None if the slug is taken."""
    return await one(
        tx,
        Tenant,
        "with added as (insert into tenants (id, slug, name)"
        " values (%(id)s, %(slug)s, %(name)s) on conflict (slug) do nothing"
        f" returning {_TENANT}), shelves as (insert into buckets (tenant_id, name)"
        " select added.id, bucket from added, unnest(%(buckets)s::text[]) as bucket)"
        f" select {_TENANT} from added",
        {"id": tx.caller.tenant, "slug": slug, "name": name, "buckets": _FIRST_BUCKETS},
    )


async def find_tenant(snapshot: Snapshot, slug: str) -> Tenant | None:
    return await one(
        snapshot, Tenant, f"select {_TENANT} from find_tenant(%(slug)s)", {"slug": slug}
    )


async def get_tenant(snapshot: Snapshot, tenant_id: UUID) -> Tenant | None:
    return await one(
        snapshot, Tenant, f"select {_TENANT} from tenants where id = %(id)s", {"id": tenant_id}
    )


async def add_key(
    tx: Transaction, secret_hash: bytes, role: KeyRole, name: str, expires_at: datetime | None
) -> ApiKey:
    added = await one(
        tx,
        ApiKey,
        "insert into api_keys (id, tenant_id, role, name, secret_hash, created_by, expires_at)"
        " values (%(id)s, %(tenant)s, %(role)s, %(name)s, %(hash)s, %(by)s, %(expires)s)"
        f" returning {_KEY}",
        {
            "id": new_id(),
            "tenant": None if role == "service" else tx.caller.tenant,
            "role": role,
            "name": name,
            "hash": secret_hash,
            "by": tx.caller.person,
            "expires": expires_at,
        },
    )
    assert added
    return added


async def find_key(snapshot: Snapshot, secret_hash: bytes) -> KeyHolder | None:
    return await one(snapshot, KeyHolder, "select * from find_key(%(hash)s)", {"hash": secret_hash})


async def list_keys(snapshot: Snapshot, after: UUID | None, limit: int) -> list[ApiKey]:
    return await rows(
        snapshot,
        ApiKey,
        f"select {_KEY} from api_keys where %(after)s::uuid is null or id > %(after)s"
        " order by id limit %(limit)s",
        {"after": after, "limit": limit},
    )


async def count_keys(snapshot: Snapshot) -> int:
    return int(await value(snapshot, "select count(*) from api_keys", {}))


async def revoke_key(tx: Transaction, key_id: UUID) -> ApiKey | None:
    return await one(
        tx,
        ApiKey,
        "update api_keys set revoked_at = coalesce(revoked_at, now())"
        f" where id = %(id)s returning {_KEY}",
        {"id": key_id},
    )


async def note_key_use(tx: Transaction, key_id: UUID) -> None:
    await execute(tx, "select note_key_use(%(id)s)", {"id": key_id})


async def invite(tx: Transaction, email: str, name: str, role: TenantRole) -> Person | None:
    """Add a person, or renew an invitation that nobody took up; None if they are here already."""
    return await one(
        tx,
        Person,
        "insert into people (id, tenant_id, email, name, role)"
        " values (%(id)s, %(tenant)s, %(email)s, %(name)s, %(role)s)"
        " on conflict (tenant_id, lower(email)) do update set name = excluded.name,"
        " role = excluded.role where people.password_hash is null"
        " and people.disabled_at is null and people.id is distinct from %(by)s"
        f" returning {_PERSON}",
        {
            "id": new_id(),
            "tenant": tx.caller.tenant,
            "email": email,
            "name": name,
            "role": role,
            "by": tx.caller.person,
        },
    )


async def add_first_admin(tx: Transaction, email: str) -> None:
    """Add an admin to a tenant that has nobody."""
    await execute(
        tx,
        "insert into people (id, tenant_id, email, role)"
        " select %(id)s, %(tenant)s, %(email)s, 'admin'"
        " where not exists (select from people where tenant_id = %(tenant)s)"
        " on conflict (tenant_id, lower(email)) do nothing",
        {"id": new_id(), "tenant": tx.caller.tenant, "email": email},
    )


async def find_oldest_admin(snapshot: Snapshot) -> Person | None:
    return await one(
        snapshot,
        Person,
        f"select {_PERSON} from people where tenant_id = %(tenant)s and role = 'admin'"
        " and disabled_at is null order by id limit 1",
        {"tenant": snapshot.caller.tenant},
    )


async def list_people(snapshot: Snapshot, after: UUID | None, limit: int) -> list[Person]:
    return await rows(
        snapshot,
        Person,
        f"select {_PERSON} from people where %(after)s::uuid is null or id > %(after)s"
        " order by id limit %(limit)s",
        {"after": after, "limit": limit},
    )


async def count_people(snapshot: Snapshot) -> int:
    return int(await value(snapshot, "select count(*) from people", {}))


async def find_person(snapshot: Snapshot, person_id: UUID) -> Person | None:
    return await one(
        snapshot, Person, f"select {_PERSON} from people where id = %(id)s", {"id": person_id}
    )


async def find_person_by_email(snapshot: Snapshot, email: str) -> Person | None:
    return await one(
        snapshot,
        Person,
        f"select {_PERSON} from people where lower(email) = lower(%(email)s) and disabled_at is null",
        {"email": email},
    )


async def change_person(tx: Transaction, person_id: UUID, change: PersonChange) -> Person | None:
    try:
        return await one(
            tx,
            Person,
            "update people set email = coalesce(%(email)s, email), name = coalesce(%(name)s, name),"
            " role = coalesce(%(role)s, role), disabled_at = case %(disabled)s::boolean"
            " when true then coalesce(disabled_at, now()) when false then null"
            f" else disabled_at end where id = %(id)s returning {_PERSON}",
            {
                "id": person_id,
                "email": change.email,
                "name": change.name,
                "role": change.role,
                "disabled": change.disabled,
            },
        )
    except UniqueViolation as error:
        raise PersonExists from error


async def set_password(tx: Transaction, person_id: UUID, password_hash: str) -> Person | None:
    return await one(
        tx,
        Person,
        f"update people set password_hash = %(hash)s where id = %(id)s returning {_PERSON}",
        {"id": person_id, "hash": password_hash},
    )


async def find_password(snapshot: Snapshot, person_id: UUID) -> str | None:
    hashed = await value(
        snapshot, "select password_hash from people where id = %(id)s", {"id": person_id}
    )
    return None if hashed is None else str(hashed)
