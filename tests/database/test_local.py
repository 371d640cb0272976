"""The embedded PostgreSQL, with real servers, real processes and real kills."""

import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from calotype.database.local import (
    AlreadyServing,
    DatabaseNotStarted,
    DatabaseOfAnotherVersion,
    DataFolderUnusable,
    claim,
    embedded,
    program,
)

USER = """
import sys
from pathlib import Path
from calotype.database.local import embedded
with embedded(Path(sys.argv[1])) as server:
    print(server.owner_url, flush=True)
    sys.stdin.read()
"""

HURRIED = """
import sys
from pathlib import Path
import psycopg
from calotype.database.local import embedded
for _ in range(6):
    with embedded(Path(sys.argv[1])) as server, psycopg.connect(server.login_url) as connection:
        connection.execute("select 1")
"""

CLAIMANT = """
import sys
from pathlib import Path
from calotype.database.local import claim
with claim(Path(sys.argv[1])):
    print("claimed", flush=True)
    sys.stdin.read()
"""

# What containers usually forbid: a system call filter that answers EPERM to unshare.
WITHOUT_NAMESPACES = f"""
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
unshare = {97 if platform.machine() == "aarch64" else 272}
filter = b"".join(
    struct.pack("=HBBI", *step)
    for step in [(0x20, 0, 0, 0), (0x15, 0, 1, unshare), (6, 0, 0, 0x50001), (6, 0, 0, 0x7FFF0000)]
)
steps = ctypes.create_string_buffer(filter)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, struct.pack("HxxxxxxP", 4, ctypes.addressof(steps)), 0, 0) == 0
"""

WITHOUT_SEARCH_PRIVILEGES = """
assert all(libc.prctl(24, capability, 0, 0, 0) == 0 for capability in (1, 2))
"""

as_root = pytest.mark.skipif(
    os.geteuid() != 0 or sys.platform != "linux", reason="only root on Linux has to become another"
)


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that has had its first start, for tests that leave it as they find it."""
    with guarded(tmp_path_factory.mktemp("used") / "postgres") as folder, embedded(folder):
        pass
    with guarded(folder):
        yield folder


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Path]:
    with guarded(tmp_path / "postgres") as folder:
        yield folder


@contextmanager
def guarded(folder: Path) -> Iterator[Path]:
    """Let no server outlive a test that failed."""
    try:
        yield folder
    finally:
        if record(folder).exists() and is_running(pid_of(folder)):
            os.kill(pid_of(folder), signal.SIGQUIT)


def record(folder: Path) -> Path:
    return folder / "cluster" / "data" / "postmaster.pid"


def pid_of(folder: Path) -> int:
    return int(record(folder).read_text().split()[0])


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def wait_until(reached: Callable[[], bool]) -> None:
    for _ in range(1500):
        if reached():
            return
        time.sleep(0.02)
    pytest.fail("waited for half a minute")


@contextmanager
def process(script: str, folder: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Run *script* in another process, which ends when its standard input does."""
    with subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
        text=True,
    ) as started:
        yield started


def first_line(started: subprocess.Popen[str]) -> str:
    assert started.stdout
    return started.stdout.readline().strip() or pytest.fail(complaint(started))


def complaint(started: subprocess.Popen[str]) -> str:
    assert started.stderr
    return started.stderr.read()


def leave(started: subprocess.Popen[str]) -> None:
    _, complaints = started.communicate(timeout=30)
    assert started.returncode == 0, complaints


def kill(started: subprocess.Popen[str]) -> None:
    started.kill()
    started.wait()


def ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
        return row and row[0]


def tell(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode())


def test_it_starts_answers_and_leaves_nothing_running(fresh: Path) -> None:
    with embedded(fresh) as server:
        pid = pid_of(fresh)
        assert ask(server.owner_url, "select current_user") == "calotype_owner"
        assert ask(server.login_url, "select current_user") == "calotype_login"
        assert ask(server.owner_url, "show data_checksums") == "on"
        assert ask(server.owner_url, "show listen_addresses") == ""
    assert not record(fresh).exists()
    assert not is_running(pid)


