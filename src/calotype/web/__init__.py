"""Pages."""

from fastapi import FastAPI


def install_pages(app: FastAPI) -> None:
    """Mount every page."""
    del app
