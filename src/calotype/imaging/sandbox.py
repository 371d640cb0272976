"""One child process, as the server sees it."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self, TypeVar

from calotype.errors import CalotypeError
from calotype.imaging import wire
from calotype.imaging.errors import (
    ImagingUnavailable,
    NotAPicture,
    TooManyFrames,
    TooManyPixels,
    Unreadable,
)
from calotype.imaging.linux import resident_mb
from calotype.imaging.model import Isolation, Limits

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "VIPS_BLOCK_UNTRUSTED": "1",
    "VIPS_CONCURRENCY": "1",
    "VIPS_DISC_THRESHOLD": "100g",
    "VIPS_WARNING": "0",
    "MALLOC_ARENA_MAX": "2",
    "OPENBLAS_NUM_THREADS": "1",
}
"""Everything that a child may know of its surroundings; libvips and NumPy read these when they load.

It would keep large pictures in files, which a child cannot write, but for the threshold.
"""

Answer = TypeVar("Answer")

_NONSENSE = (ValueError, KeyError, TypeError)
"""What comes of reading a message that is not one."""

_START_SECONDS = 30.0
_DYING_SECONDS = 2.0
_END_SECONDS = 5.0
_READ_BYTES = 1 << 16

_REFUSALS: dict[str, type[CalotypeError]] = {
    kind.__name__: kind
    for kind in (NotAPicture, TooManyPixels, TooManyFrames, Unreadable, ImagingUnavailable)
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
        self._owes_answer = False
        self._answers = 0

    @classmethod
    def start(cls, limits: Limits) -> Self:
        return cls(*_spawn(limits), limits)

    async def ready(self) -> Isolation:
        """Wait until the child has locked itself in."""
        try:
            async with asyncio.timeout(_START_SECONDS):
                return Isolation.from_json(await self._receive())
        except (TimeoutError, EOFError, OSError, *_NONSENSE) as error:
            raise ImagingUnavailable("a child process did not start") from error

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def is_reusable(self) -> bool:
        """Whether it has answered all questions, and has neither worked nor grown too much."""
        return (
            not self._owes_answer
            and self._answers < self._limits.jobs_per_child
            and self.is_alive
            and resident_mb(self.pid) <= self._limits.keep_below_mb
        )

    async def ask(
        self,
        verb: str,
        file: Path,
        read: Callable[[Mapping[str, Any]], Answer],
        *,
        beside: Sequence[Path] = (),
        into: Sequence[Path] = (),
        **details: object,
    ) -> Answer:
        """Hand *file* over; wait for the answer and *read* it.

        Files *beside* it are read too, and new ones made to write *into*.
        """
        message = wire.pack({"verb": verb, "details": details, "files": 1 + len(beside)})
        try:
            async with asyncio.timeout(self._limits.wall_seconds):
                self._send(message, [file, *beside], into)
                return self._open(await self._receive(), read)
        except TimeoutError as error:
            reason = f"it took longer than {self._limits.wall_seconds:g} s"
            raise Unreadable(reason) from error
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            raise await self._cause_of_death() from error
        except _NONSENSE as error:
            raise Unreadable("the decoder gave no sensible answer") from error

    def kill(self) -> None:
        """End the process; a question that is still open finds out by itself."""
        self._process.kill()

    def discard(self) -> None:
        """End the process and the channel, when no question is open any more."""
        self._channel.close()
        self.kill()

    def wait(self) -> int:
        """Wait until the killed process is gone; blocks."""
        return self._process.wait(_END_SECONDS)

    def _send(self, message: bytes, files: Sequence[Path], into: Sequence[Path]) -> None:
        """Send a request, which is smaller than an idle channel's buffer: this never blocks."""
        with ExitStack() as opened:
            descriptors = [_open_for(opened, file, os.O_RDONLY) for file in files]
            descriptors += [_open_for(opened, each, _NEW_FILE) for each in into]
            self._owes_answer = True
            socket.send_fds(self._channel, [message], descriptors)

    async def _receive(self) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        received = bytearray()
        while missing := wire.missing_bytes(received):
            chunk = await loop.sock_recv(self._channel, max(missing, _READ_BYTES))
            if not chunk:
                raise EOFError
            received += chunk
        return wire.unpack(received)

    def _open(
        self, reply: Mapping[str, Any], read: Callable[[Mapping[str, Any]], Answer]
    ) -> Answer:
        """Only a child that answered in an orderly way may be asked again."""
        self._answers += 1
        if "refused" in reply:
            refusal = _REFUSALS[reply["refused"]](str(reply["detail"]))
            self._owes_answer = False
            raise refusal
        answer = read(reply["answer"])
        self._owes_answer = False
        return answer

    async def _cause_of_death(self) -> CalotypeError:
        code = await asyncio.to_thread(self._ended)
        if -code == signal.SIGXCPU:
            return Unreadable(f"it took more than {self._limits.cpu_seconds} s of computing")
        if code >= 0 or -code in _CRASHES:
            return Unreadable("the decoder crashed on it")
        return ImagingUnavailable(f"signal {-code} ended a child process while it worked")

    def _ended(self) -> int:
        """Give it time to die of what it is dying of; blocks."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(_DYING_SECONDS)
        self.kill()
        return self.wait()


def _open_for(opened: ExitStack, file: Path, flags: int) -> int:
    """Open *file* until *opened* ends."""
    descriptor = os.open(file, flags | os.O_CLOEXEC, 0o600)
    opened.callback(os.close, descriptor)
    return descriptor


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
    ours.settimeout(0)
    return process, ours
