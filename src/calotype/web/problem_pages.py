"""A browser that meets a problem gets a page instead of JSON."""

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from calotype.database import ANYBODY, Caller
from calotype.web.advice import advice
from calotype.web.errors import PageMissing
from calotype.web.rendering import Site

_PROBLEM = "application/problem+json"
_NOT_FOUND = "not-found"
_CARRIED = ("retry-after", "www-authenticate", "set-cookie")


@dataclass(frozen=True, slots=True)
class ProblemPages:
    """Answers navigation with pages; programs and scripts never ask for HTML."""

    inner: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_navigation(scope):
            await self.inner(scope, receive, send)
            return
        held = _Held(send)
        try:
            await self.inner(scope, receive, held.pass_on)
        finally:
            if held.start is not None:
                page = _page(Request(scope), held.start, json.loads(held.body))
                await page(scope, receive, send)


def _is_navigation(scope: Scope) -> bool:
    accepted = Headers(scope=scope).get("accept", "")
    return scope["method"] in ("GET", "HEAD") and "text/html" in accepted


@dataclass(slots=True)
class _Held:
    """Passes an answer on, unless it is a problem: that is held back."""

    send: Send
    start: Message | None = None
    body: bytearray = field(default_factory=bytearray)

    async def pass_on(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_problem(message):
            self.start = message
        elif self.start is not None:
            self.body += message.get("body", b"")
        else:
            await self.send(message)


def _is_problem(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type", "").startswith(_PROBLEM)


def _page(request: Request, start: Message, problem: dict[str, Any]) -> Response:
    """Ask whoever is not signed in to do so; tell everybody else what to do."""
    site: Site = request.app.state.site
    if problem["status"] == HTTPStatus.UNAUTHORIZED:
        page = sign_in_page(site, request, status=HTTPStatus.UNAUTHORIZED)
    else:
        page = _explaining(site, problem, signed_in=_is_signed_in(request))
    headers = Headers(raw=start["headers"])
    for name in _CARRIED:
        for value in headers.getlist(name):
            page.headers.append(name, value)
    return page


def _is_signed_in(request: Request) -> bool:
    """Tell whether somebody asks; where credentials were refused, nobody was found."""
    caller: Caller = getattr(request.state, "caller", ANYBODY)
    return caller.role != "anybody"


def _explaining(site: Site, problem: dict[str, Any], *, signed_in: bool) -> Response:
    anchor, status = problem["type"].partition("#")[2], problem["status"]
    if anchor == _NOT_FOUND:
        missing = PageMissing()
        anchor, problem = "page-missing", {**problem, "title": missing.title, "detail": ""}
    return site.page(
        "problem.html", status, problem=problem, advice=advice(anchor, status), signed_in=signed_in
    )


def sign_in_page(site: Site, request: Request, status: int = HTTPStatus.OK) -> Response:
    """Ask for e-mail and password; whoever is let in lands on the page that was asked for."""
    return site.page("sign-in.html", status, tenant=request.query_params.get("tenant", "default"))
