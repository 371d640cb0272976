"""Every problem that calotype answers with, and what to do about it."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from calotype.errors import CalotypeError
from calotype.http import DOCUMENTED, Problems, anchor_of

_BY_STATUS = {
    400: "Check that the body is what its content type says, and that it arrived whole.",
    401: "Send `Authorization: Bearer` with a key or a token, or sign in.",
    403: "Use a key with more rights, or ask an admin to do it.",
    404: "Check the address. Things of other people answer just like things that do not exist.",
    405: "See the reference for the methods of this address.",
    409: "Look at how things are now, then decide again.",
    413: "Send less, or raise the limit (`CALOTYPE_MAX_UPLOAD`).",
    415: "Send a JPEG, PNG, GIF, WebP, AVIF, HEIC or TIFF file.",
    416: "Ask for a range within the size of the picture.",
    422: "Change what the detail names, and send it again.",
    429: "Wait for as many seconds as `Retry-After` says.",
    500: "Nothing that you sent should cause this. The log of the server has more under the"
    " request's `X-Request-Id`.",
    503: "Nothing is half done. Try again after as many seconds as `Retry-After` says; with the"
    " same `Idempotency-Key` it has its effect once.",
}

_BY_ANCHOR = {
    "body-broken": _BY_STATUS[400],
    "cross-site-request": "Send the request from a page of calotype, or with a key.",
    "empty-file": "Choose another file, or copy this one again from where it came from.",
    "key-reused": "Make a new `Idempotency-Key` for every new request.",
    "link-spent": "Run `calotype serve` again, which prints a new sign-in link, sign in with your"
    " password, or ask an admin for a new link.",
    "not-in-trash": "It was restored already, or never deleted.",
    "page-missing": "Check the address, or begin at the library.",
    "password-unfit": "Three or four words that do not belong together make a good one.",
    "schema-behind": "Run `calotype migrate`, then try again.",
    "sign-in-refused": "Check both, and the tenant. An admin can make a link that sets a new"
    " password.",
    "signature-refused": "Ask whoever gave you the address for a new one.",
    "store-full": "Make room where the originals lie, then try again; nothing is half stored.",
    "still-running": "Wait for as many seconds as `Retry-After` says; the answer will be repeated.",
}

# What the HTTP server itself answers with, before or after anything of calotype's own.
_PLAIN = (404, 405, 500)


@dataclass(frozen=True, slots=True)
class Explained:
    """A problem on the page that explains problems."""

    anchor: str
    title: str
    status: int
    advice: str


def explain(problems: Problems) -> list[Explained]:
    """Explain every problem, in the order of statuses and names."""
    explained = {
        anchor_of(kind.__name__): _explained(kind, problems.status_of(kind))
        for kind in _descendants(CalotypeError)
    }
    for status in _PLAIN:
        anchor = anchor_of(HTTPStatus(status).phrase)
        title = DOCUMENTED.get(status) or f"{phrase(status)}."
        explained[anchor] = Explained(anchor, title, status, advice(anchor, status))
    return sorted(explained.values(), key=lambda each: (each.status, each.anchor))


def advice(anchor: str, status: int) -> str:
    """Tell what to do about a problem."""
    return _BY_ANCHOR.get(anchor) or _BY_STATUS.get(status) or ""


def phrase(status: int) -> str:
    """Say what a status means: Not found."""
    return HTTPStatus(status).phrase.capitalize()


def _explained(kind: type[CalotypeError], status: int) -> Explained:
    anchor = anchor_of(kind.__name__)
    title, _, more = (inspect.getdoc(kind) or "").partition("\n\n")
    told = advice(anchor, status)
    return Explained(anchor, title.replace("\n", " "), status, f"{more} {told}".strip())


def _descendants(kind: type[CalotypeError]) -> Iterator[type[CalotypeError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _descendants(child)
