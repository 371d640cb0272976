"""Many who want the same picture at once, in a size that nobody has asked for before."""

import asyncio
from pathlib import Path

import httpx

from tests import pictures
from tests.acceptance.conftest import Install

CROWD = 1000
WAITING_SECONDS = 120


async def test_a_thousand_who_come_at_once_have_one_rendition_made(install: Install) -> None:
    installation = install()
    installation.start("--workers", "2", "--no-worker")
    with installation.client() as client:
        sent = client.post(
            "/api/media",
            files={"file": ("a.jpg", pictures.jpeg(seed=1, width=2400, height=1800))},
            data={"visibility": "public"},
        ).json()
    address = sent["variants"]["large"]["avif"]
    answers = await _all_at_once(installation.address, address)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].headers["content-type"] == "image/avif"
    assert len(_renditions(installation.data)) == 1


async def _all_at_once(server: str, address: str) -> list[httpx.Response]:
    limits = httpx.Limits(max_connections=CROWD)
    async with httpx.AsyncClient(
        base_url=server, limits=limits, timeout=WAITING_SECONDS
    ) as anybody:
        return await asyncio.gather(*(anybody.get(address) for _ in range(CROWD)))


def _renditions(data: Path) -> list[Path]:
    return [file for file in (data / "objects" / "r").rglob("*") if file.is_file()]
