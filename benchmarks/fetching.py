"""Asking for pictures, and what that costs the servers."""

import http.client
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.sending import CLIENTS, share_out
from benchmarks.serving import Served

_PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Address:
    """Where somebody has a picture; `servers` are those who work for it, the asked one first."""

    name: str
    path: str
    servers: tuple[Served, ...]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.servers[0].port}{self.path}"

    def used(self) -> Counter[str]:
        """Processor seconds so far; PostgreSQL, the worker and others are told apart."""
        return sum((server.cpu_seconds() for server in self.servers), Counter[str]())

    def measure(self, seconds: float, clients: int = CLIENTS) -> dict[str, float]:
        """Ask as often as possible for so long."""
        before = self.used()
        said = subprocess.run(
            ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", self.url],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        assert not re.search("Non-2xx|Socket errors", said), said
        requests = int(_found(r"(\d+) requests in", said))
        each = {part: 1e6 * used / requests for part, used in (self.used() - before).items()}
        slowest = _milliseconds(_found(r"99%\s+(\S+)", said))
        rate = float(_found(r"Requests/sec:\s+([\d.]+)", said))
        return {**each, "total": sum(each.values()), "rate": rate, "p99": slowest}


def _found(pattern: str, said: str) -> str:
    match = re.search(pattern, said)
    assert match is not None, said
    return match[1]


def _milliseconds(said: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", said).groups()
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def fetch(port: int, path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    """Ask once; anything but success raises."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_SECONDS)
    try:
        return _ask(connection, path, headers)
    finally:
        connection.close()


def fetch_all(port: int, paths: Sequence[str], clients: int = CLIENTS) -> list[float]:
    """Ask for every path once; return how many milliseconds each took."""
    connections = [
        http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_SECONDS)
        for _ in range(clients)
    ]

    def timed(path: str, connection: http.client.HTTPConnection) -> float:
        started = time.perf_counter()
        _ask(connection, path, {})
        return 1000 * (time.perf_counter() - started)

    try:
        return share_out(paths, [lambda path, c=each: timed(path, c) for each in connections])
    finally:
        for each in connections:
            each.close()


def _ask(
    connection: http.client.HTTPConnection, path: str, headers: dict[str, str]
) -> tuple[http.client.HTTPResponse, bytes]:
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}: {body[:300]!r}")
    return answer, body


def wait_until(happened: Callable[[], bool], what: str, every_seconds: float = 0.1) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(every_seconds)
