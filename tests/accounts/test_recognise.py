"""Who asks: keys, the service key, sessions, and what is refused."""

import logging

import pytest

from calotype.accounts import Accounts, CredentialsRefused, TenantMissing
from calotype.database import ANYBODY, Caller


async def recognise(accounts, authorization=None, session=None, tenant=None):
    return await accounts.recognise(authorization=authorization, session=session, tenant=tenant)


async def make_key(accounts, caller, role="admin"):
    async with accounts.database.transaction(caller) as tx:
        return await accounts.keys.create(tx, role)


async def test_without_credentials_it_is_anybody(accounts, here):
    assert await recognise(accounts) == ANYBODY
    assert await recognise(accounts, tenant=here.slug) == ANYBODY


WRONG = [
    "",
    "Bearer",
    "Bearer ",
    "Bearer  ",
    "Bearer nonsense",
    "Bearer ctk_nonsense",
    "Bearer a.b.c",
    "Bearer \u00ff\u00fe",
    "Basic YTpi",
    "ctk_nonsense",
]


async def test_wrong_credentials_are_refused_and_never_taken_for_nobodys(accounts):
    for authorization in WRONG:
        with pytest.raises(CredentialsRefused):
            await recognise(accounts, authorization)


async def test_a_wrong_key_is_refused_although_a_good_session_came_along(accounts, here):
    link = await accounts.ensure_first_admin(here.slug)
    session = await accounts.sessions.sign_in_by_link(link.secret)
    assert (await recognise(accounts, session=session.secret)).role == "admin"
    with pytest.raises(CredentialsRefused):
        await recognise(accounts, "Bearer ctk_nonsense", session=session.secret)


async def test_the_service_key_acts_for_the_tenant_that_it_names(accounts, here, service_key):
    caller = await recognise(accounts, f"Bearer {service_key}", tenant=here.slug)
    assert caller == Caller("service", here.admin.tenant)


async def test_the_service_key_acts_for_default_when_it_names_none(accounts, service_key):
    caller = await recognise(accounts, f"bearer {service_key}")
    assert caller.tenant == await accounts.tenants.id_of("default")


async def test_the_service_key_cannot_name_a_tenant_that_is_missing(accounts, service_key):
    for slug in ("no-such-tenant", "No Slug", "\u00ff"):
        with pytest.raises(TenantMissing):
            await recognise(accounts, f"Bearer {service_key}", tenant=slug)


async def test_without_a_service_key_in_the_settings_none_is_accepted(accounts, service_key):
    for setting in (None, ""):
        keyless = Accounts(accounts.database, secret_keys=("k",), service_key=setting)
        for guess in (service_key, "None", " "):
            with pytest.raises(CredentialsRefused):
                await recognise(keyless, f"Bearer {guess}")


async def test_a_known_service_key_asks_the_database_nothing(accounts, here, service_key):
    await recognise(accounts, f"Bearer {service_key}", tenant=here.slug)
    before = accounts.database.pool.get_stats()["requests_num"]
    await recognise(accounts, f"Bearer {service_key}", tenant=here.slug)
    assert accounts.database.pool.get_stats()["requests_num"] == before


async def test_a_key_is_recognised_with_one_visit_to_the_database(accounts, here):
    new = await make_key(accounts, here.admin)
    await recognise(accounts, f"Bearer {new.secret}")
    await accounts.keys.settle()
    before = accounts.database.pool.get_stats()["requests_num"]
    await recognise(accounts, f"Bearer {new.secret}")
    await accounts.keys.settle()
    assert accounts.database.pool.get_stats()["requests_num"] == before + 1


async def test_a_foreign_tenant_in_the_header_is_refused_like_a_missing_one(
    accounts, here, elsewhere
):
    new = await make_key(accounts, here.admin)
    session = await accounts.sessions.sign_in_by_link(
        (await accounts.ensure_first_admin(here.slug)).secret
    )
    answers = set()
    for slug in (elsewhere.slug, "no-such-tenant"):
        for authorization, cookie in ((f"Bearer {new.secret}", None), (None, session.secret)):
            with pytest.raises(TenantMissing) as refusal:
                await recognise(accounts, authorization, cookie, slug)
            answers.add((type(refusal.value), str(refusal.value)))
    assert len(answers) == 1
    own = await recognise(accounts, f"Bearer {new.secret}", tenant=here.slug)
    assert own.tenant == here.admin.tenant


async def test_a_session_that_is_over_is_nobodys(accounts):
    assert await recognise(accounts, session="nonsense") == ANYBODY
    assert await recognise(accounts, session="") == ANYBODY


async def test_no_secret_is_ever_logged(accounts, here, service_key, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    async with accounts.database.transaction(here.admin) as tx:
        key = await accounts.keys.create(tx, "editor")
        invited = await accounts.people.invite(tx, "ada@example.org", "Ada", "editor")
        await accounts.keys.revoke(tx, key.key.id)
    password = "a password of some length"
    session = await accounts.people.accept(invited.link.secret, password, address="here")
    secrets = [service_key, key.secret, invited.link.secret, password, session.secret]
    for secret in secrets:
        await recognise(accounts, session=secret)
    for secret in (key.secret, "ctk_guess"):
        with pytest.raises(CredentialsRefused):
            await recognise(accounts, f"Bearer {secret}")
    with pytest.raises(CredentialsRefused):
        await accounts.sessions.sign_in(
            tenant=here.slug, email="ada@example.org", password="guess guess", address="10.9.9.9"
        )
    written = caplog.text + "".join(capfd.readouterr())
    assert "accounts.link_made" in written
    for told in (*secrets, "ctk_guess", "guess guess", "ada@example.org", "10.9.9.9"):
        assert told not in written
    for value in (key, invited, session):
        assert not any(secret in repr(value) for secret in secrets)
