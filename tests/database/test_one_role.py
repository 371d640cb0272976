"""A server that gives calotype one login and no right to create roles."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import psycopg
import pytest

from calotype.app import House, Urls, build, parts
from calotype.backup import Restored, back_up, compare, load_backup
from calotype.database import SYSTEM, Caller, embedded, migrate, value
from calotype.digest import Digest
from calotype.originals import Facts, Holder, Subset
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
def url(tmp_path: Path) -> Iterator[str]:
    with embedded(tmp_path / "postgres") as server:
        plain = plain_login(server.owner_url)
        migrate(plain, parts(), login="plain", phases=("before", "after"))
        yield plain


@pytest.fixture
async def house(url: str, settings: Settings) -> AsyncIterator[House]:
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


async def keep(house: House, tenant: UUID, data: bytes) -> UUID:
    file = house.uploads.spool.new_path()
    file.write_bytes(data)
    kept = await house.originals.keep(
        Caller(role="editor", tenant=tenant, person=uuid4()), file, Digest.of(data), len(data),
        Facts(media_type="image/png", width=1, height=1), holder=Holder("upload", uuid4()),
    )  # fmt: skip
    return kept.original_id


def lose_everything(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("drop schema calotype, procrastinate cascade")
        connection.execute("drop extension pg_trgm")


async def test_one_role_backs_up_every_row_and_restores_it(
    house: House, url: str, settings: Settings, tmp_path: Path
) -> None:
    tenant = await house.accounts.tenants.id_of("default")
    original = await keep(house, tenant, b"picture")
    urls, folder = Urls(url, url, url), tmp_path / "backup"
    assert back_up(urls, folder).originals == 1
    await house.database.close()
    lose_everything(url)
    load_backup(urls, folder)
    async with build(settings, url, connections=2) as restored:
        assert await compare(restored, folder) == Restored(1, ())
        async with restored.database.snapshot(Caller(role="viewer", tenant=tenant)) as snapshot:
            assert await value(snapshot, "select id from originals", {}) == original
            assert await value(snapshot, "select count(*) from tenants", {}) == 1
