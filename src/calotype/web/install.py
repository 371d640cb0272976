"""Mounting: every page, the files for browsers, and a complete OpenAPI document."""

from fastapi import FastAPI

from calotype.settings import Settings
from calotype.web.openapi import complete
from calotype.web.pages import documents_router, library_router, people_router
from calotype.web.rendering import Site


def install_pages(app: FastAPI) -> None:
    """Mount every page."""
    settings: Settings = app.state.settings
    app.state.site = Site.open(settings.public_url)
    complete(app)
    for router in (library_router, people_router, documents_router):
        app.include_router(router, include_in_schema=False)
