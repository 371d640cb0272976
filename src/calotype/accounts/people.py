"""People: invited, changed, and given passwords."""

from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from calotype.accounts import session_store, store
from calotype.accounts.errors import (
    LinkSpent,
    OwnAccess,
    PersonExists,
    PersonMissing,
    SignInRefused,
)
from calotype.accounts.model import (
    Invitation,
    NewLink,
    NewSession,
    Person,
    PersonChange,
    Purpose,
    TenantRole,
    fit_email,
    fit_name,
)
from calotype.accounts.passwords import Passwords
from calotype.accounts.permissions import require_admin, require_grant
from calotype.accounts.sessions import begin, use_link
from calotype.accounts.throttle import Attempt, Throttle
from calotype.database import ANYBODY, Caller, Database, Snapshot, Transaction

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class People:
    """Those who can sign in to a tenant.

    No e-mail is sent: an admin gets the link and hands it on, so whoever has forgotten a
    password turns to an admin.
    """

    database: Database
    passwords: Passwords
    throttle: Throttle

    async def invite(self, tx: Transaction, email: str, name: str, role: TenantRole) -> Invitation:
        """Invite somebody; one who has not come yet gets a new link."""
        require_grant(tx.caller, role)
        person = await store.invite(tx, fit_email(email), fit_name(name), role)
        if person is None:
            raise PersonExists
        return Invitation(person, await make_link(tx, person.id, "invite"))

    async def check_link(self, secret: str, purpose: Purpose) -> None:
        """Refuse a link that would not work, and leave one that would as it is.

        Nobody is signed in yet, so no tenant is known whose links could be looked at.
        """
        async with self.database.snapshot(ANYBODY) as snapshot:
            if not await session_store.is_link_good(snapshot, secret, purpose):
                raise LinkSpent

    async def accept(
        self, secret: str, password: str, *, name: str | None = None, address: str
    ) -> NewSession:
        """Take an invitation up: choose a password and be signed in."""
        attempt, hashed = await self._hash_for_link(secret, password, address)
        async with self.database.transaction(ANYBODY) as tx:
            person, inside = await use_link(tx, secret, "invite")
            if name is not None:
                await store.change_person(inside, person.id, PersonChange(name=fit_name(name)))
            session = await begin(inside, await _set_password(inside, person.id, hashed))
        await self.throttle.forgive(attempt)
        return session

    async def list_people(
        self, snapshot: Snapshot, *, after: UUID | None = None, limit: int
    ) -> tuple[list[Person], int]:
        """Return people in the order in which they were invited, and how many there are."""
        require_admin(snapshot.caller)
        return await store.list_people(snapshot, after, limit), await store.count_people(snapshot)

    async def find(self, snapshot: Snapshot, person_id: UUID) -> Person | None:
        return await store.find_person(snapshot, person_id)

    async def change(self, tx: Transaction, person_id: UUID, change: PersonChange) -> Person:
        """Change a person; whoever is disabled is signed out at once, and links to them die."""
        _require_right(tx.caller, person_id, change)
        person = await store.change_person(tx, person_id, _fitting(change))
        if person is None:
            raise PersonMissing
        if change.disabled:
            await session_store.end_sessions(tx, person_id)
            await session_store.remove_links(tx, person_id)
        log.info("accounts.person_changed", person=str(person_id), by=_asker(tx.caller))
        return person

    async def make_reset_link(self, tx: Transaction, email: str) -> NewLink:
        """Make the link by which a person chooses a new password.

        It opens their account, so it takes the right to give their role.
        """
        require_admin(tx.caller)
        person = await store.find_person_by_email(tx, email)
        if person is None:
            raise PersonMissing
        require_grant(tx.caller, person.role)
        return await make_link(tx, person.id, "reset")

    async def ask_for_reset(self, *, tenant: str, email: str, address: str) -> None:
        """Tell the admins, through the log, that somebody cannot sign in.

        Whoever asks learns nothing, not even whether there is such a person.
        """
        await self.throttle.count(f"{tenant}/{email}/reset", address)
        async with self.database.snapshot(ANYBODY) as snapshot:
            login = await session_store.find_login(snapshot, tenant, email)
        if login is not None:
            log.warning("accounts.reset_asked", person=str(login.id))

    async def reset_password(self, secret: str, password: str, *, address: str) -> None:
        """Set the password of the person that a link was made for, and sign them out."""
        attempt, hashed = await self._hash_for_link(secret, password, address)
        async with self.database.transaction(ANYBODY) as tx:
            person, inside = await use_link(tx, secret, "reset")
            await _set_password(inside, person.id, hashed)
        await self.throttle.forgive(attempt)

    async def _hash_for_link(self, secret: str, password: str, address: str) -> tuple[Attempt, str]:
        """Hash before the link is looked at, so nobody may ask for that as often as they like."""
        attempt = await self.throttle.count(f"link/{secret}", address)
        return attempt, await self.passwords.hash(password)

    async def change_password(
        self, caller: Caller, *, current: str | None, password: str, address: str
    ) -> NewSession:
        """Set one's own password; all sessions end and a new one begins.

        Somebody who has none yet, because a link brought them here, needs not give it.
        """
        await self._require_current(caller, current or "", address)
        hashed = await self.passwords.hash(password)
        async with self.database.transaction(caller) as tx:
            return await begin(tx, await _set_password(tx, caller.person, hashed))

    async def _require_current(self, caller: Caller, current: str, address: str) -> None:
        async with self.database.snapshot(caller) as snapshot:
            person = await _get(snapshot, caller.person)
            known = await store.find_password(snapshot, person.id)
        if known is None:
            return
        attempt = await self.throttle.count(f"{person.id}/password", address)
        if not await self.passwords.matches(known, current):
            raise SignInRefused
        await self.throttle.forgive(attempt)

    async def ensure_first_admin(self, tenant: UUID, slug: str) -> NewLink | None:
        """Make the first admin of a tenant that has nobody, and a link to sign the oldest in."""
        async with self.database.transaction(Caller(role="service", tenant=tenant)) as tx:
            await store.add_first_admin(tx, f"owner@{slug}")
            admin = await store.find_oldest_admin(tx)
            return await make_link(tx, admin.id, "sign-in") if admin else None


