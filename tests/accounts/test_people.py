"""People: invited, changed, and given passwords."""

import asyncio

import pytest
from structlog.testing import capture_logs

from calotype.accounts import (
    AdminsOnly,
    EmailUnfit,
    LinkSpent,
    OwnAccess,
    PasswordUnfit,
    PersonChange,
    PersonExists,
    PersonMissing,
    RoleBeyondYours,
    SignInRefused,
    SlowDown,
)
from calotype.database import ANYBODY, Caller, execute, new_id

PASSWORD = "a long enough password"
OTHER = "another long enough password"
EMAIL = "ada@example.org"


async def invite(accounts, caller, email=EMAIL, role="editor", name="Ada"):
    async with accounts.database.transaction(caller) as tx:
        return await accounts.people.invite(tx, email, name, role)


async def join(accounts, place, email=EMAIL, role="editor"):
    invited = await invite(accounts, place.service, email, role)
    return await accounts.people.accept(invited.link.secret, PASSWORD, address="here")


async def change(accounts, caller, person_id, **what):
    async with accounts.database.transaction(caller) as tx:
        return await accounts.people.change(tx, person_id, PersonChange(**what))


async def reset_link(accounts, caller, email=EMAIL):
    async with accounts.database.transaction(caller) as tx:
        return await accounts.people.make_reset_link(tx, email)


async def sign_in(accounts, place, password=PASSWORD):
    return await accounts.sessions.sign_in(
        tenant=place.slug, email=EMAIL, password=password, address=place.slug
    )


async def who(accounts, session):
    return await accounts.recognise(authorization=None, session=session.secret, tenant=None)


async def test_an_invited_person_chooses_a_password_and_is_signed_in(accounts, here):
    invited = await invite(accounts, here.admin)
    assert not invited.person.has_password
    session = await accounts.people.accept(
        invited.link.secret, PASSWORD, name="Ada Lovelace", address="here"
    )
    assert (await who(accounts, session)).person == invited.person.id
    person = (await sign_in(accounts, here)).person
    assert (person.name, person.role, person.has_password) == ("Ada Lovelace", "editor", True)


async def test_an_invitation_is_taken_up_once(accounts, here):
    invited = await invite(accounts, here.admin)
    answers = await asyncio.gather(
        *(accounts.people.accept(invited.link.secret, PASSWORD, address="here") for _ in range(4)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, LinkSpent) for answer in answers) == 3


async def test_a_link_that_is_good_stays_good_when_it_is_looked_at(accounts, here):
    link = (await invite(accounts, here.admin)).link
    for _ in range(2):
        await accounts.people.check_link(link.secret, "invite")
    await accounts.people.accept(link.secret, PASSWORD, address="here")
    with pytest.raises(LinkSpent):
        await accounts.people.check_link(link.secret, "invite")


async def test_a_link_that_is_over_or_for_something_else_or_unknown_is_refused(accounts, here):
    link = (await invite(accounts, here.admin)).link
    for secret, purpose in ((link.secret, "reset"), ("unknown", "invite")):
        with pytest.raises(LinkSpent):
            await accounts.people.check_link(secret, purpose)
    async with accounts.database.transaction(here.admin) as tx:
        await execute(tx, "update one_time_links set expires_at = now()", {})
    with pytest.raises(LinkSpent):
        await accounts.people.check_link(link.secret, "invite")


async def test_the_log_names_who_made_a_link_or_nobody(accounts, here):
    person = new_id()
    with capture_logs() as lines:
        await invite(accounts, Caller("admin", here.admin.tenant, person), "b@example.org")
        await invite(accounts, here.admin, "c@example.org")
    made = [line["by"] for line in lines if line["event"] == "accounts.link_made"]
    assert made == [str(person), None]


async def test_inviting_again_makes_the_earlier_link_useless(accounts, here):
    first = await invite(accounts, here.admin)
    second = await invite(accounts, here.admin, EMAIL.upper(), "viewer")
    assert (first.person.id, "viewer") == (second.person.id, second.person.role)
    with pytest.raises(LinkSpent):
        await accounts.people.accept(first.link.secret, PASSWORD, address="here")
    await accounts.people.accept(second.link.secret, PASSWORD, address="here")


