"""Who asks: the door recognises the caller once, routes read it here."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from calotype.database import Caller
from calotype.errors import Forbidden


class NotSignedIn(Forbidden):
    """This needs a key, a token or a session."""


async def asking(request: Request) -> Caller:
    """Return who asks; nobody in particular is turned away."""
    caller: Caller = request.state.caller
    if caller.role == "anybody":
        raise NotSignedIn
    return caller


Asking = Annotated[Caller, Depends(asking)]
