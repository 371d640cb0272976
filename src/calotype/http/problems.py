"""Problems: every error as RFC 9457 `application/problem+json`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from calotype.errors import (
    CalotypeError,
    Conflict,
    Forbidden,
    Invalid,
    Missing,
    Unavailable,
)
from calotype.http.asking import NotSignedIn

log = structlog.get_logger()

Statuses = Mapping[type[CalotypeError], int]

MEDIA_TYPE = "application/problem+json"
STATUSES: Statuses = {
    Missing: 404,
    Conflict: 409,
    Invalid: 422,
    Forbidden: 403,
    Unavailable: 503,
    NotSignedIn: 401,
}
_RETRY_AFTER_SECONDS = 2
_BEFORE_THE_BODY = frozenset({401, 403, 413})


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(BaseModel):
    """What went wrong, as RFC 9457 says it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FieldProblem] = []


DOCUMENTED: Mapping[int, str] = {
    400: "The request cannot be read.",
    401: "Who are you? Send a key, a token or a session.",
    403: "You may not do this.",
    404: "Missing, or not yours.",
    409: "It exists already, or is in use.",
    413: "The body is larger than is allowed.",
    415: "This is not a picture that calotype knows.",
    422: "The input cannot be accepted.",
    429: "Slow down.",
    503: "A part is out of order; try again.",
}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document the problems that a route may answer with."""
    return {
        status: {
            "description": DOCUMENTED[status],
            "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
        }
        for status in sorted({*statuses, 401, 503})
    }


@dataclass(frozen=True, slots=True)
class Problems:
    """Answers errors; `statuses` may name errors of higher floors."""

    statuses: Statuses

    def install(self, app: FastAPI) -> None:
        """Answer every error of *app* with a problem; its pages ask here for statuses."""
        app.state.problems = self
        app.add_exception_handler(CalotypeError, self._foreseen)
        app.add_exception_handler(RequestValidationError, _unacceptable)
        app.add_exception_handler(HTTPException, self._plain)
        app.add_exception_handler(Exception, _unforeseen)

    async def _foreseen(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, CalotypeError)
        return self.answer(request, error)

    def answer(self, request: Request, error: CalotypeError) -> Response:
        status, kind, detail = self.status_of(type(error)), type(error).__name__, str(error)
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            log.warning("http.unavailable", error=kind, detail=detail, cause=repr(error.__cause__))
            # What is out of order concerns the machine, and so may the paths in its words.
            detail = error.title
        return problem(request, status, error.title, detail=detail, kind=kind, more=_fields(error))

    async def _plain(self, request: Request, error: Exception) -> Response:
        """Answer what the framework refused, or what made it give up reading a body."""
        assert isinstance(error, HTTPException)
        if isinstance(error.__cause__, CalotypeError):
            return self.answer(request, error.__cause__)
        title = DOCUMENTED.get(error.status_code, HTTPStatus(error.status_code).phrase)
        answer = problem(request, error.status_code, title)
        answer.headers.update(error.headers or {})
        return answer

    def status_of(self, kind: type[CalotypeError]) -> int:
        statuses = {**STATUSES, **self.statuses}
        return next(statuses[each] for each in kind.__mro__ if each in statuses)


def problem(
    request: Request,
    status: int,
    title: str,
    *,
    detail: str = "",
    kind: str = "",
    more: Mapping[str, object] | None = None,
) -> JSONResponse:
    """Build the answer; *kind* names the page that explains it."""
    body = {
        "type": f"/docs/problems#{anchor_of(kind or HTTPStatus(status).phrase)}",
        "title": title,
        "status": status,
        "detail": detail or title,
        "instance": request.url.path,
        **(more or {}),
    }
    headers = {"Cache-Control": "no-store"}
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        headers["Retry-After"] = str(_RETRY_AFTER_SECONDS)
    if more and "retry_after" in more:
        headers["Retry-After"] = str(body.pop("retry_after"))
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status in _BEFORE_THE_BODY and request.scope.get("http_version", "").startswith("1"):
        # The rest of the body is not read, so nothing more can come on this connection.
        headers["Connection"] = "close"
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def _fields(error: CalotypeError) -> dict[str, object]:
    """Public fields of an error that was made a dataclass are part of the problem."""
    if not is_dataclass(error):
        return {}
    return {field.name: getattr(error, field.name) for field in fields(error)}


async def _unacceptable(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    broken = any(item["type"] == "json_invalid" for item in error.errors())
    if broken:
        return problem(request, 400, DOCUMENTED[400], kind="BodyBroken")
    return problem(
        request,
        422,
        DOCUMENTED[422],
        kind="invalid",
        detail="Some fields cannot be accepted.",
        more={"errors": field_problems(error.errors(), skip=1)},
    )


def field_problems(errors: Sequence[Mapping[str, Any]], *, skip: int = 0) -> list[dict[str, str]]:
    """Name each refused field, *skip* parts into its place, and say why."""
    return [
        {
            "field": ".".join(str(part) for part in item["loc"][skip:]),
            "message": item["msg"].removeprefix("Value error, "),
        }
        for item in errors
    ]


async def _unforeseen(request: Request, error: Exception) -> Response:
    route = getattr(request.scope.get("route"), "path", None)
    log.error("http.failed", route=route, exc_info=error)
    return problem(request, 500, "Something went wrong that calotype did not foresee.")


def anchor_of(name: str) -> str:
    """Where the page about problems explains the one called *name*: NotAPicture, not-a-picture."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])| ", "-", name).lower()
