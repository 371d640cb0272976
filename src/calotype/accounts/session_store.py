"""The statements behind sessions, one-time links and counted attempts."""

from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from calotype.accounts.model import NewLink, NewSession, Person, Purpose, SessionHolder
from calotype.accounts.secret import hash_secret, new_secret
from calotype.database import Snapshot, Transaction, execute, new_id, one, value

SESSION_DAYS = 30

_LINK_MINUTES: dict[Purpose, int] = {"sign-in": 15, "invite": 7 * 24 * 60, "reset": 24 * 60}

# The first attempts are free; from then on each waits twice as long as the one before it.
_WAITS_UNTIL = (
    "case when earlier.failures < %(free)s then '-infinity' else earlier.last_failed_at"
    " + make_interval(secs => least(900, 2 ^ least(earlier.failures - %(free)s, 10))) end"
)
_OVER: tuple[LiteralString, ...] = (
    "delete from sessions where expires_at <= now()",
    "delete from one_time_links where expires_at <= now()",
    "delete from sign_in_failures where last_failed_at <= now() - interval '1 day'",
    "delete from idempotency_keys where expires_at <= now()",
)


@dataclass(frozen=True, slots=True)
class Login:
    """A person who may sign in, as they are found before their tenant is known."""

    id: UUID
    tenant_id: UUID
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class UsedLink:
    """Whom a link was made for."""

    tenant_id: UUID
    person_id: UUID


async def add_session(tx: Transaction, person: Person) -> NewSession:
    secret = new_secret()
    expires_at = await value(
        tx,
        "insert into sessions (id, tenant_id, person_id, secret_hash, expires_at)"
        " values (%(id)s, %(tenant)s, %(person)s, %(hash)s, now() + make_interval(days => %(days)s))"
        " returning expires_at",
        {
            "id": new_id(),
            "tenant": person.tenant_id,
            "person": person.id,
            "hash": hash_secret(secret),
            "days": SESSION_DAYS,
        },
    )
    return NewSession(person, expires_at, secret)


async def find_session(snapshot: Snapshot, secret_hash: bytes) -> SessionHolder | None:
    return await one(
        snapshot, SessionHolder, "select * from find_session(%(hash)s)", {"hash": secret_hash}
    )


async def end_session(tx: Transaction, secret_hash: bytes) -> int:
    return await execute(
        tx, "delete from sessions where secret_hash = %(hash)s", {"hash": secret_hash}
    )


async def end_sessions(tx: Transaction, person_id: UUID) -> int:
    return await execute(
        tx, "delete from sessions where person_id = %(person)s", {"person": person_id}
    )


async def add_link(tx: Transaction, person_id: UUID, purpose: Purpose) -> NewLink:
    """Make a link; those made earlier for the same purpose work no longer."""
    secret = new_secret()
    expires_at = await value(
        tx,
        "with older as (delete from one_time_links where person_id = %(person)s"
        " and purpose = %(purpose)s and used_at is null)"
        " insert into one_time_links (id, tenant_id, person_id, purpose, secret_hash, expires_at)"
        " values (%(id)s, %(tenant)s, %(person)s, %(purpose)s, %(hash)s,"
        " now() + make_interval(mins => %(minutes)s)) returning expires_at",
        {
            "id": new_id(),
            "tenant": tx.caller.tenant,
            "person": person_id,
            "purpose": purpose,
            "hash": hash_secret(secret),
            "minutes": _LINK_MINUTES[purpose],
        },
    )
    return NewLink(person_id, purpose, expires_at, secret)


async def use_link(tx: Transaction, secret: str, purpose: Purpose) -> UsedLink | None:
    return await one(
        tx,
        UsedLink,
        "select tenant_id, person_id from use_link(%(hash)s, %(purpose)s)",
        {"hash": hash_secret(secret), "purpose": purpose},
    )


async def is_link_good(snapshot: Snapshot, secret: str, purpose: Purpose) -> bool:
    return await value(
        snapshot,
        "select link_is_good(%(hash)s, %(purpose)s)",
        {"hash": hash_secret(secret), "purpose": purpose},
    )


async def remove_links(tx: Transaction, person_id: UUID) -> int:
    return await execute(
        tx, "delete from one_time_links where person_id = %(person)s", {"person": person_id}
    )


async def find_login(snapshot: Snapshot, slug: str, email: str) -> Login | None:
    return await one(
        snapshot,
        Login,
        "select id, tenant_id, password_hash from find_person(%(slug)s, %(email)s)",
        {"slug": slug, "email": email},
    )


async def count_attempt(tx: Transaction, subject: bytes, free: int) -> bool:
    """Count an attempt if its time has come; a day of peace forgets the earlier ones."""
    counted = await execute(
        tx,
        "insert into sign_in_failures as earlier (subject_hash, failures) values (%(subject)s, 1)"
        " on conflict (subject_hash) do update set last_failed_at = now(), failures = case"
        " when earlier.last_failed_at <= now() - interval '1 day' then 1"
        f" else earlier.failures + 1 end where {_WAITS_UNTIL} <= now()",
        {"subject": subject, "free": free},
    )
    return counted == 1


async def seconds_to_wait(snapshot: Snapshot, subject: bytes, free: int) -> int:
    seconds = await value(
        snapshot,
        f"select ceil(extract(epoch from greatest({_WAITS_UNTIL}, now()) - now()))::integer"
        " from sign_in_failures as earlier where subject_hash = %(subject)s",
        {"subject": subject, "free": free},
    )
    return max(1, seconds or 1)


async def forget_attempts(tx: Transaction, subject: bytes) -> None:
    await execute(
        tx, "delete from sign_in_failures where subject_hash = %(subject)s", {"subject": subject}
    )


async def take_attempt_back(tx: Transaction, subject: bytes) -> None:
    await execute(
        tx,
        "update sign_in_failures set failures = greatest(0, failures - 1)"
        " where subject_hash = %(subject)s",
        {"subject": subject},
    )


async def remove_what_is_over(tx: Transaction) -> int:
    return sum([await execute(tx, statement, {}) for statement in _OVER])
