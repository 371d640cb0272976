"""Bringing the schema up to this program, in two steps that the last release survives.

A *before* migration adds what the new release needs and runs before it starts; an *after*
migration removes what only the old release needed and runs once that one is gone.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from typing import Literal, LiteralString

import psycopg
from psycopg import Connection, errors, sql

from calotype.database.connection import OLDEST_VERSION
from calotype.database.errors import DatabaseTooOld, DatabaseUnreachable

Phase = Literal["before", "after"]

_MIGRATION_LOCK = 0x63616C6F
_GRANT_OPTIONS_SINCE = 160000
_ROLES = ("calotype_app", "calotype_system")
_GRANTS: tuple[LiteralString, ...] = (
    "grant usage on schema {schema} to {role}",
    "grant select on calotype.migrations to {role}",
    "alter default privileges in schema {schema}"
    " grant select, insert, update, delete on tables to {role}",
    "alter default privileges in schema {schema} grant usage on sequences to {role}",
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered step of a part."""

    name: str
    phase: Phase
    statements: str


@dataclass(frozen=True, slots=True)
class Part:
    """A PostgreSQL schema: as a whole for a new database, in steps for an older one."""

    schema: str
    whole: str
    migrations: tuple[Migration, ...]


@dataclass(frozen=True, slots=True)
class Pending:
    """What a database lacks."""

    part: Part
    is_new: bool
    migrations: tuple[Migration, ...]

    def of(self, phase: Phase) -> tuple[Migration, ...]:
        return tuple(m for m in self.migrations if m.phase == phase)


def own_part() -> Part:
    """The schema `calotype`."""
    folder = resources.files("calotype.database")
    files = sorted(folder.joinpath("migrations").iterdir(), key=lambda file: file.name)
    steps = tuple(_migration(f.name, f.read_text()) for f in files if f.name.endswith(".sql"))
    return Part("calotype", folder.joinpath("schema.sql").read_text(), steps)


def _migration(file_name: str, statements: str) -> Migration:
    name, phase, _ = file_name.split(".")
    assert phase in ("before", "after")
    return Migration(name, phase, statements)


def pending(owner_url: str, parts: Sequence[Part]) -> list[Pending]:
    """Tell, part by part, what `migrate` would do."""
    with _connect(owner_url) as connection:
        return [_pending(connection, part) for part in parts]


def migrate(
    owner_url: str, parts: Sequence[Part], *, login: str, phases: Sequence[Phase]
) -> list[str]:
    """Apply what is pending for *phases*; name each step that was done.

    *login* is the user that the program connects as: it becomes a member of calotype's roles,
    and every transaction takes one of them on.
    """
    with _connect(owner_url) as connection:
        connection.execute("select pg_advisory_lock(%s)", [_MIGRATION_LOCK])
        _prepare(connection)
        _make_roles(connection, login)
        done = [step for part in parts for step in _bring_up(connection, part, phases)]
        connection.execute("select pg_advisory_unlock(%s)", [_MIGRATION_LOCK])
    return done


def make_roles(owner_url: str, *, login: str) -> None:
    """Make calotype's roles and nothing else, as loading a dump needs it."""
    with _connect(owner_url) as connection:
        _make_roles(connection, login)


def is_new(owner_url: str) -> bool:
    """Tell whether calotype never was in this database."""
    with _connect(owner_url) as connection:
        found = connection.execute("select to_regnamespace('calotype') is null").fetchone()
    return bool(found and found[0])


def login_of(url: str) -> str:
    """The user that *url* connects as."""
    with _connect(url) as connection:
        return connection.info.user


def _connect(url: str) -> Connection[tuple[object, ...]]:
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.Error as error:
        reason = str(error).strip().split("\n", 1)[0]
        raise DatabaseUnreachable(f"The database cannot be reached: {reason}") from error
    if connection.info.server_version < OLDEST_VERSION:
        raise DatabaseTooOld
    return connection


def _prepare(connection: Connection[tuple[object, ...]]) -> None:
    """Make the place where applied migrations are written down."""
    connection.execute("set client_min_messages = warning")
    connection.execute("create schema if not exists calotype")
    connection.execute(
        "create table if not exists calotype.migrations (part text not null, name text not null,"
        " applied_at timestamptz not null default now(), primary key (part, name))"
    )


