"""Lists: a page at a time, and nothing that one may ask for breaks them."""

import httpx
import pytest

from calotype.http import EXACT_UP_TO, page
from calotype.server import make_app
from calotype.settings import Settings
from tests import pictures
from tests.http.speaking import check_problem, upload

LISTS = [
    "/api/media", "/api/originals", "/api/keys", "/api/people", "/api/journal", "/api/duplicates",
    "/api/duplicates/rules", "/api/duplicates/placeholders",
]  # fmt: skip


@pytest.mark.parametrize("address", LISTS)
async def test_limits_and_cursors_that_make_no_sense_are_refused(client, address) -> None:
    for limit in ("0", "-1", str(10**9), "many", "1.5", "", "9" * 5000):
        body = check_problem(await client.get(address, params={"limit": limit}), 422)
        assert [error["field"] for error in body["errors"]] == ["limit"]
    for cursor in ("x", "🐈", "AAAA", "a" * 22 + "=", "-" * 201, "\0", "=" * 24):
        check_problem(await client.get(address, params={"cursor": cursor}), 422)


@pytest.mark.parametrize("address", LISTS)
async def test_an_empty_page_says_so(client: httpx.AsyncClient, address) -> None:
    page = (await client.get(address, params={"limit": 1})).json()
    assert page == {"items": [], "nextCursor": None, "total": 0, "totalIsExact": True}


async def test_pages_show_everything_once_newest_first(client: httpx.AsyncClient) -> None:
    ids = [(await upload(client, pictures.jpeg())).json()["id"] for _ in range(5)]
    found, cursor, pages = [], None, 0
    while cursor or not pages:
        page = (
            await client.get(
                "/api/media", params={"limit": 2, "cursor": cursor} if cursor else {"limit": 2}
            )
        ).json()
        assert (page["total"], page["totalIsExact"]) == (5, True)
        found += [media["id"] for media in page["items"]]
        cursor, pages = page["nextCursor"], pages + 1
    assert (found, pages) == (ids[::-1], 3)


@pytest.mark.parametrize("field", ["query", "bucket", "projectId"])
async def test_a_word_that_no_database_takes_finds_nothing_or_is_refused(client, field) -> None:
    for word in ("%25", "_", "%5C", "'", "%F0%9F%90%88", "x" * 63, "%ED%A0%80", "%FF"):
        answer = await client.get(f"/api/media?{field}={word}")
        assert (answer.status_code, answer.json()["total"]) == (200, 0), word
    body = check_problem(await client.get(f"/api/media?{field}=a%00b"), 422)
    assert body["errors"][0]["field"] == field


@pytest.mark.parametrize("sha256", ["x", "", "0" * 63, "0" * 65, "g" * 64, "\0" * 64])
async def test_a_digest_that_is_none_is_refused(client: httpx.AsyncClient, sha256) -> None:
    check_problem(await client.get("/api/originals", params={"sha256": sha256}), 422)


UNKNOWN = ["colour", "offset", "Limit", "projectid", "mediaType"]


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize("name", UNKNOWN)
async def test_a_filter_that_a_list_does_not_know_is_refused_by_name(client, address, name) -> None:
    body = check_problem(await client.get(address, params={name: "3", "limit": "1"}), 422)
    assert [error["field"] for error in body["errors"]] == [name]


async def test_filters_are_known_in_both_spellings(client: httpx.AsyncClient) -> None:
    wanted = (await upload(client, pictures.jpeg(), projectId="spring")).json()["id"]
    await upload(client, pictures.jpeg(seed=1), projectId="autumn")
    for name in ("projectId", "project_id"):
        page = (await client.get("/api/media", params={name: "spring"})).json()
        assert [media["id"] for media in page["items"]] == [wanted], name


def test_every_filter_of_a_list_is_documented(settings: Settings) -> None:
    document = make_app(settings).openapi()
    named = {
        path: {each["name"] for each in document["paths"][path]["get"]["parameters"]}
        for path in ("/api/media", "/api/originals")
    }
    assert named == {
        "/api/media": {
            "query", "bucket", "source", "owner", "visibility", "projectId", "trash", "limit",
            "cursor",
        },
        "/api/originals": {"sha256", "orphaned", "limit", "cursor"},
    }  # fmt: skip


@pytest.mark.parametrize("total", [0, EXACT_UP_TO, EXACT_UP_TO + 1, 10**9])
def test_a_count_of_everything_is_exact_and_one_that_stopped_says_so(total: int) -> None:
    counted = page([], 50, None, total)
    assert (counted.total, counted.total_is_exact) == (total, True)
    stopped = page([], 50, None, total, counted_up_to=EXACT_UP_TO)
    exact = total <= EXACT_UP_TO
    assert (stopped.total, stopped.total_is_exact) == (min(total, EXACT_UP_TO), exact)


async def test_a_list_of_more_than_are_counted_gives_the_limit(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calotype.library.routes.EXACT_UP_TO", 2)
    seen = []
    for seed in range(4):
        await upload(client, pictures.jpeg(seed))
        page = (await client.get("/api/media", params={"limit": 1})).json()
        seen.append((page["total"], page["totalIsExact"]))
    assert seen == [(1, True), (2, True), (2, False), (2, False)]
    originals = (await client.get("/api/originals", params={"limit": 1})).json()
    assert (originals["total"], originals["totalIsExact"]) == (4, True)
