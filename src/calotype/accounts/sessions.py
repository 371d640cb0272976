"""Signing in and out."""

from dataclasses import dataclass, replace

import structlog

from calotype.accounts import session_store, store
from calotype.accounts.errors import LinkSpent, SignInRefused
from calotype.accounts.model import NewSession, Person, Purpose, SessionHolder
from calotype.accounts.passwords import Passwords
from calotype.accounts.secret import hash_secret
from calotype.accounts.session_store import Login
from calotype.accounts.throttle import Throttle
from calotype.database import ANYBODY, Caller, Database, Transaction

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sessions:
    """The stays of people who have signed in; each ends by itself after 30 days."""

    database: Database
    passwords: Passwords
    throttle: Throttle

    async def sign_in(self, *, tenant: str, email: str, password: str, address: str) -> NewSession:
        """Begin a session for whoever knows the password of *email* in *tenant*."""
        attempt = await self.throttle.count(f"{tenant}/{email}", address)
        login = await self._find_login(tenant, email)
        known = login.password_hash if login else None
        if not await self.passwords.matches(known, password) or login is None:
            log.info("accounts.sign_in_refused", person=str(login.id) if login else None)
            raise SignInRefused
        await self.throttle.forgive(attempt)
        return await self._begin(login)

    async def sign_in_by_link(self, secret: str) -> NewSession:
        """Begin a session for the person that a one-time link was made for."""
        async with self.database.transaction(ANYBODY) as tx:
            person, inside = await use_link(tx, secret, "sign-in")
            return await begin(inside, person)

    async def find(self, secret: str) -> SessionHolder | None:
        """Return whom a session's secret stands for, if the session lasts."""
        async with self.database.snapshot(ANYBODY) as snapshot:
            return await session_store.find_session(snapshot, hash_secret(secret))

    async def sign_out(self, tx: Transaction, secret: str) -> None:
        await session_store.end_session(tx, hash_secret(secret))

    async def sign_out_everywhere(self, tx: Transaction) -> None:
        """End all sessions of the person who asks."""
        if tx.caller.person is not None:
            await session_store.end_sessions(tx, tx.caller.person)

    async def _find_login(self, tenant: str, email: str) -> Login | None:
        async with self.database.snapshot(ANYBODY) as snapshot:
            return await session_store.find_login(snapshot, tenant, email)

    async def _begin(self, login: Login) -> NewSession:
        caller = Caller(role="anybody", tenant=login.tenant_id, person=login.id)
        async with self.database.transaction(caller) as tx:
            person = await store.find_person(tx, login.id)
            if person is None or person.disabled_at is not None:
                raise SignInRefused
            return await begin(tx, person)


async def begin(tx: Transaction, person: Person) -> NewSession:
    log.info("accounts.signed_in", person=str(person.id))
    return await session_store.add_session(tx, person)


async def use_link(tx: Transaction, secret: str, purpose: Purpose) -> tuple[Person, Transaction]:
    """Use a link up; return whom it was made for, and *tx* on that person's behalf."""
    used = await session_store.use_link(tx, secret, purpose)
    if used is None:
        raise LinkSpent
    whose = replace(tx.caller, tenant=used.tenant_id, person=used.person_id)
    inside = await store.act_as(tx, whose)
    person = await store.find_person(inside, used.person_id)
    if person is None or person.disabled_at is not None:
        raise LinkSpent
    return person, inside