async def make_link(tx: Transaction, person_id: UUID, purpose: Purpose) -> NewLink:
    log.info("accounts.link_made", purpose=purpose, person=str(person_id), by=_asker(tx.caller))
    return await session_store.add_link(tx, person_id, purpose)


def _asker(caller: Caller) -> str | None:
    """Name whoever asked for the log; calotype itself is nobody, as is the service key."""
    return str(caller.person) if caller.person else None


async def _set_password(tx: Transaction, person_id: UUID | None, hashed: str) -> Person:
    """Set a password; whoever came in with what was before is signed out."""
    person = await store.set_password(tx, person_id, hashed) if person_id else None
    if person is None:
        raise PersonMissing
    await session_store.end_sessions(tx, person.id)
    await session_store.remove_links(tx, person.id)
    log.info("accounts.password_set", person=str(person.id))
    return person


async def _get(snapshot: Snapshot, person_id: UUID | None) -> Person:
    found = await store.find_person(snapshot, person_id) if person_id else None
    if found is None:
        raise PersonMissing
    return found


def _require_right(caller: Caller, person_id: UUID, change: PersonChange) -> None:
    if change.role is not None:
        require_grant(caller, change.role)
    require_admin(caller)
    if person_id == caller.person and change.touches_access:
        raise OwnAccess


def _fitting(change: PersonChange) -> PersonChange:
    email = None if change.email is None else fit_email(change.email)
    name = None if change.name is None else fit_name(change.name)
    return replace(change, email=email, name=name)
