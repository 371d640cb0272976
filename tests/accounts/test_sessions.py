"""Signing in and out, one-time links, and the throttle."""

import asyncio
import secrets

import pytest

from calotype.accounts import LinkSpent, PersonChange, SignInRefused, SlowDown
from calotype.accounts.tasks import tidy_task
from calotype.accounts.throttle import network_of
from calotype.database import ANYBODY, SYSTEM, execute, value

PASSWORD = "a long enough password"
EMAIL = "ada@example.org"


@pytest.fixture
def address():
    return f"192.0.2.{secrets.randbelow(256)}-{secrets.token_hex(4)}"


@pytest.fixture
async def ada(accounts, here):
    async with accounts.database.transaction(here.admin) as tx:
        invited = await accounts.people.invite(tx, EMAIL, "Ada", "editor")
    return (await accounts.people.accept(invited.link.secret, PASSWORD, address="here")).person


@pytest.fixture
def sign_in(accounts, here, address):
    async def signed_in(password=PASSWORD, email=EMAIL, address=address):
        return await accounts.sessions.sign_in(
            tenant=here.slug, email=email, password=password, address=address
        )

    return signed_in


@pytest.fixture
def throttled(accounts):
    return accounts.sessions.throttle.count


async def who(accounts, session):
    return await accounts.recognise(authorization=None, session=session.secret, tenant=None)


async def let_time_pass(accounts, interval):
    """Move every count of attempts into the past."""
    async with accounts.database.transaction(ANYBODY) as tx:
        await execute(
            tx,
            "update sign_in_failures set last_failed_at = last_failed_at - %(by)s::interval",
            {"by": interval},
        )


async def fail(sign_in, **how):
    with pytest.raises(SignInRefused):
        await sign_in(password="not the password", **how)


async def test_a_session_stands_for_the_person_who_signed_in(accounts, here, ada, sign_in):
    caller = await who(accounts, await sign_in())
    assert (caller.role, caller.tenant, caller.person) == ("editor", here.admin.tenant, ada.id)
    assert (await who(accounts, await sign_in(email=EMAIL.upper()))).person == ada.id


async def test_a_session_lasts_30_days_and_is_kept_as_a_hash(accounts, here, ada, sign_in):
    session = await sign_in()
    async with accounts.database.snapshot(here.admin) as snapshot:
        days = "select max(expires_at - created_at) = interval '30 days' from sessions"
        assert await value(snapshot, days, {})
        rows = await value(snapshot, "select string_agg(sessions::text, '') from sessions", {})
    assert session.secret not in rows
    async with accounts.database.transaction(here.admin) as tx:
        await execute(tx, "update sessions set expires_at = now()", {})
    assert await who(accounts, session) == ANYBODY


async def test_wrong_passwords_unknown_people_and_foreign_tenants_are_refused_alike(
    accounts, ada, sign_in, elsewhere, address
):
    refusals = set()
    for how in ({"password": "wrong"}, {"email": "bob@example.org"}, {"email": "\u00ff"}):
        with pytest.raises(SignInRefused) as refusal:
            await sign_in(**how)
        refusals.add(str(refusal.value))
    with pytest.raises(SignInRefused) as refusal:
        await accounts.sessions.sign_in(
            tenant=elsewhere.slug, email=EMAIL, password=PASSWORD, address=address
        )
    assert refusals == {str(refusal.value)}


async def test_an_unknown_person_costs_a_password_check_as_well(accounts, sign_in, monkeypatch):
    checked = []
    verify = type(accounts.sessions.passwords)._verify

    def counted(passwords, hashed, password):
        checked.append(hashed)
        return verify(passwords, hashed, password)

    monkeypatch.setattr(type(accounts.sessions.passwords), "_verify", counted)
    await fail(sign_in, email="nobody@example.org")
    assert len(checked) == 1
    assert checked[0].startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_signing_out_ends_one_session_and_everywhere_all_of_them(accounts, ada, sign_in):
    first, second, third = [await sign_in() for _ in range(3)]
    caller = await who(accounts, first)
    async with accounts.database.transaction(caller) as tx:
        await accounts.sessions.sign_out(tx, first.secret)
    assert await who(accounts, first) == ANYBODY
    assert await who(accounts, second) == caller
    async with accounts.database.transaction(caller) as tx:
        await accounts.sessions.sign_out_everywhere(tx)
    assert {await who(accounts, second), await who(accounts, third)} == {ANYBODY}


