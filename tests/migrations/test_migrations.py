"""A database that was migrated step by step is the one that the whole schema makes."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from calotype.app import parts
from calotype.database import (
    DatabaseUnreachable,
    Migration,
    Part,
    Phase,
    embedded,
    is_new,
    migrate,
    own_part,
    pending,
    program,
)

BOTH = ("before", "after")


@pytest.fixture
def new_database(tmp_path: Path) -> Iterator[str]:
    with embedded(tmp_path / "postgres") as server:
        yield server.owner_url


def schema_of(owner_url: str) -> str:
    """What pg_dump says of the schema, without what names one dump."""
    command = [str(program("pg_dump")), "--schema-only", "--schema=calotype", owner_url]
    dumped = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return "\n".join(line for line in dumped.splitlines() if not line.startswith("\\"))


def step_by_step(part: Part) -> Part:
    """The same part, whose beginning is its first migration."""
    first, *rest = part.migrations
    assert first.phase == "before"
    return replace(part, whole=first.statements, migrations=(first, *rest))


def test_the_schema_is_the_sum_of_its_migrations(new_database: str, tmp_path: Path) -> None:
    migrate(new_database, [own_part()], login="calotype_login", phases=BOTH)
    whole = schema_of(new_database)
    with embedded(tmp_path / "other") as other:
        part = step_by_step(own_part())
        first_only = replace(part, migrations=part.migrations[:1])
        migrate(other.owner_url, [first_only], login="calotype_login", phases=BOTH)
        migrate(other.owner_url, [part], login="calotype_login", phases=BOTH)
        assert schema_of(other.owner_url) == whole
    assert "create table calotype.media" in whole.lower()


def test_migrating_twice_changes_nothing(new_database: str) -> None:
    assert migrate(new_database, parts(), login="calotype_login", phases=BOTH)
    assert migrate(new_database, parts(), login="calotype_login", phases=BOTH) == []
    assert all(not found.migrations for found in pending(new_database, parts()))


def test_looking_what_is_pending_writes_nothing(new_database: str) -> None:
    assert all(found.is_new for found in pending(new_database, parts()))
    assert is_new(new_database)


def with_step(phase: Phase, statements: str) -> Part:
    part = own_part()
    step = Migration("9999_trial", phase, statements)
    return replace(part, migrations=(*part.migrations, step))


def test_after_migrations_wait_until_they_are_asked_for(new_database: str) -> None:
    migrate(new_database, [own_part()], login="calotype_login", phases=BOTH)
    later = with_step("after", "create table trial ()")
    assert migrate(new_database, [later], login="calotype_login", phases=("before",)) == []
    done = migrate(new_database, [later], login="calotype_login", phases=BOTH)
    assert done == ["calotype: 9999_trial"]


def test_a_migration_that_fails_leaves_nothing_behind(new_database: str) -> None:
    migrate(new_database, [own_part()], login="calotype_login", phases=BOTH)
    broken = with_step("before", "create table trial (); select 1 / 0")
    with pytest.raises(errors.DivisionByZero):
        migrate(new_database, [broken], login="calotype_login", phases=BOTH)
    with psycopg.connect(new_database) as connection:
        assert connection.execute("select to_regclass('calotype.trial')").fetchone() == (None,)
    assert [m.name for m in pending(new_database, [broken])[0].migrations] == ["9999_trial"]


def test_a_migration_does_not_wait_long_for_a_lock(new_database: str) -> None:
    migrate(new_database, [own_part()], login="calotype_login", phases=BOTH)
    waiting = with_step("before", "alter table media add column trial integer")
    with psycopg.connect(new_database) as holder:
        holder.execute("lock table calotype.media in access exclusive mode")
        with pytest.raises(errors.LockNotAvailable):
            migrate(new_database, [waiting], login="calotype_login", phases=BOTH)


def test_a_database_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(DatabaseUnreachable, match="cannot be reached"):
        migrate("postgresql://127.0.0.1:1/none", parts(), login="nobody", phases=BOTH)
