"""A real `calotype serve`, and a real Chromium that looks at it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

CHROMIUM = Path("/usr/bin/chromium")
KEY = "a service key for the browser tests"
PASSWORD = "four words of mine"
_ARGUMENTS = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-quic",
]  # fmt: skip
_START_SECONDS = 60
_PATIENCE_MILLISECONDS = 20_000

expect.set_options(timeout=_PATIENCE_MILLISECONDS)


@dataclass(frozen=True)
class Served:
    """A server, and the one-time link that it printed."""

    address: str
    link: str
    client: httpx.Client

    def ask(self, method: str, path: str, tenant: str = "default", **more) -> httpx.Response:
        headers = {"Authorization": f"Bearer {KEY}", "Calotype-Tenant": tenant}
        answer = self.client.request(method, f"{self.address}{path}", headers=headers, **more)
        assert answer.is_success, answer.text
        return answer

    def invite(self, tenant: str, email: str, name: str = "") -> str:
        """Add a tenant and invite its first admin; return where the invitation leads."""
        self.ask("POST", "/api/tenants", json={"slug": tenant, "name": tenant.title()})
        person = {"email": email, "name": name, "role": "admin"}
        invited = self.ask("POST", "/api/people", tenant, json=person).json()
        return f"{self.address}/invite/{invited['link']['secret']}"


@pytest.fixture(scope="session")
def chromium() -> Path:
    if not CHROMIUM.exists():
        pytest.skip("there is no Chromium on this machine")
    return CHROMIUM


@pytest.fixture(scope="session")
def served(chromium: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "calotype", "serve", "--port", str(port), "--data", folder / "data"],
            env={**os.environ, "CALOTYPE_SERVICE_KEY": KEY}, stdout=said, stderr=said, cwd=folder,
        )  # fmt: skip
    try:
        address, link = _await_link(process, folder / "said")
        with httpx.Client() as client:
            yield Served(address, link, client)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _await_link(process: subprocess.Popen[bytes], said: Path) -> tuple[str, str]:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"(http://\S+?)/sign-in/\S+", said.read_text())
        if found:
            return found[1], found[0]
        time.sleep(0.1)
    raise AssertionError(said.read_text())


@dataclass
class Seen:
    """What a browser did behind the page: whom it asked, and what it complained about."""

    asked: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("request", lambda request: self.asked.add(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)

    def _hear(self, message) -> None:
        """Note errors, but not that a test has cut the network."""
        if message.type == "error" and "ERR_INTERNET_DISCONNECTED" not in message.text:
            self.complaints.append(message.text)


@pytest.fixture
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=chromium, args=_ARGUMENTS)
        yield opened
        await opened.close()


@pytest.fixture
def open_page(browser: Browser, served: Served):
    """Open a page of a given width and colour; it must ask nobody but our server."""

    @asynccontextmanager
    async def opened(width: int = 1280, scheme: str = "light") -> AsyncIterator[Page]:
        context = await browser.new_context(
            viewport={"width": width, "height": 844 if width < 720 else 800},
            color_scheme=scheme, has_touch=width < 720,
        )  # fmt: skip
        page = await context.new_page()
        page.set_default_timeout(_PATIENCE_MILLISECONDS)
        seen = Seen()
        seen.watch(page)
        yield page
        elsewhere = {url for url in seen.asked if not url.startswith((served.address, "blob:"))}
        await context.close()
        assert elsewhere == set()
        assert seen.complaints == []

    return opened
