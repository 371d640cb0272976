"""The API reference, the page about problems, and the files that every page uses."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from calotype.http import Problems
from calotype.web.advice import explain, phrase
from calotype.web.reference import read_reference
from calotype.web.rendering import ThisSite
from calotype.web.visitor import Anybody

router = APIRouter()


@router.head("/docs")
@router.get("/docs")
async def reference_page(request: Request, site: ThisSite, visitor: Anybody) -> Response:
    """Every route of the API."""
    server = request.app.state.settings.public_url or str(request.base_url)
    reference = read_reference(request.app.openapi(), server.rstrip("/"))
    return site.page("docs.html", place="docs", visitor=visitor, reference=reference)


@router.head("/docs/problems")
@router.get("/docs/problems")
async def problems_page(request: Request, site: ThisSite, visitor: Anybody) -> Response:
    """Every problem, what it means and what to do."""
    problems: Problems = request.app.state.problems
    return site.page(
        "problems.html", place="docs", visitor=visitor, problems=explain(problems), phrase=phrase
    )


@router.head("/assets/{version}/{name:path}")
@router.get("/assets/{version}/{name:path}")
async def asset(version: str, name: str, site: ThisSite) -> Response:
    """Send a file that pages refer to."""
    return site.assets.answer(version, name)


@router.head("/favicon.ico")
@router.get("/favicon.ico")
async def icon(site: ThisSite) -> Response:
    """Lead to the mark, for browsers that ask for an icon unasked."""
    return RedirectResponse(site.assets.address("mark.svg"), 308)
