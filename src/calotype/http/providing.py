"""Handing a route the parts that the composition root built."""

from collections.abc import Callable
from typing import TypeVar

from starlette.requests import Request

Kind = TypeVar("Kind")


def provide(kind: type[Kind]) -> Callable[[Request], Kind]:
    """Make a dependency that hands over the one *kind* that the server was built with."""

    def provided(request: Request) -> Kind:
        part = request.app.state.parts[kind]
        assert isinstance(part, kind)
        return part

    return provided
