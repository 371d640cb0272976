"""A whole calotype as people run it: a process, its children, its PostgreSQL, its folder."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

SERVICE_KEY = "k"
_PATIENCE_SECONDS = 60


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def await_that(
    happened: Callable[[], object], what: str, seconds: float = _PATIENCE_SECONDS
) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.05)


def lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@dataclass
class Installation:
    """One data folder, and the commands that are run on it."""

    data: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    server: subprocess.Popen | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        """Everything that `serve` has printed so far."""
        return self._output_file.read_text(errors="replace")

    @property
    def _output_file(self) -> Path:
        return self.data.parent / f"{self.data.name}-{self.port}.out"

    @property
    def settings(self) -> dict[str, str]:
        mine = {name: text for name, text in os.environ.items() if not name.startswith("CALOTYPE_")}
        return {**mine, "CALOTYPE_SERVICE_KEY": SERVICE_KEY, **self.environment}

    def start(self, *options: str) -> None:
        """Start `serve` in a process group of its own and wait until it says that it serves."""
        with self._output_file.open("ab") as output:
            self.server = subprocess.Popen(
                self._command("serve", "--port", str(self.port), "--data", str(self.data), *options),
                env=self.settings, cwd=self.data.parent, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        began = len(self.output)
        await_that(
            lambda: f"serves at {self.address}" in self.output[began:] or self.ended, "start"
        )
        assert not self.ended, self.output

    @property
    def ended(self) -> bool:
        return self.server is None or self.server.poll() is not None

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run another command on the same data folder."""
        return subprocess.run(
            self._command(*words, "--data", str(self.data)), env={**self.settings, **environment},
            cwd=self.data.parent, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=_PATIENCE_SECONDS, check=False,
        )  # fmt: skip

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "calotype", *words]

    def client(self, **headers: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {SERVICE_KEY}", **headers}
        return httpx.Client(base_url=self.address, headers=headers, timeout=_PATIENCE_SECONDS)

    def processes(self) -> list[psutil.Process]:
        """Everything that runs for this data folder: children, their children, PostgreSQL."""
        found: dict[int, psutil.Process] = {}
        for top in [self._process(self.server.pid) if self.server else None, self.postmaster]:
            if top is not None:
                with suppress(psutil.NoSuchProcess):
                    found |= {each.pid: each for each in (top, *top.children(recursive=True))}
        return [each for each in found.values() if lives(each)]

    def part(self, module: str) -> psutil.Process:
        """The child of `serve` that runs *module*."""
        assert self.server is not None
        parts = psutil.Process(self.server.pid).children()
        return next(part for part in parts if lives(part) and module in part.cmdline())

    @property
    def postmaster(self) -> psutil.Process | None:
        """PostgreSQL itself, which lives outside the tree of `serve`."""
        try:
            lines = (self.data / "postgres/cluster/data/postmaster.pid").read_text().split("\n")
            found = psutil.Process(int(lines[0]))
            serves_us = str(self.data / "postgres") in " ".join(found.cmdline())
        except (OSError, ValueError, psutil.NoSuchProcess):
            return None
        return found if serves_us else None

    def _process(self, pid: int) -> psutil.Process | None:
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(pid)
        return None

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask `serve` to end, and wait for it; return its exit code."""
        assert self.server is not None
        self.server.send_signal(number)
        return self.server.wait(_PATIENCE_SECONDS)

    def kill_everything(self) -> None:
        """End all at once, as a power cut does, whatever they were doing."""
        doomed = self.processes()
        for each in doomed:
            with suppress(psutil.NoSuchProcess):
                each.send_signal(signal.SIGKILL)
        if self.server is not None:
            self.server.wait(_PATIENCE_SECONDS)
        await_that(lambda: not any(lives(each) for each in doomed), "the end of everything")
