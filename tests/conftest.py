"""What most tests stand on: a real PostgreSQL, a migrated database, a whole house."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import UUID

import httpx
import psycopg
import pytest
import structlog

from calotype.app import House, build, parts
from calotype.database import Caller, Database, embedded, login_of, migrate
from calotype.server import make_app, move_in, surround
from calotype.settings import Settings

# Plain tracebacks: those with the values of variables take seconds each.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)

_PASSWORD = "found-nowhere-else"
KEPT_TABLES = {"calotype.migrations", "calotype.holder_kinds"}


@dataclass(frozen=True)
class Cluster:
    """A migrated database, and the two logins to it."""

    owner_url: str
    login_url: str

    def empty(self) -> None:
        """Remove every row that a test could have written."""
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            found = connection.execute(
                "select schemaname || '.' || tablename from pg_tables"
                " where schemaname in ('calotype', 'procrastinate')"
            ).fetchall()
            tables = sorted({row[0] for row in found} - KEPT_TABLES)
            connection.execute(f"truncate {', '.join(tables)} cascade")


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Cluster]:
    """Another server, where CALOTYPE_TEST_DATABASE_URL names one; else one of our own."""
    given = os.environ.get("CALOTYPE_TEST_DATABASE_URL")
    if given:
        yield _elsewhere(given, worker_id)
        return
    with embedded(tmp_path_factory.mktemp("postgres") / "postgres") as server:
        yield _migrated(server.owner_url, server.login_url)


def _elsewhere(superuser_url: str, worker_id: str) -> Cluster:
    name = f"calotype_test_{worker_id}"
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)")
        for role, more in ((f"{name}_owner", "createrole"), (f"{name}_login", "noinherit")):
            exists = connection.execute("select from pg_roles where rolname = %s", [role])
            if not exists.fetchone():
                connection.execute(f"create role {role} login {more}")
            connection.execute(f"alter role {role} password '{_PASSWORD}'")
        connection.execute(f"create database {name} owner {name}_owner")
        for role in ("calotype_app", "calotype_system"):
            if connection.execute("select from pg_roles where rolname = %s", [role]).fetchone():
                connection.execute(f"grant {role} to {name}_owner with admin option")
    return _migrated(
        _as(superuser_url, f"{name}_owner", name), _as(superuser_url, f"{name}_login", name)
    )


def _as(url: str, user: str, database: str) -> str:
    parts_of_url = urlsplit(url)
    host = parts_of_url.netloc.rpartition("@")[2]
    return urlunsplit(
        parts_of_url._replace(netloc=f"{quote(user)}:{_PASSWORD}@{host}", path=f"/{database}")
    )


def _migrated(owner_url: str, login_url: str) -> Cluster:
    migrate(owner_url, parts(), login=login_of(login_url), phases=("before", "after"))
    return Cluster(owner_url, login_url)


@pytest.fixture
def empty_cluster(cluster: Cluster) -> Cluster:
    cluster.empty()
    return cluster


@pytest.fixture
async def database(empty_cluster: Cluster) -> AsyncIterator[Database]:
    """A database without rows, used as the app uses it."""
    opened = await Database.connect(empty_cluster.login_url, connections=8)
    yield opened
    await opened.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data=tmp_path / "data", service_key="service", secret_keys=("a secret key",),
        _env_file=None,
    )  # fmt: skip


@asynccontextmanager
async def furnished(settings: Settings, cluster: Cluster) -> AsyncIterator[House]:
    """Build a house with its first tenant and its mark on the store."""
    async with build(settings, cluster.login_url, connections=8) as house:
        await house.accounts.ensure_default_tenant()
        await house.sweeper.ensure_epoch()
        yield house


@pytest.fixture
async def house(settings: Settings, empty_cluster: Cluster) -> AsyncIterator[House]:
    async with furnished(settings, empty_cluster) as built:
        yield built


@pytest.fixture
async def tenant(house: House) -> UUID:
    return await house.accounts.tenants.id_of("default")


@pytest.fixture
def editor(tenant: UUID) -> Caller:
    return Caller(role="editor", tenant=tenant, person=UUID(int=1))


@pytest.fixture
def admin(tenant: UUID) -> Caller:
    return Caller(role="admin", tenant=tenant, person=UUID(int=2))


@pytest.fixture
async def client(house: House, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks to the application with the service key, through every middleware."""
    app = make_app(settings)
    move_in(app, house)
    async with AsyncExitStack() as stack:
        transport = httpx.ASGITransport(surround(app, settings), raise_app_exceptions=False)
        yield await stack.enter_async_context(
            httpx.AsyncClient(
                transport=transport, base_url="http://calotype.test",
                headers={"Authorization": "Bearer service"},
            )
        )  # fmt: skip
