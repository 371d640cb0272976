"""Serving: PostgreSQL, the HTTP server and a worker, started, watched and stopped together."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

import structlog

from calotype.app import Urls, build, database_urls, parts
from calotype.database import claim, login_of, migrate
from calotype.errors import Conflict, Unavailable
from calotype.settings import Settings

log = structlog.get_logger()

_LOOK_SECONDS = 0.5
_START_SECONDS = 60
# Of the ten seconds that a stop may take, PostgreSQL, which ends last, needs some too.
_STOP_SECONDS = 7
_CRASHES = 5
_CRASH_WINDOW_SECONDS = 60
_LONGEST_PAUSE_SECONDS = 15
# Bodies arrive in pieces of some hundred kilobytes. Left alone, glibc gives the memory of each
# back to the system and asks for it again, which costs more than receiving them.
_KEEPING_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "MALLOC_TOP_PAD_": str(1 << 20),
}


class PortTaken(Conflict):
    """Another program listens on this port."""


class PartFailed(Unavailable):
    """A part of calotype ended over and over; its last words are above."""


@dataclass(frozen=True, slots=True)
class Serving:
    """What `calotype serve` was asked for."""

    host: str
    port: int
    workers: int
    with_worker: bool

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


@dataclass(slots=True)
class _Part:
    """A child process that is started again when it ends."""

    module: str
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    ended_at: list[float] = field(default_factory=list[float])
    start_at: float | None = None

    def start(self) -> None:
        """Start in a session of its own, so that signals to the group reach the supervisor only."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", self.module],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def restart_if_ended(self) -> None:
        """Start it anew: at once, and ever later if it ends again and again."""
        assert self.process is not None
        if self.process.poll() is None:
            return
        now = time.monotonic()
        if self.start_at is None:
            log.error("serve.part_ended", part=self.module, code=self.process.returncode)
            self.start_at = now + self._note_end(now)
        if now >= self.start_at:
            self.start_at = None
            self.start()

    def _note_end(self, now: float) -> float:
        """Tell for how many seconds to leave it alone."""
        recent = [at for at in self.ended_at if now - at < _CRASH_WINDOW_SECONDS]
        self.ended_at = [*recent, now]
        return min(2 ** len(recent) - 1, _LONGEST_PAUSE_SECONDS)

    def demand_success(self) -> None:
        """Give up on a part that cannot even start."""
        if len(self.ended_at) >= _CRASHES:
            raise PartFailed(f"{self.module} ended {_CRASHES} times within a minute.")


def serve(settings: Settings, serving: Serving, announce: Callable[[str], None]) -> None:
    """Serve until a signal comes; *announce* what a person should read."""
    stop = _Stop()
    with claim(settings.data.resolve()), database_urls(settings) as urls:
        _check_port(serving)
        bring_up(settings, urls)
        link = asyncio.run(_prepare(settings, urls))
        children = _parts(settings, serving)
        try:
            for part in children:
                part.start()
            _await_listening(serving, children, stop)
            if not stop.wanted:
                _announce(serving, link, announce)
            _watch(children, urls, stop)
        finally:
            _stop_all(children)


def _announce(serving: Serving, link: str | None, announce: Callable[[str], None]) -> None:
    announce(f"calotype serves at {serving.address}")
    if link:
        announce(f"Sign in, once and within 15 minutes: {serving.address}{link}")


def bring_up(settings: Settings, urls: Urls, *, after: bool = False) -> list[str]:
    """Apply migrations; where the database is our own, nobody else runs an older release."""
    phases = ("before", "after") if after or settings.database_url is None else ("before",)
    return migrate(urls.owner, parts(), login=login_of(urls.login), phases=phases)


async def _prepare(settings: Settings, urls: Urls) -> str | None:
    """Give a fresh installation its tenant, its mark and its first link."""
    async with build(settings, urls.login, connections=2) as house:
        await house.accounts.ensure_default_tenant()
        await house.sweeper.ensure_epoch()
        # Nobody else receives into this folder, so what lies there was left by a crash.
        await house.uploads.spool.remove_leftovers(older_than_hours=0)
        link = await house.accounts.ensure_first_admin()
    return f"/sign-in/{link.secret}" if link else None


def _parts(settings: Settings, serving: Serving) -> list[_Part]:
    environment = {
        **_KEEPING_MEMORY,
        **os.environ,
        "CALOTYPE_DATA": str(settings.data.resolve()),
        "CALOTYPE_SUPERVISOR": str(os.getpid()),
        "CALOTYPE_SERVE_HOST": serving.host,
        "CALOTYPE_SERVE_PORT": str(serving.port),
        "CALOTYPE_SERVE_WORKERS": str(serving.workers),
    }
    modules = ["calotype.server", *(["calotype.worker"] if serving.with_worker else [])]
    return [_Part(module, environment) for module in modules]


def _check_port(serving: Serving) -> None:
    try:
        with socket.create_server((serving.host, serving.port)):
            pass
    except OSError as error:
        raise PortTaken(f"{serving.address} cannot be listened on: {error.strerror}.") from error


def _await_listening(serving: Serving, children: list[_Part], stop: "_Stop") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not stop.wanted:
        if _listens(serving):
            return
        if time.monotonic() > deadline:
            raise PartFailed(f"Nothing listens at {serving.address} after {_START_SECONDS} s.")
        for part in children:
            part.restart_if_ended()
            part.demand_success()
        time.sleep(_LOOK_SECONDS / 5)


def _listens(serving: Serving) -> bool:
    try:
        socket.create_connection((serving.host, serving.port), _LOOK_SECONDS).close()
    except OSError:
        return False
    return True


def _watch(children: list[_Part], urls: Urls, stop: "_Stop") -> None:
    """Never give up on what has served before: a database elsewhere may be away for hours."""
    while not stop.wanted:
        for part in children:
            part.restart_if_ended()
        if urls.server is not None:
            urls.server.revive()
        time.sleep(_LOOK_SECONDS)


def _stop_all(children: list[_Part]) -> None:
    """Ask every child to end; whoever has not in time is ended."""
    running = [part.process for part in children if part.process is not None]
    for process in running:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + _STOP_SECONDS
    for process in running:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class _Stop:
    """Whether a signal asked to stop; those that follow the first change nothing."""

    def __init__(self) -> None:
        self.wanted = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._want)

    def _want(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.wanted = True
