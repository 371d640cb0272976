"""One child process, as the server sees it."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from calotype.errors import CalotypeError
from calotype.imaging import wire
from calotype.imaging.errors import (
    ImagingUnavailable,
    NotAPicture,
    TooManyFrames,
    TooManyPixels,
    Unreadable,
)
from calotype.imaging.model import Isolation, Limits

_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "VIPS_BLOCK_UNTRUSTED": "1",
    "VIPS_CONCURRENCY": "1",
    "VIPS_WARNING": "0",
    "MALLOC_ARENA_MAX": "2",
}
"""Everything that a child may know of its surroundings; libvips reads these when it loads."""

_START_SECONDS = 30.0
_END_SECONDS = 5.0
_READ_BYTES = 1 << 16

_REFUSALS: dict[str, type[CalotypeError]] = {
    kind.__name__: kind for kind in (NotAPicture, TooManyPixels, TooManyFrames, Unreadable)
}
_CRASHES = frozenset(
    {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE, signal.SIGTRAP}
)
"""How a decoder dies of a picture; any other signal came from outside."""


class Sandbox:
    """A warm child and the only channel to it; good for one question at a time."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", channel: socket.socket, limits: Limits
    ) -> None:
        self._process = process
        self._channel = channel
        self._limits = limits
        self._answered = 0
        self._peak_mb = 0

    @classmethod
    async def start(cls, limits: Limits) -> tuple["Sandbox", Isolation]:
        """Start a child and wait until it has locked itself in."""
        sandbox = cls(*_spawn(limits), limits)
        try:
            async with asyncio.timeout(_START_SECONDS):
                return sandbox, Isolation.from_json(await sandbox._receive())
        except BaseException as error:
            sandbox.kill()
            if isinstance(error, (TimeoutError, EOFError, OSError, ValueError, KeyError)):
                raise ImagingUnavailable("a child process did not start") from error
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def is_worn(self) -> bool:
        """Whether it has worked, or grown, enough to be replaced."""
        return (
            self._answered >= self._limits.jobs_per_child
            or self._peak_mb > self._limits.keep_below_mb
        )

    async def ask(self, verb: str, file: Path) -> Mapping[str, Any]:
        """Hand *file* over and wait for the answer; after any other error it must be killed."""
        try:
            async with asyncio.timeout(self._limits.wall_seconds):
                self._send(verb, file)
                reply = await self._receive()
        except TimeoutError as error:
            raise Unreadable(f"it took longer than {self._limits.wall_seconds:g} s") from error
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            raise await self._cause_of_death() from error
        return self._opened(reply)

    def kill(self) -> None:
        self._channel.close()
        self._process.kill()

    def wait(self) -> int:
        """Wait until the killed process is gone; blocks."""
        return self._process.wait(_END_SECONDS)

    def _send(self, verb: str, file: Path) -> None:
        """A request is smaller than the buffer of an idle channel, so this never blocks."""
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            socket.send_fds(self._channel, [wire.pack({"verb": verb})], [descriptor])
        finally:
            os.close(descriptor)

    async def _receive(self) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        received = bytearray()
        while missing := wire.missing_bytes(received):
            chunk = await loop.sock_recv(self._channel, max(missing, _READ_BYTES))
            if not chunk:
                raise EOFError
            received += chunk
        return wire.unpack(received)

    def _opened(self, reply: Mapping[str, Any]) -> Mapping[str, Any]:
        self._answered += 1
        self._peak_mb = int(reply["peak_mb"])
        if "refused" in reply:
            raise _REFUSALS[reply["refused"]](str(reply["detail"]))
        return reply["answer"]

    async def _cause_of_death(self) -> CalotypeError:
        code = await asyncio.to_thread(self.wait)
        if -code == signal.SIGXCPU:
            return Unreadable(f"it took more than {self._limits.cpu_seconds} s of computing")
        if -code in _CRASHES:
            return Unreadable("the decoder crashed on it")
        return ImagingUnavailable(f"a child process ended with {code} while it worked")


def _spawn(limits: Limits) -> "tuple[subprocess.Popen[bytes], socket.socket]":
    """Start the process from the thread of the event loop.

    It dies with the thread that started it, and those of an executor come and go.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        descriptor = theirs.fileno()
        program = ["-I", "-m", "calotype.imaging.child", str(descriptor)]
        process = subprocess.Popen(
            [sys.executable, *program, json.dumps(asdict(limits))],
            pass_fds=(descriptor,),
            env=_ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    ours.setblocking(False)
    return process, ours
