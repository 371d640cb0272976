"""The OpenAPI document, completed with what single routes cannot say."""

from typing import Any

from fastapi import FastAPI

from calotype.http import DOCUMENTED, Problem, anchor_of

Document = dict[str, Any]

_PROBLEM = "application/problem+json"
_REFERENCE = {"$ref": "#/components/schemas/Problem"}

_TAGS = {
    "media": "Pictures as people see and own them: a name, a bucket, a visibility.",
    "delivery": "The addresses of pictures. Those of private pictures are signed for the reader.",
    "duplicates": "What repeats what: asked before sending, listed after, settled by people.",
    "journal": "What was done, and undoing it.",
    "originals": "The bytes behind media, kept once. For admins.",
    "session": "Signing in and out. Pages use a session, programs a key.",
    "people": "Those who can sign in. For admins, except where it says otherwise.",
    "keys": "What programs sign in with. For admins.",
    "tenants": "Organisations, each with people, keys and media of its own.",
}

_SECURITY = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key (`calotype keys create`, `POST /api/keys`) or a token of an"
        " outside issuer.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "calotype_session",
        "description": "What signing in gives. Unsafe requests must come from a page of the same"
        " origin.",
    },
}

_EXAMPLES = {
    400: ("BodyBroken", "The body cannot be read: unexpected end."),
    401: ("NotSignedIn", "This needs a key, a token or a session."),
    403: ("Forbidden", "The caller may not do this."),
    404: ("Missing", "Nothing by that name."),
    409: ("Conflict", "It exists already, or is in use."),
    413: ("BodyTooLarge", "The body is larger than is allowed."),
    415: ("NotAPicture", "The file is not a picture of a kind that is kept here."),
    422: ("Invalid", "Some fields cannot be accepted."),
    429: ("SlowDown", "Too many attempts: wait before the next one."),
    503: ("Unavailable", "A tool is out of order; trying again may help."),
}


def complete(app: FastAPI) -> None:
    """Have *app* show the completed document."""
    plain = app.openapi

    def completed() -> Document:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(plain())
        return app.openapi_schema

    app.openapi = completed


def _completed(document: Document) -> Document:
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs") | {"Problem": problem}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _share_problems(path, operation["responses"])
    document["components"]["securitySchemes"] = _SECURITY
    document["security"] = [{"key": []}, {"session": []}, {}]
    document["tags"] = [{"name": name, "description": told} for name, told in _TAGS.items()]
    return document


def _share_problems(path: str, responses: Document) -> None:
    """Refer to the one description of a problem, with an example for the status."""
    for number, response in responses.items():
        status = int(number)
        if status not in DOCUMENTED:
            continue
        example = _example(path, status)
        response["content"] = {_PROBLEM: {"schema": _REFERENCE, "example": example}}


def _example(path: str, status: int) -> Document:
    name, detail = _EXAMPLES[status]
    return {
        "type": f"/docs/problems#{anchor_of(name)}",
        "title": DOCUMENTED[status],
        "status": status,
        "detail": detail,
        "instance": path,
    }
