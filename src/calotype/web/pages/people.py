"""Pages by which people come in: invitation, new password, account."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from calotype.accounts import Accounts
from calotype.http import provide
from calotype.web.rendering import ThisSite
from calotype.web.visitor import SignedIn

router = APIRouter()

Serving = Annotated[Accounts, Depends(provide(Accounts))]


@router.head("/invite/{secret}")
@router.get("/invite/{secret}")
async def invitation_page(secret: str, site: ThisSite, accounts: Serving) -> Response:
    """Choose a password with the secret of an invitation."""
    await accounts.people.check_link(secret, "invite")
    return site.page("invite.html", secret=secret)


@router.head("/reset/{secret}")
@router.get("/reset/{secret}")
async def reset_page(secret: str, site: ThisSite, accounts: Serving) -> Response:
    """Choose a new password with the secret of a reset link."""
    await accounts.people.check_link(secret, "reset")
    return site.page("reset.html", secret=secret)


@router.head("/account")
@router.get("/account")
async def account_page(site: ThisSite, visitor: SignedIn, *, changed: bool = False) -> Response:
    """Who you are, your password, which may have been *changed* just now, and the way out."""
    return site.page("account.html", place="account", visitor=visitor, changed=changed)
