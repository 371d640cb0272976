"""Accounts on a real PostgreSQL: one database a run, a new tenant a test."""

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
import pytest
from fastapi import Depends, FastAPI, Request
from httpx import ASGITransport, AsyncClient

from calotype.accounts import Accounts
from calotype.accounts.routes import SESSION_COOKIE, STATUSES, SessionCookie, router
from calotype.database import Caller, Database, migrate, own_part
from calotype.http import Idempotency, install

SERVICE_KEY = "the service key of these tests"


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    server = os.environ["CALOTYPE_TEST_DATABASE_URL"]
    name = f"accounts_{secrets.token_hex(6)}"
    host = urlsplit(server).netloc.rpartition("@")[2]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {name} owner ct_owner")
        try:
            owner = f"postgresql://ct_owner@{host}/{name}"
            migrate(owner, [own_part()], login="ct_login", phases=("before", "after"))
            yield f"postgresql://ct_login@{host}/{name}"
        finally:
            connection.execute(f"drop database {name} with (force)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await Database.connect(database_url, connections=4)
    assert database.separate_roles
    yield database
    await database.close()


@pytest.fixture
def service_key() -> str:
    return SERVICE_KEY


@pytest.fixture
async def accounts(database: Database) -> AsyncIterator[Accounts]:
    accounts = Accounts(database, secret_keys=("a key of these tests",), service_key=SERVICE_KEY)
    await accounts.ensure_default_tenant()
    yield accounts
    await accounts.close()


@dataclass(frozen=True, slots=True)
class Place:
    """A tenant, and callers who act in it."""

    slug: str
    service: Caller
    admin: Caller
    editor: Caller


async def make_place(accounts: Accounts) -> Place:
    slug = f"t-{secrets.token_hex(6)}"
    tenant = await accounts.tenants.ensure(slug)
    return Place(
        slug,
        service=Caller("service", tenant),
        admin=Caller("admin", tenant),
        editor=Caller("editor", tenant),
    )


@pytest.fixture
async def here(accounts: Accounts) -> Place:
    return await make_place(accounts)


@pytest.fixture
async def elsewhere(accounts: Accounts) -> Place:
    return await make_place(accounts)


@pytest.fixture
async def client(accounts: Accounts) -> AsyncIterator[AsyncClient]:
    """The routes of accounts behind the real problems, with callers recognised as a server does."""

    async def recognise(request: Request) -> None:
        request.state.caller = await accounts.recognise(
            authorization=request.headers.get("authorization"),
            session=request.cookies.get(SESSION_COOKIE),
            tenant=request.headers.get("calotype-tenant"),
        )

    app = FastAPI(dependencies=[Depends(recognise)])
    app.state.parts = {
        Accounts: accounts,
        Idempotency: Idempotency(accounts.database),
        SessionCookie: SessionCookie(secure=False),
    }
    app.include_router(router)
    install(app, STATUSES)
    address = (f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.7", 1234)
    transport = ASGITransport(app, client=address)
    async with AsyncClient(transport=transport, base_url="http://calotype.test") as client:
        yield client