def test_everything_in_the_folder_is_closed_to_others(used: Path) -> None:
    with embedded(used):
        assert used.stat().st_mode & 0o077 == 0
        assert (used / "socket").stat().st_mode & 0o077 == 0
        assert (used / "cluster" / "passwords.json").stat().st_mode & 0o077 == 0
        assert {path.owner() for path in used.rglob("*")} == {used.owner()}


def test_nobody_signs_in_without_the_password(used: Path) -> None:
    with embedded(used) as server:
        place = {"host": str(used / "socket"), "dbname": "calotype"}
        for user in ("calotype_owner", "calotype_login", "postgres"):
            for password in ("", "guessed"):
                with pytest.raises(psycopg.OperationalError, match="password"):
                    psycopg.connect(user=user, password=password, **place)
        assert "password" not in repr(server)
        assert server.owner_url not in repr(server)


def test_the_owner_makes_extensions_and_roles_and_the_login_nothing(used: Path) -> None:
    with embedded(used) as server:
        for extension in ("pg_trgm", "unaccent", "btree_gin", "citext"):
            tell(server.owner_url, f"create extension {extension}; drop extension {extension}")
        tell(
            server.owner_url,
            "create role app; grant app to calotype_login; revoke app from calotype_login;"
            "drop role app",
        )
        for forbidden in ("create table t ()", "create role r", "create schema s"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                tell(server.login_url, forbidden)
        question = "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"
        assert ask(server.owner_url, question) is False


def test_letters_beyond_ascii_are_letters(used: Path) -> None:
    with embedded(used) as server:
        assert ask(server.owner_url, "select lower('ÖÇ')") == "öç"
        assert ask(server.owner_url, "select to_tsvector('simple', 'ÖÇ')::text") == "'öç':1"


def test_two_processes_share_one_server_and_the_last_one_stops_it(used: Path) -> None:
    with process(USER, used) as other:
        url = first_line(other)
        pid = pid_of(used)
        with embedded(used) as server:
            assert server.owner_url == url
            assert pid_of(used) == pid
        assert ask(url, "select 1") == 1
        leave(other)
    assert not is_running(pid)


def test_a_server_whose_users_were_all_killed_is_adopted(used: Path) -> None:
    with process(USER, used) as other:
        first_line(other)
        pid = pid_of(used)
        kill(other)
    with embedded(used) as server:
        assert pid_of(used) == pid
        assert ask(server.owner_url, "select 1") == 1
    assert not is_running(pid)


def test_a_killed_server_starts_again_with_its_data(used: Path) -> None:
    with embedded(used) as server:
        tell(server.owner_url, "create table kept as select 42 as answer")
        killed = pid_of(used)
        os.kill(killed, signal.SIGKILL)
        server.revive()
        assert pid_of(used) != killed
        assert ask(server.owner_url, "select answer from kept") == 42
        os.kill(pid_of(used), signal.SIGKILL)
    with embedded(used) as server:
        assert ask(server.owner_url, "select answer from kept") == 42
        tell(server.owner_url, "drop table kept")


def test_the_record_of_a_crashed_machine_does_not_stand_in_the_way(used: Path) -> None:
    record(used).write_text(f"{os.getpid()}\n{used}\n0\n5432\n{used}\n\n0 0\nready\n")
    with embedded(used) as server:
        assert ask(server.owner_url, "select 1") == 1


def test_four_first_starts_at_once_make_one_server(fresh: Path) -> None:
    with (
        process(USER, fresh) as first,
        process(USER, fresh) as second,
        process(USER, fresh) as third,
        process(USER, fresh) as fourth,
    ):
        users = (first, second, third, fourth)
        assert len({first_line(user) for user in users}) == 1
        pid = pid_of(fresh)
        for user in users:
            assert is_running(pid)
            leave(user)
    assert not is_running(pid)


def test_comers_and_goers_never_find_it_stopped(used: Path) -> None:
    with process(HURRIED, used) as first, process(HURRIED, used) as second:
        leave(first)
        leave(second)
    assert not record(used).exists()


def test_a_first_start_that_is_killed_leaves_nothing_in_the_way(fresh: Path) -> None:
    with process(USER, fresh) as other:
        wait_until((fresh / "cluster.unfinished" / "data" / "base").exists)
        kill(other)
    assert not (fresh / "cluster").exists()
    with embedded(fresh) as server:
        assert ask(server.owner_url, "select 1") == 1
    assert not (fresh / "cluster.unfinished").exists()


@pytest.mark.parametrize("name", ["d" * 90, "a,b'$c"], ids=["deep", "odd"])
def test_a_socket_elsewhere_is_found_by_a_process_with_another_temporary_folder(
    tmp_path: Path, name: str
) -> None:
    deep = tmp_path / name / "postgres"
    with guarded(deep), process(USER, deep, TMPDIR="/tmp") as other:
        url = first_line(other)
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        with process(USER, deep, TMPDIR=str(elsewhere)) as another:
            assert first_line(another) == url
            assert ask(url, "select 1") == 1
            leave(another)
        socket_folder = Path(record(deep).read_text().splitlines()[4])
        assert socket_folder.stat().st_mode & 0o077 == 0
        leave(other)
    assert not socket_folder.exists()


def test_it_keeps_neither_the_pipe_nor_the_session_of_its_starter(used: Path) -> None:
    with process(USER, used) as other:
        first_line(other)
        assert os.getsid(pid_of(used)) == pid_of(used)
        other.kill()
        rest, _ = other.communicate(timeout=30)
        assert rest == ""
        assert is_running(pid_of(used))
    with embedded(used):
        pass


def test_ctrl_c_ends_the_user_and_stops_the_server_properly(used: Path) -> None:
    with process(USER, used) as other:
        first_line(other)
        pid = pid_of(used)
        other.send_signal(signal.SIGINT)
        other.communicate(timeout=30)
    assert not is_running(pid)
    state = subprocess.run(
        [program("pg_controldata"), used / "cluster" / "data"],
        check=True,
        capture_output=True,
        text=True,
        env={"LC_ALL": "C"},
    )
    assert "shut down\n" in state.stdout


def test_a_folder_of_another_version_is_refused_with_advice(used: Path) -> None:
    version = used / "cluster" / "data" / "PG_VERSION"
    ours = version.read_text()
    version.write_text("14\n")
    try:
        with (
            pytest.raises(DatabaseOfAnotherVersion, match=r"PostgreSQL 14.*backup"),
            embedded(used),
        ):
            pass
    finally:
        version.write_text(ours)


def test_a_server_that_cannot_start_says_why(used: Path) -> None:
    control = used / "cluster" / "data" / "global" / "pg_control"
    control.rename(used / "pg_control")
    try:
        with pytest.raises(DatabaseNotStarted, match="pg_control"), embedded(used):
            pass
    finally:
        (used / "pg_control").rename(control)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderUnusable, match="file"), embedded(tmp_path / "file" / "postgres"):
        pass


