"""Whether all is well, as programs ask for it: health, and figures."""

import re
from contextlib import AsyncExitStack, contextmanager

import httpx

from calotype.app import House
from calotype.database import SYSTEM
from tests import pictures
from tests.http.speaking import check_problem, upload


@contextmanager
def store_gone(house: House):
    objects = house.settings.data / "objects"
    away = objects.rename(objects.with_name("away"))
    try:
        yield
    finally:
        away.rename(objects)


async def test_readiness_asks_the_store_and_life_does_not(
    client: httpx.AsyncClient, house: House
) -> None:
    assert (await client.get("/health/ready")).json() == {"status": "ready"}
    with store_gone(house):
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()) == (503, {"status": "unavailable"})
        assert int(answer.headers["retry-after"]) > 0
        assert (await client.get("/health/live")).json() == {"status": "live"}
    assert (await client.get("/health/ready")).status_code == 200


async def test_a_pool_in_full_use_is_said_and_waited_for(
    client: httpx.AsyncClient, house: House
) -> None:
    media = (await upload(client, pictures.jpeg())).json()
    house.database.pool.timeout = 0.2
    async with AsyncExitStack() as stack:
        for _ in range(house.database.pool.max_size):
            await stack.enter_async_context(house.database.snapshot(SYSTEM))
        for answer in (await client.get("/api/media"), await client.get(f"/m/{media['id']}")):
            problem = check_problem(answer, 503)
            assert problem["title"] == "All connections to the database are in use."
            assert int(answer.headers["retry-after"]) > 0
        assert (await client.get("/health/ready")).status_code == 503
    assert (await client.get("/api/media")).json()["total"] == 1


def counted(figures: str, route: str, status: int) -> float:
    lines = re.findall(
        rf'^calotype_http_requests_total{{method="GET",route="{re.escape(route)}",'
        rf'status="{status}"}} (\S+)$',
        figures, re.MULTILINE,
    )  # fmt: skip
    return float(lines[0]) if lines else 0.0


async def test_figures_count_answers_by_route_and_status(client: httpx.AsyncClient) -> None:
    route, status = "/api/media/{media_id}", 404
    before = (await client.get("/metrics")).text
    for number in range(3):
        await client.get(f"/api/media/00000000-0000-0000-0000-00000000000{number}")
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert counted(answer.text, route, status) == counted(before, route, status) + 3
    assert f'calotype_http_request_seconds_count{{route="{route}"}}' in answer.text
    assert "00000000-0000" not in answer.text
