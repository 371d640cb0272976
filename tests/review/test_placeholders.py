"""Placeholders: pictures that so much looks like that they say nothing."""

import httpx
import pytest

from calotype.app import House
from calotype.similarity import service
from tests.http.speaking import check_problem, with_key
from tests.review.conftest import add, as_png, pairs, scene, work


async def test_a_placeholder_is_set_aside_and_shown_to_admins(
    client: httpx.AsyncClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "HUB_MATCHES", 2)
    media = [await add(client, as_png(scene(), effort)) for effort in (1, 2, 3, 4)]
    await work(house)
    page = (await client.get("/api/duplicates/placeholders", params={"limit": 1})).json()
    assert page["total"] == 2
    found = [item["media"][0]["id"] for item in page["items"]]
    page = (
        await client.get(
            "/api/duplicates/placeholders", params={"limit": 1, "cursor": page["nextCursor"]}
        )
    ).json()
    found += [item["media"][0]["id"] for item in page["items"]]
    assert (found, page["nextCursor"]) == ([media[3]["id"], media[2]["id"]], None)
    named = {each["id"] for pair in await pairs(client) for side in pair["pictures"]
             for each in side["media"]}  # fmt: skip
    assert named == {each["id"] for each in media[:2]}
    editor = await with_key(client, "editor")
    check_problem(await editor.get("/api/duplicates/placeholders"), 403)