@as_root
def test_root_without_namespaces_becomes_another_user_now_and_later(fresh: Path) -> None:
    with process(WITHOUT_NAMESPACES + USER, fresh) as other:
        first_line(other)
        pid = pid_of(fresh)
        uid = psutil.Process(pid).uids().effective
        assert uid != 0
        with embedded(fresh) as server:
            assert pid_of(fresh) == pid
            assert ask(server.owner_url, "select 1") == 1
        leave(other)
    with embedded(fresh):
        assert psutil.Process(pid_of(fresh)).uids().effective == uid


@as_root
def test_root_without_namespaces_or_privileges_is_told_what_is_closed(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    script = WITHOUT_NAMESPACES + WITHOUT_SEARCH_PRIVILEGES + USER
    with process(script, closed / "postgres") as other:
        assert "may not pass through" in complaint(other)
    assert closed.stat().st_mode & 0o777 == 0o700


def test_the_second_claim_to_a_folder_is_refused_and_names_the_first(tmp_path: Path) -> None:
    with process(CLAIMANT, tmp_path) as other:
        first_line(other)
        with pytest.raises(AlreadyServing) as refusal, claim(tmp_path):
            pass
        assert refusal.value.pid == other.pid
        assert str(other.pid) in str(refusal.value)
        kill(other)
    with claim(tmp_path), pytest.raises(AlreadyServing), claim(tmp_path):
        pass
