"""Clients that cost little: threads with plain sockets, one connection each."""

import json
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from benchmarks.pictures import Picture

CLIENTS = 8
_BOUNDARY = b"the-boundary-of-a-benchmark"
_FORM = (
    b'--%s\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n'
    b"Content-Type: image/jpeg\r\n\r\n" % _BOUNDARY
)
_FORM_END = b"\r\n--%s--\r\n" % _BOUNDARY
_ZEROS = memoryview(bytes(1 << 20))
_TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class Target:
    """Where files go, and in which wrapping."""

    port: int
    path: str
    multipart: bool = True
    key: str | None = None
    fields: dict[str, str] = field(default_factory=dict)

    def request(self, picture: Picture) -> Iterator[bytes | memoryview]:
        """The pieces of one request, in order."""
        before, after = (self._form(), _FORM_END) if self.multipart else (b"", b"")
        yield self._header(len(before) + picture.size_bytes + len(after)) + before + picture.head
        yield picture.shared
        for start in range(0, picture.trailing_bytes, len(_ZEROS)):
            yield _ZEROS[: picture.trailing_bytes - start]
        if after:
            yield after

    def _form(self) -> bytes:
        said = b"".join(
            b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
            % (_BOUNDARY, name.encode(), value.encode())
            for name, value in self.fields.items()
        )
        return said + _FORM

    def _header(self, length: int) -> bytes:
        kind = f"multipart/form-data; boundary={_BOUNDARY.decode()}"
        lines = [
            f"POST {self.path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            f"Content-Length: {length}",
            f"Content-Type: {kind if self.multipart else 'image/jpeg'}",
            *([f"Authorization: Bearer {self.key}"] if self.key else []),
        ]
        return "\r\n".join([*lines, "", ""]).encode()


class Connection:
    """One kept-alive connection to a server on this machine."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), _TIMEOUT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, target: Target, picture: Picture) -> dict[str, Any]:
        """Send one file and return what the answer says; anything but success raises."""
        for piece in target.request(picture):
            self._socket.sendall(piece)
        status, body = self._answer()
        if status not in {200, 201}:
            raise RuntimeError(f"{target.path} answered {status}: {body[:300]!r}")
        return json.loads(body) if body.startswith(b"{") else {}

    def close(self) -> None:
        self._socket.close()

    def _answer(self) -> tuple[int, bytes]:
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        lines = head.decode().lower().split("\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith("content-length:"))
        while len(body) < length:
            body += self._more()
        return int(lines[0].split()[1]), body

    def _more(self) -> bytes:
        chunk = self._socket.recv(1 << 16)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        return chunk


def send_all(target: Target, pictures: Iterable[Picture], clients: int = CLIENTS) -> list[Any]:
    """Send every picture once, by so many clients; return the answers."""
    connections = [Connection(target.port) for _ in range(clients)]
    try:
        return share_out(
            pictures, [lambda p, c=connection: c.send(target, p) for connection in connections]
        )
    finally:
        for connection in connections:
            connection.close()


def share_out(pictures: Iterable[Picture], workers: list[Any]) -> list[Any]:
    """Let every worker, in a thread of its own, take the next picture as soon as it is free."""
    left, results, failures = list(pictures), [], []

    def work(take: Any) -> None:
        try:
            while not failures:
                results.append(take(left.pop()))
        except IndexError:
            return
        except Exception as error:  # noqa: BLE001 -- it is raised again below, in the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=[worker]) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results


def wait_for_port(port: int, seconds: float = 60) -> None:
    """Return when something listens on *port*."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return chosen.getsockname()[1]
