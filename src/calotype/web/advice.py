"""Every problem that calotype answers with, and what to do about it."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from calotype.errors import CalotypeError
from calotype.http import DOCUMENTED, Problems, anchor_of
from calotype.web.remedies import BY_ANCHOR, BY_STATUS

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
    return BY_ANCHOR.get(anchor) or BY_STATUS.get(status) or ""


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
