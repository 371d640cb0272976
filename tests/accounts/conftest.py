"""Two tenants side by side, and a browser that holds no key."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from httpx import ASGITransport, AsyncClient

from calotype.accounts import Accounts
from calotype.app import House
from calotype.database import Caller, Database
from calotype.server import make_app, move_in, surround
from calotype.settings import Settings


@pytest.fixture
def service_key(settings: Settings) -> str:
    assert settings.service_key
    return settings.service_key


@pytest.fixture
async def accounts(database: Database, service_key: str) -> AsyncIterator[Accounts]:
    assert database.separate_roles
    accounts = Accounts(database, secret_keys=("a secret key",), service_key=service_key)
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
async def browser(house: House, settings: Settings) -> AsyncIterator[AsyncClient]:
    """Speaks to the application as its own pages do: no key, cookies, where it comes from."""
    app = make_app(settings)
    move_in(app, house)
    transport = ASGITransport(surround(app, settings), raise_app_exceptions=False)
    async with AsyncClient(
        transport=transport,
        base_url="http://calotype.test",
        headers={"Sec-Fetch-Site": "same-origin"},
    ) as browser:
        yield browser


@pytest.fixture
def service(service_key: str, here: Place) -> dict[str, str]:
    return {"Authorization": f"Bearer {service_key}", "Calotype-Tenant": here.slug}


@pytest.fixture
def key(browser, service):
    """Make a key of a role and return the headers that carry it."""

    async def made(role):
        answer = await browser.post("/api/keys", json={"role": role}, headers=service)
        assert answer.status_code == 201
        return {"Authorization": f"Bearer {answer.json()['secret']}"}

    return made


@pytest.fixture
def invited(browser, service):
    async def made(email="ada@example.org", role="editor"):
        answer = await browser.post(
            "/api/people", json={"email": email, "role": role}, headers=service
        )
        assert answer.status_code == 201
        return answer.json()

    return made
