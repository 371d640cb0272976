"""A PostgreSQL of one's own that can be stopped at once, as by a power cut, and started again."""

import os
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from calotype.database import Embedded, embedded
from tests.conftest import Cluster, _migrated

_PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Mains:
    """Where the power of the server comes from."""

    cluster: Cluster
    server: Embedded

    @property
    def data(self) -> Path:
        return self.server.folder / "cluster" / "data"

    def hold_the_log_back(self) -> None:
        """Let nothing but a durable commit write the log, so that a cut loses all others."""
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write("wal_writer_delay = '10s'\nwal_writer_flush_after = '64MB'\n")
        os.kill(self._pid(), signal.SIGHUP)
        with psycopg.connect(self.cluster.owner_url, autocommit=True) as connection:
            wait_until(lambda: connection.execute("show wal_writer_delay").fetchone() == ("10s",))

    def cut(self) -> None:
        """Stop everything without writing anything more, and start with crash recovery."""
        pid = self._pid()
        os.kill(pid, signal.SIGQUIT)
        wait_until(lambda: not _lives(pid))
        self.server.revive()
        self.hold_the_log_back()

    def _pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])


@contextmanager
def mains(folder: Path) -> Generator[Mains]:
    with embedded(folder) as server:
        supplied = Mains(_migrated(server.owner_url, server.login_url), server)
        supplied.hold_the_log_back()
        yield supplied


def wait_until(is_so) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.01)


def _lives(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
