"""A server that gives calotype one login and no right to create roles."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from calotype.app import House, build, parts
from calotype.database import SYSTEM, Caller, embedded, migrate, value
from calotype.originals import Subset
from calotype.settings import Settings


def plain_login(owner_url: str) -> str:
    """Make a login that may create schemas in the database and nothing else."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("create role plain login password 'plain'")
        connection.execute("grant connect, create on database calotype to plain")
        connection.execute("grant usage, create on schema public to plain")
    found = urlsplit(owner_url)
    host = found.netloc.rpartition("@")[2]
    return urlunsplit(found._replace(netloc=f"plain:plain@{host}"))


@pytest.fixture
async def house(tmp_path: Path, settings: Settings) -> AsyncIterator[House]:
    with embedded(tmp_path / "postgres") as server:
        url = plain_login(server.owner_url)
        migrate(url, parts(), login="plain", phases=("before", "after"))
        async with build(settings, url, connections=4) as built:
            await built.accounts.ensure_default_tenant()
            await built.sweeper.ensure_epoch()
            yield built


async def test_forced_policies_hold_back_the_one_role(house: House) -> None:
    assert not house.database.separate_roles
    caller = await house.accounts.recognise(
        authorization="Bearer service", session=None, tenant="default"
    )
    stranger = Caller(role="admin", tenant=await house.accounts.tenants.ensure("other"))
    count = "select count(*) from buckets"
    async with house.database.snapshot(caller) as snapshot:
        assert await value(snapshot, count, {}) == 4
    async with house.database.snapshot(Caller(role="anybody")) as snapshot:
        assert await value(snapshot, count, {}) == 0
    async with house.database.snapshot(stranger) as snapshot:
        assert await value(snapshot, "select slug from tenants", {}) == "other"
    async with house.database.snapshot(SYSTEM) as snapshot:
        assert await value(snapshot, count, {}) == 8


async def test_doctor_says_that_there_is_one_role(house: House) -> None:
    codes = [found.code async for found in house.doctor.examine("meta", Subset())]
    assert codes == ["roles-missing"]
