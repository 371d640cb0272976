"""Clients that do not keep to HTTP: the server answers, forgets them, and stays up."""

import socket
from contextlib import suppress

import pytest

from tests import pictures
from tests.acceptance.installation import Installation, await_that

HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
TAIL = b"\r\n--b--\r\n"
MEGABYTE = 1_000_000


def request(length: str, key: str = "k") -> bytes:
    return (
        "POST /api/media HTTP/1.1\r\nHost: calotype.test\r\n"
        f"Authorization: Bearer {key}\r\n{length}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    ).encode()


def exchange(installation: Installation, *pieces: bytes) -> bytes:
    """Send everything, whether or not anybody listens; return the first answer."""
    with socket.create_connection(("127.0.0.1", installation.port), timeout=30) as connection:
        with suppress(OSError):
            for piece in pieces:
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)
        return received(connection)


def received(connection: socket.socket) -> bytes:
    answer = b""
    with suppress(ConnectionResetError):
        while piece := connection.recv(1 << 16):
            answer += piece
    return answer


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def demand_untouched(installation: Installation) -> None:
    """Nothing half-stored is left, and the server takes uploads as before."""
    spool = installation.data / "spool"
    await_that(lambda: list(spool.iterdir()) == [], "the emptying of the spool")
    with installation.client() as client:
        before = client.get("/api/media").json()["total"]
        added = client.post("/api/media", files={"file": ("a.jpg", pictures.jpeg())})
        assert added.status_code == 201
        assert client.get("/api/media").json()["total"] == before + 1 == 1
        assert client.delete("/api/media/" + added.json()["id"]).status_code == 204


def test_nothing_announced_and_much_sent(serving: Installation) -> None:
    answer = exchange(serving, request("Content-Length: 0"), HEAD, bytes(5 * MEGABYTE), TAIL)
    assert status_of(answer) == 400
    assert b"application/problem+json" in answer
    demand_untouched(serving)


def test_much_announced_and_nothing_sent(serving: Installation) -> None:
    answer = exchange(serving, request(f"Content-Length: {5 * MEGABYTE}"))
    assert answer == b"" or status_of(answer) == 400
    demand_untouched(serving)


@pytest.mark.parametrize(
    "length", [f"Content-Length: {5 * MEGABYTE}", "Transfer-Encoding: chunked"]
)
def test_a_connection_that_is_cut_in_the_middle(serving: Installation, length: str) -> None:
    chunk = HEAD + pictures.jpeg() + bytes(2 * MEGABYTE)
    if "chunked" in length:
        chunk = f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n"
    with socket.create_connection(("127.0.0.1", serving.port)) as connection:
        connection.sendall(request(length) + chunk)
        await_that(lambda: list((serving.data / "spool").iterdir()), "the upload's begin")
    demand_untouched(serving)


def too_much(length: str) -> list[bytes]:
    pieces = [HEAD, *[bytes(MEGABYTE)] * 12, TAIL]
    if "chunked" not in length:
        return pieces
    chunked = [f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces]
    return [*chunked, b"0\r\n\r\n"]


LENGTHS = ["Content-Length: 12000096", "Transfer-Encoding: chunked"]


@pytest.mark.parametrize("length", LENGTHS)
def test_whoever_sends_too_much_hears_so(serving: Installation, length: str) -> None:
    answer = exchange(serving, request(length), *too_much(length))
    assert status_of(answer) == 413
    assert b"larger than is allowed" in answer
    demand_untouched(serving)


@pytest.mark.parametrize("length", LENGTHS)
def test_whoever_is_not_known_hears_so_while_sending(serving: Installation, length: str) -> None:
    answer = exchange(serving, request(length, key="wrong"), *too_much(length))
    assert status_of(answer) == 401
    demand_untouched(serving)


@pytest.mark.parametrize(
    "rubbish",
    [b"\0\1\2\3\r\n\r\n", b"GET\r\n\r\n", b"GET /" + b"x" * (1 << 20) + b" HTTP/1.1\r\n\r\n",
     b"GET / HTTP/9.9\r\n\r\n", request("Transfer-Encoding: chunked") + b"zz\r\nx\r\n",
     request("Content-Length: -1"), request("Content-Length: 1\r\nContent-Length: 2") + b"x"],
    ids=["binary", "no address", "long address", "version", "chunk", "negative", "two lengths"],
)  # fmt: skip
def test_what_is_no_http_is_turned_away(serving: Installation, rubbish: bytes) -> None:
    answer = exchange(serving, rubbish)
    assert answer == b"" or 400 <= status_of(answer) < 500 or status_of(answer) == 505
    assert b"Traceback" not in answer
    demand_untouched(serving)