async def test_whoever_is_here_already_is_not_invited_again(accounts, here, elsewhere):
    await join(accounts, here)
    with pytest.raises(PersonExists):
        await invite(accounts, here.admin)
    await invite(accounts, elsewhere.admin)


async def test_an_admin_without_a_password_cannot_invite_themselves_down(accounts, here):
    link = await accounts.ensure_first_admin(here.slug)
    caller = Caller("admin", here.admin.tenant, link.person_id)
    with pytest.raises(PersonExists):
        await invite(accounts, caller, f"owner@{here.slug}", "viewer")


async def test_what_is_no_address_is_not_invited(accounts, here):
    for email in ("", "ada", "@", "a b@c", "a@b\x00", "a@b@c", "a" * 253 + "@b"):
        with pytest.raises(EmailUnfit):
            await invite(accounts, here.admin, email)


@pytest.mark.parametrize(("length", "fits"), [(11, False), (12, True), (1024, True), (1025, False)])
async def test_a_password_has_12_to_1024_characters(accounts, here, length, fits):
    invited = await invite(accounts, here.admin)
    if fits:
        await accounts.people.accept(invited.link.secret, "é" * length, address="here")
        return
    with pytest.raises(PasswordUnfit):
        await accounts.people.accept(invited.link.secret, "é" * length, address="here")
    await accounts.people.accept(invited.link.secret, PASSWORD, address="here")


@pytest.mark.parametrize("role", ["viewer", "editor", "curator", "anybody"])
async def test_only_admins_invite_list_change_and_reset(accounts, here, role):
    person = (await join(accounts, here)).person
    caller = Caller(role, here.admin.tenant, new_id())
    with pytest.raises(AdminsOnly):
        await invite(accounts, caller, "bob@example.org", "viewer")
    with pytest.raises(AdminsOnly):
        await change(accounts, caller, person.id, name="Bob")
    with pytest.raises(AdminsOnly):
        await reset_link(accounts, caller)
    async with accounts.database.snapshot(caller) as snapshot:
        with pytest.raises(AdminsOnly):
            await accounts.people.list_people(snapshot, limit=5)


async def test_an_admin_cannot_make_a_curator_nor_open_the_account_of_one(accounts, here):
    person = (await join(accounts, here)).person
    with pytest.raises(RoleBeyondYours):
        await invite(accounts, here.admin, "bob@example.org", "curator")
    with pytest.raises(RoleBeyondYours):
        await change(accounts, here.admin, person.id, role="curator")
    await change(accounts, here.service, person.id, role="curator")
    with pytest.raises(RoleBeyondYours):
        await reset_link(accounts, here.admin)
    await reset_link(accounts, here.service)


async def test_nobody_changes_their_own_access(accounts, here):
    person = (await join(accounts, here, role="admin")).person
    caller = Caller("admin", person.tenant_id, person.id)
    for what in ({"role": "viewer"}, {"disabled": True}, {"role": "admin", "name": "A"}):
        with pytest.raises(OwnAccess):
            await change(accounts, caller, person.id, **what)
    assert (await change(accounts, caller, person.id, name="A. L.")).name == "A. L."


async def test_a_change_of_role_holds_at_once(accounts, here):
    session = await join(accounts, here)
    await change(accounts, here.admin, session.person.id, role="viewer")
    assert (await who(accounts, session)).role == "viewer"


async def test_whoever_is_disabled_is_signed_out_and_stays_out(accounts, here):
    session = await join(accounts, here)
    link = await reset_link(accounts, here.admin)
    disabled = await change(accounts, here.admin, session.person.id, disabled=True)
    assert disabled.disabled_at
    assert await who(accounts, session) == ANYBODY
    with pytest.raises(SignInRefused):
        await sign_in(accounts, here)
    with pytest.raises(LinkSpent):
        await accounts.people.reset_password(link.secret, OTHER, address="here")
    with pytest.raises(PersonMissing):
        await reset_link(accounts, here.admin)
    assert (
        await change(accounts, here.admin, session.person.id, disabled=False)
    ).disabled_at is None
    assert await who(accounts, session) == ANYBODY
    await sign_in(accounts, here)


