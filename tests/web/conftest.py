"""A client that nobody is behind, and pages that are read for what they refer to."""

from collections.abc import AsyncIterator
from html.parser import HTMLParser

import httpx
import pytest

HTML = {"Accept": "text/html"}


class Read(HTMLParser):
    """What a page refers to, which anchors it has, and what stands in it directly."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.anchors: list[str] = []
        self.inline: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.addresses += [told[name] for name in ("src", "href", "action") if name in told]
        if "id" in told:
            self.anchors.append(told["id"])
        if tag == "style" or (tag == "script" and "src" not in told):
            self.inline.append(tag)
        self.inline += [name for name in told if name == "style" or name.startswith("on")]

    def handle_data(self, data):
        self.text += data


@pytest.fixture
async def stranger(client: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that is not signed in."""
    async with httpx.AsyncClient(
        transport=client._transport, base_url=client.base_url, headers=HTML
    ) as opened:
        yield opened


@pytest.fixture
def read():
    return Read
