"""The routes of pages, one module for each group of them."""

from calotype.web.pages.documents import router as documents_router
from calotype.web.pages.library import router as library_router
from calotype.web.pages.people import router as people_router

__all__ = ["documents_router", "library_router", "people_router"]
