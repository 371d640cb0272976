"""Pages from templates, with the headers that keep everything else out of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from fastapi import Depends, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from calotype.web.assets import Assets
from calotype.web.words import size_in_words, ticked

_FOLDER = Path(__file__).parent

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' blob:{pictures}; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


@dataclass(frozen=True, slots=True)
class Site:
    """The templates, the files that go with them, and the policy that every page is under."""

    assets: Assets
    templates: Environment
    policy: str

    @classmethod
    def open(cls, public_url: str) -> Self:
        """Read templates and files; pictures may also come from the public address."""
        assets = Assets.read(_FOLDER)
        templates = Environment(
            loader=FileSystemLoader(_FOLDER / "templates"), autoescape=True,
            undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        address = urlsplit(public_url)
        pictures = f" {address.scheme}://{address.netloc}" if address.netloc else ""
        return cls(assets, templates, _POLICY.format(pictures=pictures))

    def page(self, template: str, status: int = 200, **shown: object) -> HTMLResponse:
        """Fill *template* with what is *shown*."""
        content = self.templates.get_template(template).render(
            asset=self.assets.address, ticked=ticked, size_in_words=size_in_words, **shown
        )
        return HTMLResponse(content, status, dict(self._headers()))

    def _headers(self) -> Mapping[str, str]:
        return {
            "Content-Security-Policy": self.policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cache-Control": "private, no-store",
        }


async def _site(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


ThisSite = Annotated[Site, Depends(_site)]
