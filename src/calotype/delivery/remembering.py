"""The shortest way to a picture: answered from memory, before anything else is done."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from calotype.delivery.formats import EXTENSIONS, accepted
from calotype.delivery.hot import Header, HotAnswer, HotAnswers, Key


class _Route(NamedTuple):
    """Under which name metrics count what is answered here."""

    path: str


_ROUTES = {"/i/": _Route("/i/{token}/{preset}"), "/m/": _Route("/m/{media_id}/{preset}")}
_METHODS = frozenset({"GET", "HEAD"})
_OF_BODIES = frozenset({b"content-length", b"x-accel-redirect"})
_OF_SOMEBODY = frozenset({b"authorization", b"cookie"})


@dataclass(frozen=True, slots=True)
class Remembering:
    """Answers what is remembered, and hands everything else on."""

    inner: ASGIApp
    app: FastAPI

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = _ROUTES.get(scope["path"][:3]) if scope["type"] == "http" else None
        if route is not None:
            headers = dict(scope["headers"])
            answer = self._find(scope, headers)
            if answer is not None:
                scope["route"] = route
                await _send(answer, headers, send, bodiless=scope["method"] == "HEAD")
                return
        await self.inner(scope, receive, send)

    def _find(self, scope: Scope, headers: Mapping[bytes, bytes]) -> HotAnswer | None:
        """Find an answer for this request; parts are cut by those who send the bytes."""
        if scope["method"] not in _METHODS:
            return None
        hot: HotAnswers = self.app.state.parts[HotAnswers]
        answer = hot.find(key_of(scope, headers))
        return answer if answer is not None and _fits(answer, headers) else None


def _fits(answer: HotAnswer, headers: Mapping[bytes, bytes]) -> bool:
    if answer.for_strangers_only and not _OF_SOMEBODY.isdisjoint(headers):
        return False
    if answer.body and b"range" in headers:
        return False
    return answer.signed_until is None or answer.signed_until > time.time()


def key_of(scope: Scope, headers: Mapping[bytes, bytes]) -> Key:
    """Name what is asked for; who accepts what matters only where the address names no format."""
    path = scope["path"]
    named = path.rpartition(".")[2] in EXTENSIONS
    wanted = "" if named else accepted(headers.get(b"accept", b"").decode("latin-1"))
    return Key(path, scope["query_string"], wanted)


async def _send(
    answer: HotAnswer, asked: Mapping[bytes, bytes], send: Send, *, bodiless: bool
) -> None:
    known = asked.get(b"if-none-match")
    if known is not None and is_known(known, answer.etag):
        headers = [header for header in _headers(answer) if header[0] not in _OF_BODIES]
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": _headers(answer)})
    await send({"type": "http.response.body", "body": b"" if bodiless else answer.body})


def is_known(header: bytes, etag: bytes) -> bool:
    """Tell whether an If-None-Match header names *etag*."""
    if header == etag:
        return True
    tags = [tag.strip().removeprefix(b"W/") for tag in header.split(b",")]
    return tags == [b"*"] or etag in tags


def _headers(answer: HotAnswer) -> list[Header]:
    """What is said with it; a signed answer may be kept for as long as its signature holds."""
    if answer.signed_until is None:
        return list(answer.headers)
    left = max(0, answer.signed_until - int(time.time()))
    return [*answer.headers, (b"cache-control", b"private, max-age=%d" % left)]
