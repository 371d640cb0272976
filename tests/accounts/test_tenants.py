"""Tenants: added by the service role, a wall to all others."""

import asyncio

import pytest

from calotype.accounts import ServiceOnly, SlugUnfit, TenantExists, TenantMissing
from calotype.database import ANYBODY


async def test_a_new_tenant_has_the_four_first_buckets(accounts, here):
    async with accounts.database.snapshot(here.editor) as snapshot:
        cursor = await snapshot.connection.execute("select name from buckets order by name")
        assert [name for (name,) in await cursor.fetchall()] == ["about", "blog", "custom", "image"]


async def test_a_tenant_sees_itself_alone(accounts, here, elsewhere):
    async with accounts.database.snapshot(here.admin) as snapshot:
        cursor = await snapshot.connection.execute("select slug from tenants")
        assert await cursor.fetchall() == [(here.slug,)]
        assert (await accounts.tenants.get(snapshot)).slug == here.slug


async def test_nobody_in_particular_has_no_tenant(accounts):
    async with accounts.database.snapshot(ANYBODY) as snapshot:
        with pytest.raises(TenantMissing):
            await accounts.tenants.get(snapshot)


async def test_a_slug_is_taken_once(accounts, here):
    with pytest.raises(TenantExists):
        async with accounts.database.transaction(here.service) as tx:
            await accounts.tenants.add(tx, here.slug, "Again")


async def test_only_the_service_role_adds_tenants(accounts, here):
    with pytest.raises(ServiceOnly):
        async with accounts.database.transaction(here.admin) as tx:
            await accounts.tenants.add(tx, "mine-too", "Mine too")


async def test_a_slug_that_cannot_stand_in_a_header_is_refused(accounts, here):
    for slug in ("", "-a", "A", "a_b", "a" * 64, "a\n", "ä"):
        with pytest.raises(SlugUnfit):
            async with accounts.database.transaction(here.service) as tx:
                await accounts.tenants.add(tx, slug, "Name")


async def test_after_adding_a_tenant_the_transaction_is_back_in_its_own(accounts, here):
    async with accounts.database.transaction(here.service) as tx:
        added = await accounts.tenants.add(tx, f"{here.slug}-2", "")
        assert (await accounts.tenants.get(tx)).slug == here.slug
    assert added.name == added.slug


async def test_ensuring_a_tenant_from_many_sides_adds_one(accounts, here):
    slug = f"{here.slug}-3"
    ids = await asyncio.gather(*(accounts.tenants.ensure(slug) for _ in range(8)))
    assert len(set(ids)) == 1