async def test_nobody_ends_the_session_of_another_tenant(accounts, elsewhere, ada, sign_in):
    session = await sign_in()
    async with accounts.database.transaction(elsewhere.admin) as tx:
        await accounts.sessions.sign_out(tx, session.secret)
    assert (await who(accounts, session)).person == ada.id


async def test_after_five_attempts_each_waits_twice_as_long_as_the_one_before(accounts, throttled):
    for number in range(5):
        await throttled("ada", f"address {number}")
    waits = []
    for number in range(4):
        with pytest.raises(SlowDown) as refusal:
            await throttled("ada", f"address {number}")
        waits.append(refusal.value.retry_after)
        await let_time_pass(accounts, f"{refusal.value.retry_after} seconds")
        await throttled("ada", f"address {number}")
    assert waits == [1, 2, 4, 8]


async def test_waiting_never_takes_longer_than_a_quarter_of_an_hour(accounts, throttled):
    await throttled("ada", "here")
    async with accounts.database.transaction(ANYBODY) as tx:
        await execute(tx, "update sign_in_failures set failures = 5000", {})
    with pytest.raises(SlowDown) as refusal:
        await throttled("ada", "here")
    assert 800 < refusal.value.retry_after <= 900


async def test_a_day_of_peace_forgets_everything(accounts, throttled):
    for _ in range(5):
        await throttled("ada", "here")
    await let_time_pass(accounts, "1 day")
    for _ in range(5):
        await throttled("ada", "here")


async def test_an_attempt_that_is_refused_for_its_address_does_not_slow_the_person(
    accounts, throttled
):
    for number in range(20):
        await throttled(f"person {number}", "here")
    for _ in range(6):
        with pytest.raises(SlowDown):
            await throttled("ada", "here")
    for number in range(5):
        await throttled("ada", f"address {number}")


async def test_the_right_password_forgets_the_wrong_ones(accounts, ada, sign_in):
    for number in range(8):
        if number % 4 == 3:
            await sign_in(address=f"{number}-{ada.id}")
        else:
            await fail(sign_in, address=f"{number}-{ada.id}")


async def test_one_address_cannot_try_many_people(throttled):
    for number in range(20):
        await throttled(f"person {number}", "2001:db8::1")
    with pytest.raises(SlowDown):
        await throttled("person 21", "2001:db8::2")
    await throttled("person 21", "2001:db8:0:1::1")


async def test_ones_own_success_does_not_wash_an_address_clean(accounts, throttled):
    for number in range(19):
        await throttled(f"person {number}", "here")
    await accounts.sessions.throttle.forgive(await throttled("ada", "here"))
    await throttled("person 19", "here")
    with pytest.raises(SlowDown):
        await throttled("ada", "here")


async def test_guesses_that_come_together_are_all_counted(accounts, ada, sign_in):
    answers = await asyncio.gather(
        *(sign_in(password=f"guess {n}", address=f"{n}-{ada.id}") for n in range(8)),
        return_exceptions=True,
    )
    kinds = [type(answer) for answer in answers]
    assert (kinds.count(SignInRefused), kinds.count(SlowDown)) == (5, 3)


async def test_the_table_of_attempts_names_nobody(accounts, ada, sign_in, address):
    await fail(sign_in)
    async with accounts.database.snapshot(SYSTEM) as snapshot:
        table = "select string_agg(encode(subject_hash, 'escape'), '') from sign_in_failures"
        written = await value(snapshot, table, {})
    assert EMAIL not in written
    assert address not in written


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("", ""),
        ("a socket", "a socket"),
    ],
)
def test_a_household_of_ipv6_is_one_address(address, network):
    assert network_of(address) == network


