"""What the database keeps from other logins of the server, and from other tenants."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import make_conninfo

from calotype.app import House
from calotype.database import Caller, value
from tests.conftest import Cluster

_OPEN = """
    select p.oid::regprocedure::text from pg_proc p
    where pronamespace in ('calotype'::regnamespace, 'procrastinate'::regnamespace)
        and has_function_privilege(%(who)s, p.oid, 'execute')
    union all
    select c.oid::regclass::text from pg_class c
    where relnamespace in ('calotype'::regnamespace, 'procrastinate'::regnamespace)
        and relkind in ('r', 'p', 'v') and has_table_privilege(%(who)s, c.oid, 'select')
"""


@pytest.fixture
def foreigner(empty_cluster: Cluster) -> Iterator[str]:
    """A login of the same server that may connect, and is nobody's member."""
    with psycopg.connect(empty_cluster.owner_url, autocommit=True) as owner:
        owner.execute("create role foreigner login password 'foreign'")
        grant = f"connect on database {owner.info.dbname}"
        owner.execute(f"grant {grant} to foreigner".encode())
        yield make_conninfo(empty_cluster.owner_url, user="foreigner", password="foreign")
        owner.execute(f"revoke {grant} from foreigner".encode())
        owner.execute("drop role foreigner")


def test_a_foreign_login_can_call_nothing_and_read_nothing(
    foreigner: str, empty_cluster: Cluster
) -> None:
    with psycopg.connect(empty_cluster.owner_url) as owner:
        assert owner.execute(_OPEN, {"who": "foreigner"}).fetchall() == []
        assert len(owner.execute(_OPEN, {"who": "calotype_app"}).fetchall()) > 40
    for statement in (
        "select * from calotype.migrations",
        "select * from calotype.find_tenant('default')",
    ):
        with psycopg.connect(foreigner) as connection, pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement)


def add_original(owner: psycopg.Connection, scope: UUID) -> UUID:
    original = uuid4()
    owner.execute(
        "insert into calotype.originals (id, scope_id, digest, size_bytes, object_key, state,"
        " media_type, width, height) values (%s, %s, %s, 1, %s, 'live', 'image/png', 1, 1)",
        [original, scope, original.bytes, original.hex],
    )
    return original


def add_media(owner: psycopg.Connection, tenant: UUID, original: UUID) -> UUID:
    media = uuid4()
    owner.execute(
        "insert into calotype.media (id, tenant_id, original_id, token, state, name, bucket,"
        " media_type, width, height, size_bytes)"
        " values (%s, %s, %s, %s, 'ready', '', 'image', 'image/png', 1, 1, 1)",
        [media, tenant, original, media.bytes],
    )
    return media


async def test_originals_of_the_catalogue_are_nobodys_yet(
    house: House, editor: Caller, empty_cluster: Cluster
) -> None:
    with psycopg.connect(empty_cluster.owner_url) as owner:
        add_original(owner, UUID(int=0))
    async with house.database.snapshot(editor) as snapshot:
        assert await value(snapshot, "select count(*) from originals", {}) == 0


async def test_a_reference_moves_media_of_its_own_tenant_only(
    house: House, tenant: UUID, empty_cluster: Cluster
) -> None:
    other = await house.accounts.tenants.ensure("other")
    with psycopg.connect(empty_cluster.owner_url) as owner:
        held = add_original(owner, tenant)
        media = add_media(owner, tenant, held)
        first, second = add_original(owner, other), add_original(owner, other)
        owner.execute(
            "insert into calotype.original_references (id, original_id, tenant_id, holder_kind,"
            " holder_id) values (%s, %s, %s, 'media', %s)",
            [uuid4(), first, other, media],
        )
        owner.execute(
            "update calotype.original_references set original_id = %s where original_id = %s",
            [second, first],
        )
        found = owner.execute("select original_id from calotype.media where id = %s", [media])
        assert found.fetchone() == (held,)
