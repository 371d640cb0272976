"""What cannot work is said in one sentence, with an exit code that tells its kind."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.installation import Installation, free_port


@pytest.fixture
def fresh(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "data")


def demand_sentence(installation: Installation, code: int, *words: str, **environment: str) -> str:
    done = installation.run(*words, **environment)
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith("calotype: ")
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.rstrip().endswith("."), done.stderr
    return done.stderr


@pytest.mark.parametrize("command", ["serve", "worker", "stats"])
def test_a_database_that_does_not_answer(fresh: Installation, command: str) -> None:
    url = f"postgresql://someone:a-secret@127.0.0.1:{free_port()}/calotype"
    said = demand_sentence(fresh, 7, command, CALOTYPE_DATABASE_URL=url)
    assert "cannot be reached" in said
    assert "a-secret" not in said


@pytest.mark.parametrize("url", ["postgresql://nowhere.invalid/x", "mysql://x/y"])
def test_an_address_of_no_database(fresh: Installation, url: str) -> None:
    demand_sentence(fresh, 7, "serve", CALOTYPE_DATABASE_URL=url)


def test_a_password_that_is_wrong(serving: Installation, fresh: Installation) -> None:
    record = (serving.data / "postgres/cluster/data/postmaster.pid").read_text().split("\n")
    url = f"postgresql://calotype_login:a-secret@:{record[3]}/calotype?host={record[4]}"
    said = demand_sentence(fresh, 7, "serve", CALOTYPE_DATABASE_URL=url)
    assert "password authentication failed" in said
    assert "a-secret" not in said


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack(">I", len(body) + 4) + body


@contextmanager
def postgresql_of(version: str) -> Iterator[int]:
    """Speak just enough of the protocol to be taken for a PostgreSQL of *version*."""
    told = b"server_version\0" + version.encode() + b"\0"
    welcome = message(b"R", bytes(4)) + message(b"S", told) + message(b"Z", b"I")

    def answer(listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                while begun := connection.recv(8):
                    if begun[4:] == struct.pack(">I", 80877103):
                        connection.sendall(b"N")
                    else:
                        connection.sendall(welcome)
                        connection.recv(1 << 16)
                        break

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer, args=[listening], daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.mark.parametrize("command", ["serve", "stats"])
def test_a_database_that_is_too_old(fresh: Installation, command: str) -> None:
    with postgresql_of("14.9") as port:
        url = f"postgresql://someone@127.0.0.1:{port}/calotype"
        said = demand_sentence(fresh, 7, command, CALOTYPE_DATABASE_URL=url)
    assert "too old: calotype needs version 15 or newer" in said


BAD_SETTINGS = {
    "CALOTYPE_MAX_UPLOAD": "lots",
    "CALOTYPE_ORPHAN_GRACE": "soon",
    "CALOTYPE_TRASH_DAYS": "-1",
    "CALOTYPE_DATABASE_CONNECTIONS": "0",
    "CALOTYPE_LOG_LEVEL": "loud",
}


def test_each_setting_that_makes_no_sense_is_named(fresh: Installation) -> None:
    said = demand_sentence(fresh, 5, "serve", **BAD_SETTINGS)
    for name in BAD_SETTINGS:
        assert name in said


def test_a_store_of_an_unknown_kind(fresh: Installation) -> None:
    said = demand_sentence(fresh, 5, "serve", CALOTYPE_STORAGE_URL="ftp://somewhere/else")
    assert "webdav+https" in said


def test_a_port_that_is_taken(fresh: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert port in demand_sentence(fresh, 4, "serve", "--port", port)


def test_a_port_or_host_that_does_not_exist(fresh: Installation) -> None:
    assert fresh.run("serve", "--port", "99999").returncode == 2
    demand_sentence(fresh, 4, "serve", "--host", "nowhere.invalid")


def test_a_data_folder_that_is_a_file(fresh: Installation) -> None:
    fresh.data.write_text("mine")
    done = fresh.run("serve")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert fresh.data.read_text() == "mine"