async def test_the_first_admin_signs_in_by_a_link_that_works_once(accounts, here):
    link = await accounts.ensure_first_admin(here.slug)
    caller = await who(accounts, await accounts.sessions.sign_in_by_link(link.secret))
    assert (caller.role, caller.tenant, caller.person) == (
        "admin",
        here.admin.tenant,
        link.person_id,
    )
    with pytest.raises(LinkSpent):
        await accounts.sessions.sign_in_by_link(link.secret)


async def test_of_many_who_use_a_link_at_once_one_comes_in(accounts, here):
    link = await accounts.ensure_first_admin(here.slug)
    answers = await asyncio.gather(
        *(accounts.sessions.sign_in_by_link(link.secret) for _ in range(10)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, LinkSpent) for answer in answers) == 9


async def test_starting_again_makes_no_second_admin_and_a_link_for_the_first(accounts, here):
    first, second = [await accounts.ensure_first_admin(here.slug) for _ in range(2)]
    assert first.person_id == second.person_id
    with pytest.raises(LinkSpent):
        await accounts.sessions.sign_in_by_link(first.secret)
    await accounts.sessions.sign_in_by_link(second.secret)


async def test_where_nobody_is_an_admin_any_more_none_is_made(accounts, here):
    link = await accounts.ensure_first_admin(here.slug)
    async with accounts.database.transaction(here.service) as tx:
        await accounts.people.change(tx, link.person_id, PersonChange(disabled=True))
    assert await accounts.ensure_first_admin(here.slug) is None


@pytest.mark.parametrize("change", ["expires_at = now()", "purpose = 'reset'"])
async def test_an_expired_link_and_one_for_something_else_sign_nobody_in(accounts, here, change):
    link = await accounts.ensure_first_admin(here.slug)
    async with accounts.database.transaction(here.admin) as tx:
        await tx.connection.execute(f"update one_time_links set {change}")
    with pytest.raises(LinkSpent):
        await accounts.sessions.sign_in_by_link(link.secret)


async def test_a_sign_in_link_lasts_a_quarter_of_an_hour(accounts, here):
    await accounts.ensure_first_admin(here.slug)
    async with accounts.database.snapshot(here.admin) as snapshot:
        lasting = "select expires_at - created_at = interval '15 minutes' from one_time_links"
        assert await value(snapshot, lasting, {})


async def test_tidying_removes_what_is_over_and_nothing_else(accounts, here, ada, sign_in):
    old, kept = await sign_in(), await sign_in()
    await fail(sign_in, email="somebody@example.org")
    async with accounts.database.transaction(here.admin) as tx:
        await execute(tx, "update one_time_links set expires_at = now()", {})
        await execute(
            tx,
            "insert into idempotency_keys select %(tenant)s, gen_random_uuid(), key, '', 201, '{}',"
            " now() + days * interval '1 day' from (values ('old', 0), ('kept', 1)) as v (key, days)",
            {"tenant": here.admin.tenant},
        )
        await execute(
            tx,
            "update sessions set expires_at = now() where id ="
            " (select id from sessions order by id desc offset 1 limit 1)",
            {},
        )
    await let_time_pass(accounts, "1 day")
    task = tidy_task(accounts)
    await task.run(SYSTEM, task.job())
    async with accounts.database.snapshot(here.admin) as snapshot:
        assert await value(snapshot, "select count(*) from one_time_links", {}) == 0
        assert await value(snapshot, "select count(*) from sign_in_failures", {}) == 0
        assert (
            await value(snapshot, "select string_agg(key, ' ') from idempotency_keys", {}) == "kept"
        )
        assert await value(snapshot, "select count(*) from sessions", {}) == 2
    assert await who(accounts, old) == ANYBODY
    assert (await who(accounts, kept)).person == ada.id
