"""Pages by which people come in: invitation, new password, account."""

from fastapi import APIRouter
from starlette.responses import Response

from calotype.web.rendering import ThisSite
from calotype.web.visitor import SignedIn

router = APIRouter()


@router.head("/invite/{secret}")
@router.get("/invite/{secret}")
async def invitation_page(secret: str, site: ThisSite) -> Response:
    """Choose a password with the secret of an invitation."""
    return site.page("invite.html", secret=secret)


@router.head("/reset/{secret}")
@router.get("/reset/{secret}")
async def reset_page(secret: str, site: ThisSite) -> Response:
    """Choose a new password with the secret of a reset link."""
    return site.page("reset.html", secret=secret)


@router.head("/account")
@router.get("/account")
async def account_page(site: ThisSite, visitor: SignedIn) -> Response:
    """Who you are, your password, and the way out."""
    return site.page("account.html", place="account", visitor=visitor)