def _make_roles(connection: Connection[tuple[object, ...]], login: str) -> None:
    """Make the roles that own nothing; a server that does not allow it works without them."""
    for role in _ROLES:
        try:
            _make_role(connection, role, login)
        except errors.InsufficientPrivilege:
            return


def _make_role(connection: Connection[tuple[object, ...]], role: str, login: str) -> None:
    name = sql.Identifier(role)
    with_options = (
        "with inherit false, set true"
        if connection.info.server_version >= _GRANT_OPTIONS_SINCE
        else ""
    )
    if not connection.execute("select from pg_roles where rolname = %s", [role]).fetchone():
        with suppress(errors.DuplicateObject, errors.UniqueViolation):
            connection.execute(sql.SQL("create role {} nologin").format(name))
    member = connection.execute("select pg_has_role(%s, %s, 'member')", [login, role]).fetchone()
    if not (member and member[0]):
        connection.execute(
            sql.SQL("grant {} to {} " + with_options).format(name, sql.Identifier(login))
        )


def _pending(connection: Connection[tuple[object, ...]], part: Part) -> Pending:
    applied = _applied(connection, part)
    missing = tuple(m for m in part.migrations if m.name not in applied)
    return Pending(part, is_new=not applied, migrations=missing)


def _applied(connection: Connection[tuple[object, ...]], part: Part) -> set[object]:
    """Name what was applied of *part*, also where nothing ever was."""
    place = connection.execute("select to_regclass('calotype.migrations')").fetchone()
    if place == (None,):
        return set()
    found = connection.execute(
        "select name from calotype.migrations where part = %s", [part.schema]
    ).fetchall()
    return {row[0] for row in found}


def _bring_up(
    connection: Connection[tuple[object, ...]], part: Part, phases: Sequence[Phase]
) -> list[str]:
    missing = _pending(connection, part)
    if missing.is_new:
        _apply(connection, part, part.whole, [m.name for m in part.migrations])
        return [f"{part.schema}: created"]
    steps = [m for m in missing.migrations if m.phase in phases]
    for step in steps:
        _apply(connection, part, step.statements, [step.name])
    return [f"{part.schema}: {step.name}" for step in steps]


def _apply(
    connection: Connection[tuple[object, ...]], part: Part, statements: str, names: Sequence[str]
) -> None:
    """Run *statements* and write *names* down, all or nothing, without blocking for long."""
    with connection.transaction():
        connection.execute("set local lock_timeout = '5s'")
        connection.execute("set local statement_timeout = '10min'")
        _open_schema(connection, part.schema)
        connection.execute(statements.encode())
        _close_routines(connection, part.schema)
        for migration in names:
            connection.execute(
                "insert into calotype.migrations (part, name) values (%s, %s)",
                [part.schema, migration],
            )


def _open_schema(connection: Connection[tuple[object, ...]], schema: str) -> None:
    """Make *schema*, look there first, and let calotype's roles use what will be made in it."""
    name = sql.Identifier(schema)
    connection.execute(sql.SQL("create schema if not exists {}").format(name))
    connection.execute(sql.SQL("set local search_path = {}, public").format(name))
    for role in _existing_roles(connection):
        names = {"schema": name, "role": sql.Identifier(role)}
        for grant in _GRANTS:
            connection.execute(sql.SQL(grant).format(**names))


def _close_routines(connection: Connection[tuple[object, ...]], schema: str) -> None:
    """Let nobody but calotype's roles call what is in *schema*: PostgreSQL lets everybody."""
    names = {"schema": sql.Identifier(schema)}
    revoke = sql.SQL("revoke execute on all routines in schema {schema} from public")
    connection.execute(revoke.format(**names))
    grant = sql.SQL("grant execute on all routines in schema {schema} to {role}")
    for role in _existing_roles(connection):
        connection.execute(grant.format(**names, role=sql.Identifier(role)))


def _existing_roles(connection: Connection[tuple[object, ...]]) -> list[str]:
    found = connection.execute(
        "select rolname::text from pg_roles where rolname = any(%s)", [list(_ROLES)]
    ).fetchall()
    return [str(row[0]) for row in found]
