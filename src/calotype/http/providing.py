"""Handing a route the parts that the composition root built."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.requests import Request

Kind = TypeVar("Kind")


def provide(kind: type[Kind]) -> Callable[[Request], Awaitable[Kind]]:
    """Make a dependency that hands over the one *kind* that the server was built with.

    It is asynchronous, as every dependency here is: others cost a hop to a thread each.
    """

    async def provided(request: Request) -> Kind:
        part = request.app.state.parts[kind]
        assert isinstance(part, kind)
        return part

    return provided
