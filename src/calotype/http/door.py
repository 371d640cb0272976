"""What happens to every request: an id, a measurement, a line in the log, a bound."""

import secrets
import time
from collections.abc import Set
from dataclasses import dataclass
from functools import lru_cache

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from calotype.http.receiving import BodyTooLarge

log = structlog.get_logger()

REQUESTS = Counter(
    "calotype_http_requests_total", "Requests answered.", ["method", "route", "status"]
)
SECONDS = Histogram(
    "calotype_http_request_seconds",
    "Time from the request to the end of the answer.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
_SERVER_FAILED = 500
_REMEMBERED = 1024
_BODY_BYTES = 1 << 20
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Measured:
    """Gives each request an id, counts it by route and logs it."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = secrets.token_hex(16)
        structlog.contextvars.bind_contextvars(request=request_id)
        started = time.perf_counter()
        status = _SERVER_FAILED

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                header = (b"x-request-id", request_id.encode())
                message["headers"] = [*message["headers"], header]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            _note(scope, status, time.perf_counter() - started)
            structlog.contextvars.clear_contextvars()


def _note(scope: Scope, status: int, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", "none")
    method = scope["method"] if scope["method"] in _METHODS else "other"
    _counter(method, route, status).inc()
    _histogram(route).observe(seconds)
    write = log.warning if status >= _SERVER_FAILED else log.debug
    write(
        "http.answered",
        method=scope["method"],
        route=route,
        status=status,
        seconds=round(seconds, 4),
    )


@lru_cache(_REMEMBERED)
def _counter(method: str, route: str, status: int) -> Counter:
    return REQUESTS.labels(method, route, str(status))


@lru_cache(_REMEMBERED)
def _histogram(route: str) -> Histogram:
    return SECONDS.labels(route)


def bounded(scope: Scope, receive: Receive, forms: Set[tuple[str, str]]) -> Receive:
    """Refuse bodies over a bound; *forms* have one of their own, where they are received."""
    if (scope["method"], scope["path"]) in forms:
        return receive
    announced = Headers(scope=scope).get("content-length", "")
    if announced.isdigit() and int(announced) > _BODY_BYTES:
        raise BodyTooLarge
    read_bytes = 0

    async def receive_bounded() -> Message:
        nonlocal read_bytes
        message = await receive()
        read_bytes += len(message.get("body", b""))
        if read_bytes > _BODY_BYTES:
            raise BodyTooLarge
        return message

    return receive_bounded
