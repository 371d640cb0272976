"""The database cluster on disk: how it is made, and the settings that it runs with."""

import json
import os
import secrets
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from calotype.database.local.errors import DatabaseOfAnotherVersion
from calotype.database.local.files import create
from calotype.database.local.layout import PORT, Layout
from calotype.database.local.programs import Programs

# The superuser gets no password, so that nobody can sign in as it.
_ROLES = """\
create role calotype_owner login createrole password '{owner}';
create role calotype_login login noinherit password '{login}';
create database calotype owner calotype_owner;
revoke all on database calotype, postgres, template1 from public;
grant connect on database calotype to calotype_login;
"""

_ACCESS = "local all all scram-sha-256\n"

_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    # Nothing is acknowledged before it is on disk.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_compression": "on",
    "max_wal_size": "512MB",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    # Sized for a machine with two cores that has more to do than this.
    "shared_buffers": "128MB",
    "effective_cache_size": "512MB",
    "maintenance_work_mem": "64MB",
    "io_method": "sync",
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    "max_parallel_workers_per_gather": "1",
    "max_parallel_maintenance_workers": "1",
    "autovacuum": "on",
    "autovacuum_max_workers": "2",
    # Statements planned for empty tables are planned anew after these were analysed.
    "autovacuum_naptime": "10s",
    "jit": "off",
    "track_io_timing": "off",
    "random_page_cost": "1.1",
    # Transactions wait for nothing but the database, so one that idles has been forgotten.
    "deadlock_timeout": "1s",
    "idle_in_transaction_session_timeout": "60s",
    # One file for each day of the week, written anew after a week; statements and their values
    # stay out of it, since they are people's own.
    "logging_collector": "on",
    "log_directory": "../../log",
    "log_filename": "%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_line_prefix": "%m [%p] ",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "lc_messages": "C",
    "cluster_name": "calotype",
}


@dataclass(frozen=True, slots=True)
class Passwords:
    """What the two roles sign in with."""

    owner: str
    login: str

    @classmethod
    def new(cls) -> Self:
        return cls(owner=secrets.token_urlsafe(24), login=secrets.token_urlsafe(24))

    @classmethod
    def read(cls, cluster: Path) -> Self:
        return cls(**json.loads((cluster / "passwords.json").read_text()))

    def write(self, cluster: Path) -> None:
        with create(cluster / "passwords.json") as file:
            file.write(json.dumps(asdict(self)).encode())
            file.flush()
            os.fsync(file.fileno())


def prepare(layout: Layout, programs: Programs) -> None:
    """Have a cluster that these programs can run, with the settings of today."""
    if not layout.cluster.exists():
        _initialise(layout, programs)
    found = (layout.data / "PG_VERSION").read_text().strip()
    ours = programs.version.split(".", maxsplit=1)[0]
    if found != ours:
        raise DatabaseOfAnotherVersion(found, ours)
    # Nobody holds the lock of the living, so it is the record of a server that was killed; its
    # number may by now be another process's, which would keep PostgreSQL from starting.
    (layout.data / "postmaster.pid").unlink(missing_ok=True)
    _configure(layout)


def _initialise(layout: Layout, programs: Programs) -> None:
    """Make the cluster under another name, so that a half-made one is never taken for whole."""
    if layout.unfinished.exists():
        shutil.rmtree(layout.unfinished)
    layout.make(layout.unfinished)
    data = f"--pgdata={layout.unfinished / 'data'}"
    locale = ("--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    access = ("--username=postgres", "--auth=reject")
    programs.demand(
        "initdb", data, *access, *locale, "--encoding=UTF8", "--data-checksums", "--no-sync"
    )
    passwords = Passwords.new()
    passwords.write(layout.unfinished)
    _make_roles(layout, programs, passwords)
    programs.demand("initdb", data, "--sync-only")
    layout.unfinished.rename(layout.cluster)
    _sync(layout.folder)


def _make_roles(layout: Layout, programs: Programs, passwords: Passwords) -> None:
    """Use PostgreSQL's single-user mode: no server runs, and nobody else can sign in."""
    data = str(layout.unfinished / "data")
    strict = (
        "-c",
        "exit_on_error=on",
        "-c",
        "fsync=off",
        "-c",
        "password_encryption=scram-sha-256",
    )
    script = _ROLES.format(**asdict(passwords))
    programs.demand("postgres", "--single", *strict, "-D", data, "postgres", script=script)


def _configure(layout: Layout) -> None:
    """Write the settings anew: those of an older calotype would linger otherwise."""
    settings = {**_SETTINGS, "unix_socket_directories": f'"{layout.make_socket_folder()}"'}
    lines = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
    _replace(layout, "postgresql.conf", lines)
    _replace(layout, "pg_hba.conf", _ACCESS)


def _replace(layout: Layout, name: str, text: str) -> None:
    fresh = layout.data / f"{name}.new"
    with create(fresh) as file:
        file.write(text.encode())
    fresh.replace(layout.data / name)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
