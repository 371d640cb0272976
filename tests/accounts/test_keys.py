"""API keys: shown once, kept as a hash, revocable."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from calotype.accounts import (
    AdminsOnly,
    CredentialsRefused,
    ExpiryPast,
    KeyMissing,
    NameUnfit,
    RoleBeyondYours,
)
from calotype.accounts.commands import create_key, list_keys, revoke_key
from calotype.database import SYSTEM, Caller, execute, new_id, value


async def make(accounts, caller, role="editor", name="", expires_at=None):
    async with accounts.database.transaction(caller) as tx:
        return await accounts.keys.create(tx, role, name, expires_at)


async def revoke(accounts, caller, key_id):
    async with accounts.database.transaction(caller) as tx:
        return await accounts.keys.revoke(tx, key_id)


async def recognise(accounts, secret, tenant=None):
    return await accounts.recognise(authorization=f"Bearer {secret}", session=None, tenant=tenant)


async def test_a_key_is_a_principal_of_its_own_with_its_role(accounts, here):
    new = await make(accounts, here.admin, "viewer")
    assert await recognise(accounts, new.secret) == Caller("viewer", here.admin.tenant, new.key.id)


async def test_only_a_hash_of_256_random_bits_is_kept(accounts, here):
    new = await make(accounts, here.admin)
    async with accounts.database.snapshot(here.admin) as snapshot:
        row = await value(snapshot, "select api_keys::text from api_keys", {})
    assert new.secret.startswith("ctk_")
    assert len(new.secret) == len("ctk_") + 43
    assert new.secret not in row
    assert hashlib.sha256(new.secret.encode()).hexdigest() in row
    assert new.secret not in repr(new)


async def test_a_revoked_key_is_refused_and_stays_in_the_list(accounts, here):
    new = await make(accounts, here.admin)
    first = await revoke(accounts, here.admin, new.key.id)
    again = await revoke(accounts, here.admin, new.key.id)
    assert first.revoked_at == again.revoked_at is not None
    with pytest.raises(CredentialsRefused):
        await recognise(accounts, new.secret)
    async with accounts.database.snapshot(here.admin) as snapshot:
        keys, total = await accounts.keys.list_keys(snapshot, limit=5)
    assert ([key.id for key in keys], total) == ([new.key.id], 1)


async def test_an_expired_key_is_refused(accounts, here):
    new = await make(accounts, here.admin, expires_at=datetime.now(UTC) + timedelta(hours=1))
    assert (await recognise(accounts, new.secret)).role == "editor"
    async with accounts.database.transaction(here.admin) as tx:
        await execute(
            tx, "update api_keys set expires_at = now() where id = %(i)s", {"i": new.key.id}
        )
    with pytest.raises(CredentialsRefused):
        await recognise(accounts, new.secret)


async def test_a_key_that_has_expired_already_is_not_made(accounts, here):
    with pytest.raises(ExpiryPast):
        await make(accounts, here.admin, expires_at=datetime.now(UTC))


async def test_a_name_with_a_control_character_is_refused(accounts, here):
    with pytest.raises(NameUnfit):
        await make(accounts, here.admin, name="a\x00b")


@pytest.mark.parametrize("role", ["viewer", "editor", "curator", "anybody"])
async def test_only_admins_make_list_and_revoke_keys(accounts, here, role):
    new = await make(accounts, here.admin)
    caller = Caller(role, here.admin.tenant)
    with pytest.raises(AdminsOnly):
        await make(accounts, caller, "viewer")
    with pytest.raises(AdminsOnly):
        await revoke(accounts, caller, new.key.id)
    async with accounts.database.snapshot(caller) as snapshot:
        with pytest.raises(AdminsOnly):
            await accounts.keys.list_keys(snapshot, limit=5)


@pytest.mark.parametrize(
    ("giver", "role", "may"),
    [
        ("admin", "admin", True),
        ("admin", "curator", False),
        ("admin", "service", False),
        ("service", "curator", True),
        ("service", "service", False),
    ],
)
async def test_nobody_gives_a_role_that_reaches_further_than_their_own(
    accounts, here, giver, role, may
):
    caller = Caller(giver, here.admin.tenant)
    if may:
        assert (await make(accounts, caller, role)).key.role == role
    else:
        with pytest.raises(RoleBeyondYours):
            await make(accounts, caller, role)


async def test_a_foreign_key_looks_missing(accounts, here, elsewhere):
    new = await make(accounts, elsewhere.admin)
    for key_id in (new.key.id, new_id()):
        with pytest.raises(KeyMissing):
            await revoke(accounts, here.admin, key_id)
    assert (await recognise(accounts, new.secret)).tenant == elsewhere.admin.tenant
    async with accounts.database.snapshot(here.admin) as snapshot:
        assert await accounts.keys.list_keys(snapshot, limit=5) == ([], 0)


async def test_the_last_use_is_written_down_once_a_minute(accounts, here):
    new = await make(accounts, here.admin)

    async def last_use():
        await accounts.keys.settle()
        async with accounts.database.snapshot(here.admin) as snapshot:
            return await value(snapshot, "select last_used_at from api_keys", {})

    assert await last_use() is None
    await asyncio.gather(*(recognise(accounts, new.secret) for _ in range(10)))
    first = await last_use()
    assert first is not None
    await recognise(accounts, new.secret)
    assert await last_use() == first
    async with accounts.database.transaction(here.admin) as tx:
        await execute(tx, "update api_keys set last_used_at = now() - interval '61 seconds'", {})
    await recognise(accounts, new.secret)
    assert await last_use() > first


async def test_the_command_makes_a_key_and_the_tenant_it_names(accounts, here):
    slug = f"{here.slug}-cli"
    new = await create_key(accounts, tenant=slug, role="curator", name="From the shell")
    assert (await recognise(accounts, new.secret, tenant=slug)).role == "curator"
    assert [key.name for key in await list_keys(accounts, tenant=slug)] == ["From the shell"]


async def test_the_list_of_keys_tells_whose_they_are(accounts, here, elsewhere):
    made = {(await make(accounts, place.admin)).key.id: place.slug for place in (here, elsewhere)}
    made[(await create_key(accounts, tenant="default", role="service")).key.id] = None
    assert {key.id: key.tenant_slug for key in await list_keys(accounts)} == made


async def test_the_command_makes_service_keys_that_act_in_any_tenant(accounts, here, elsewhere):
    new = await create_key(accounts, tenant="default", role="service")
    assert new.key.tenant_id is None
    for place in (here, elsewhere):
        caller = await recognise(accounts, new.secret, tenant=place.slug)
        assert caller == Caller("service", place.admin.tenant, new.key.id)
    assert new.key.id in {key.id for key in await list_keys(accounts)}
    assert await list_keys(accounts, tenant=here.slug) == []
    await revoke_key(accounts, new.key.id)
    with pytest.raises(CredentialsRefused):
        await recognise(accounts, new.secret)


async def test_the_command_revokes_a_key_of_any_tenant(accounts, here):
    new = await make(accounts, here.admin)
    assert (await revoke_key(accounts, new.key.id)).revoked_at
    with pytest.raises(KeyMissing):
        await revoke_key(accounts, new_id())


async def test_the_database_keeps_service_keys_from_the_app(accounts, here):
    new = await create_key(accounts, tenant="default", role="service")
    async with accounts.database.snapshot(SYSTEM) as snapshot:
        question = "select count(*) from api_keys where id = %(id)s"
        assert await value(snapshot, question, {"id": new.key.id}) == 1
    async with accounts.database.snapshot(here.service) as snapshot:
        assert await value(snapshot, question, {"id": new.key.id}) == 0
