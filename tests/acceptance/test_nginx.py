"""`deploy/nginx.conf` with a real nginx in front of a real calotype."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests import pictures
from tests.acceptance.conftest import Install
from tests.acceptance.fronting import nginx_before
from tests.acceptance.installation import Installation, await_that

SAFE = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
}


@dataclass(frozen=True)
class Fronted:
    """An installation, and the nginx that stands in front of it."""

    behind: Installation
    address: str

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.address, headers=headers, timeout=30)

    def add(self, data: bytes, visibility: str) -> dict:
        with self.behind.client() as client:
            answer = client.post(
                "/api/media", files={"file": ("a.jpg", data)}, data={"visibility": visibility}
            )
            media = answer.json()
            address = f"/api/media/{media['id']}"
            await_that(lambda: client.get(address).json()["state"] == "ready", "a look at it")
            return client.get(address).json()


@pytest.fixture
def fronted(install: Install, tmp_path: Path) -> Iterator[Fronted]:
    behind = install(CALOTYPE_ACCEL="nginx", CALOTYPE_TRUSTED_PROXIES="127.0.0.1")
    behind.start()
    with nginx_before(behind.port, behind.data, tmp_path / "nginx") as front:
        yield Fronted(behind, front.address)


def path(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def test_nginx_keeps_what_is_public_and_sends_what_is_private(fronted: Fronted) -> None:
    """One server for all of it, because each takes seconds to start."""
    _check_public(fronted)
    _check_private(fronted)
    _check_uploads(fronted)


def _check_public(fronted: Fronted) -> None:
    media = fronted.add(pictures.jpeg(seed=1), "public")
    address = path(media["variants"]["small"]["webp"])
    with fronted.client() as client:
        first, second = client.get(address), client.get(address)
        assert (first.status_code, first.headers["x-cache-status"]) == (200, "MISS")
        assert (second.status_code, second.headers["x-cache-status"]) == (200, "HIT")
        assert second.content == first.content
        assert second.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "x-accel-expires" not in second.headers
        assert SAFE.items() <= second.headers.items()
        known = client.get(address, headers={"If-None-Match": first.headers["etag"]})
        assert known.status_code == 304
        _check_formats(client, f"/m/{media['id']}/small")


def _check_formats(client: httpx.Client, address: str) -> None:
    """Every format has its place in the cache, however browsers word their wishes."""
    for _ in range(2):
        for accept, expected in (
            ("image/avif,image/webp,*/*;q=0.8", "image/avif"),
            ("image/webp,image/png", "image/webp"),
            ("image/avif;q=0,*/*", "image/jpeg"),
            ("*/*", "image/jpeg"),
        ):
            answer = client.get(address, headers={"Accept": accept})
            assert answer.headers["content-type"] == expected, accept
            assert answer.headers["vary"] == "Accept"


def _check_private(fronted: Fronted) -> None:
    media = fronted.add(pictures.jpeg(seed=2), "private")
    signed = path(media["variants"]["small"]["jpeg"])
    with fronted.client() as client:
        whole = client.get(signed)
        assert whole.status_code == 200
        assert whole.content.startswith(b"\xff\xd8")
        assert re.fullmatch(r"private, max-age=\d+", whole.headers["cache-control"])
        assert "x-accel-redirect" not in whole.headers
        assert SAFE.items() <= whole.headers.items()
        etag = whole.headers["etag"]
        assert client.get(signed, headers={"If-None-Match": etag}).status_code == 304
        wanted = {"Range": "bytes=5-9", "If-Range": etag}
        some = client.get(signed, headers=wanted)
        assert (some.status_code, some.content) == (206, whole.content[5:10])
        assert client.head(signed).headers["content-length"] == str(len(whole.content))
        assert client.get(signed[:-1] + "_").status_code == 403
        assert client.get(urlsplit(signed).path).status_code == 404
        for guess in ("/objects/", "/objects/o/", "/objects/../secret-keys"):
            assert client.get(guess).status_code in (400, 404), guess


def _check_uploads(fronted: Fronted) -> None:
    with fronted.client(Authorization="Bearer k") as client:
        sent = client.post("/api/media", files={"file": ("b.jpg", pictures.jpeg(seed=3))})
        assert sent.status_code == 201
        exact = client.get(f"/m/{sent.json()['id']}")
        assert exact.content == pictures.jpeg(seed=3)
        assert exact.headers["cache-control"] == "private, no-cache"
