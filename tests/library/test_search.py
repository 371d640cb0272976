"""Searching by a part of a name: quick as the app role, and silent about what is not yours."""

import pytest

from tests.laws.crash.stage import Stage
from tests.library.conftest import Shelves

MANY = 20_000


def fill(stage: Stage) -> None:
    """Many media with names that have little in common."""
    stage.owner.execute(
        "insert into media (id, tenant_id, owner_id, original_id, token, state, name, bucket,"
        " media_type, width, height, size_bytes) select gen_random_uuid(), tenant_id, owner_id,"
        " original_id, decode(md5(number::text), 'hex'), state, md5(number::text || 'x'), bucket,"
        " media_type, width, height, size_bytes"
        f" from media, generate_series(1, {MANY}) as number"
    )
    stage.owner.execute("analyze media")


def scans(stage: Stage, index: str) -> int:
    stage.owner.execute("select pg_stat_clear_snapshot()")
    [(count,)] = stage.ask(
        "select idx_scan from pg_stat_user_indexes where indexrelname = %s", index
    )
    return count


async def look(stage: Stage, shelves: Shelves, query: str) -> list[str]:
    """Search on a connection that tells at once which indexes it used."""
    async with stage.house.database.snapshot(shelves.editor) as snapshot:
        cursor = await snapshot.connection.execute("select current_user::text")
        assert await cursor.fetchone() == ("calotype_app",)
        cursor = await snapshot.connection.execute(
            "select name from search_media(%s, null, 50, null, null, null, null, null, false) as found"
            " join media on media.id = found", [query],
        )  # fmt: skip
        names = [row[0] for row in await cursor.fetchall()]
        await snapshot.connection.execute("select pg_stat_force_next_flush()")
    return names


async def test_a_search_uses_its_index_as_the_app_role(stage: Stage, shelves: Shelves) -> None:
    await shelves.add("a very blue jug")
    fill(stage)
    before = scans(stage, "media_name")
    assert await look(stage, shelves, "blue J") == ["a very blue jug"]
    assert scans(stage, "media_name") == before + 1


async def test_the_same_search_by_policies_alone_would_read_everything(
    stage: Stage, shelves: Shelves
) -> None:
    """The reason for the function: under row-level security LIKE loses its index."""
    await shelves.add("a very blue jug")
    fill(stage)
    async with stage.house.database.snapshot(shelves.editor) as snapshot:
        cursor = await snapshot.connection.execute(
            "explain select id from media where lower(name) like '%blue j%' and deleted_at is null"
        )
        plan = "\n".join(row[0] for row in await cursor.fetchall())
    assert "media_name" not in plan


async def test_the_function_says_nothing_of_other_people_and_tenants(shelves: Shelves) -> None:
    await shelves.add("jug of a stranger", shelves.stranger, visibility="public")
    await shelves.add("jug of a colleague", shelves.colleague)
    await shelves.add("jug that is shared", shelves.colleague, visibility="tenant")
    await shelves.add("jug of mine")
    mine = ["jug of mine", "jug that is shared"]
    assert await shelves.names(query="jug") == mine
    assert await shelves.count(query="jug") == 2
    assert await shelves.names(shelves.viewer, query="jug") == mine[1:]
    assert await shelves.names(shelves.stranger, query="jug") == ["jug of a stranger"]
    assert len(await shelves.names(shelves.admin, query="jug")) == 3


@pytest.mark.parametrize("query", ["50%", "under_score", "back\\slash", "ÄRGER", "o'clock", "q q"])
async def test_every_character_of_a_query_means_itself(shelves: Shelves, query: str) -> None:
    await shelves.add(f"a {query.lower()} b")
    await shelves.add("a 50x underXscore backslash arger oclock qq b")
    assert await shelves.names(query=query) == [f"a {query.lower()} b"]


async def test_a_search_goes_on_where_its_page_ended(shelves: Shelves) -> None:
    for number in range(5):
        await shelves.add(f"jug {number}")
    first = await shelves.list_media(query="jug", limit=2)
    rest = await shelves.names(query="jug", after=first[-1].id, limit=9)
    assert [media.name for media in first] + rest == [f"jug {n}" for n in (4, 3, 2, 1, 0)]
