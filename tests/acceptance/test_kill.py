"""`kill -9` of everything in the middle of uploads: what was acknowledged is there."""

import asyncio

import httpx

from tests import pictures
from tests.acceptance.conftest import Install
from tests.acceptance.installation import SERVICE_KEY, Installation

COUNT = 200
DISTINCT = 150
KILLED_AFTER = 60


def picture(number: int) -> bytes:
    """Every fourth one or so has the bytes of another, so that some meet on one original."""
    return pictures.jpeg(seed=number % DISTINCT)


async def upload(client: httpx.AsyncClient, number: int) -> str:
    """Return the media's id once the server has acknowledged it."""
    answer = await client.post(
        "/api/media", files={"file": (f"{number}.jpg", picture(number))},
        headers={"Idempotency-Key": f"upload-{number}"},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def speaking_to(installation: Installation) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=installation.address, headers={"Authorization": f"Bearer {SERVICE_KEY}"},
        timeout=60, limits=httpx.Limits(max_connections=COUNT),
    )  # fmt: skip


async def upload_until_killed(installation: Installation) -> dict[int, str]:
    """Send everything at once, kill the server among it, and return what it acknowledged."""
    acknowledged: dict[int, str] = {}

    async def send(number: int) -> None:
        try:
            acknowledged[number] = await upload(client, number)
        except httpx.TransportError:
            return
        if len(acknowledged) == KILLED_AFTER:
            await asyncio.to_thread(installation.kill_everything)

    async with speaking_to(installation) as client:
        await asyncio.gather(*(send(number) for number in range(COUNT)))
    return acknowledged


async def test_what_was_acknowledged_survives_the_death_of_everything(install: Install) -> None:
    installation = install()
    installation.start()
    acknowledged = await upload_until_killed(installation)
    assert KILLED_AFTER <= len(acknowledged) < COUNT

    installation.start()
    async with speaking_to(installation) as client:
        for number, media in acknowledged.items():
            fetched = await client.get(f"/m/{media}")
            assert (fetched.status_code, fetched.content) == (200, picture(number))
        again = await asyncio.gather(*(upload(client, number) for number in range(COUNT)))
        assert {number: again[number] for number in acknowledged} == acknowledged
        assert len(set(again)) == COUNT
        listed = (await client.get("/api/media", params={"limit": 1})).json()
        stats = (await client.get("/api/originals/stats")).json()
        assert listed["total"] == COUNT
        assert stats["totalCount"] == DISTINCT
    doctor = installation.run("doctor", "--level", "deep")
    assert doctor.returncode == 0, doctor.stdout