async def test_a_link_for_somebody_who_was_disabled_meanwhile_is_spent(accounts, here):
    invited = await invite(accounts, here.admin)
    async with accounts.database.transaction(here.admin) as tx:
        await execute(tx, "update people set disabled_at = now()", {})
    with pytest.raises(LinkSpent):
        await accounts.people.accept(invited.link.secret, PASSWORD, address="here")


async def test_an_address_belongs_to_one_person(accounts, here):
    await join(accounts, here)
    bob = (await invite(accounts, here.admin, "bob@example.org")).person
    with pytest.raises(PersonExists):
        await change(accounts, here.admin, bob.id, email=EMAIL.upper())
    assert (await change(accounts, here.admin, bob.id, email="rob@example.org")).id == bob.id


async def test_foreign_people_look_missing(accounts, here, elsewhere):
    stranger = (await join(accounts, elsewhere)).person
    for person_id in (stranger.id, new_id()):
        with pytest.raises(PersonMissing):
            await change(accounts, here.admin, person_id, role="viewer")
    with pytest.raises(PersonMissing):
        await reset_link(accounts, here.admin)
    async with accounts.database.snapshot(here.admin) as snapshot:
        assert await accounts.people.list_people(snapshot, limit=5) == ([], 0)
        assert await accounts.people.find(snapshot, stranger.id) is None


async def test_a_reset_link_sets_a_new_password_once_and_ends_all_sessions(accounts, here):
    session = await join(accounts, here)
    link = await reset_link(accounts, here.admin, EMAIL.upper())
    await accounts.people.reset_password(link.secret, OTHER, address="here")
    assert await who(accounts, session) == ANYBODY
    with pytest.raises(LinkSpent):
        await accounts.people.reset_password(link.secret, PASSWORD, address="here")
    with pytest.raises(SignInRefused):
        await sign_in(accounts, here, PASSWORD)
    await sign_in(accounts, here, OTHER)


async def test_nobody_tries_links_as_often_as_they_like(accounts, here):
    for number in range(20):
        with pytest.raises(PasswordUnfit):
            await accounts.people.accept(f"guess {number}", "short", address="here")
    for attempt in (accounts.people.accept, accounts.people.reset_password):
        with pytest.raises(SlowDown):
            await attempt("another guess", PASSWORD, address="here")


async def test_asking_for_a_reset_tells_the_admins_and_nobody_else(accounts, here, capfd):
    person = (await join(accounts, here)).person
    for email in ("bob@example.org", EMAIL):
        capfd.readouterr()
        await accounts.people.ask_for_reset(tenant=here.slug, email=email, address=here.slug)
        assert (str(person.id) in capfd.readouterr().out) is (email == EMAIL)


async def test_changing_ones_password_takes_the_current_one_and_begins_anew(accounts, here):
    session = await join(accounts, here)
    caller = await who(accounts, session)

    async def set_to(password, current):
        return await accounts.people.change_password(
            caller, current=current, password=password, address=here.slug
        )

    for wrong in (None, "", OTHER):
        with pytest.raises(SignInRefused):
            await set_to(OTHER, wrong)
    fresh = await set_to(OTHER, PASSWORD)
    assert await who(accounts, session) == ANYBODY
    assert await who(accounts, fresh) == caller
    await sign_in(accounts, here, OTHER)


async def test_whoever_came_by_a_link_sets_a_first_password_without_one(accounts, here):
    link = await accounts.ensure_first_admin(here.slug)
    caller = await who(accounts, await accounts.sessions.sign_in_by_link(link.secret))
    await accounts.people.change_password(caller, current=None, password=PASSWORD, address="here")
    with pytest.raises(SignInRefused):
        await accounts.people.change_password(caller, current=None, password=OTHER, address="here")


async def test_a_key_has_no_password(accounts, here):
    caller = Caller("admin", here.admin.tenant, new_id())
    with pytest.raises(PersonMissing):
        await accounts.people.change_password(caller, current=None, password=OTHER, address="here")
