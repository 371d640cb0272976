"""Where media comes from stands in columns of its own, in one table for all sources."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import get_args
from uuid import UUID

import psycopg
import pytest

from calotype.database import Caller, Snapshot, value
from calotype.library import Filter
from calotype.library.model import SourceType
from tests.laws.crash.stage import Stage
from tests.library.conftest import Shelves
from tests.library.test_search import fill, scans

SOURCES = get_args(SourceType)
UPSCALED = (
    "select id from media where tenant_id = current_tenant() and deleted_at is null"
    " and enhancement_type = 'upscaled' order by id desc limit 50"
)
SOMEBODY = UUID(int=9)


def copy(stage: Stage, media: UUID, **columns: object) -> UUID:
    """Another row like *media*, as later parts of the product will write them."""
    told = "".join(f", '{column}', %({column})s::text" for column in columns)
    [(made,)] = stage.owner.execute(
        "insert into media select (jsonb_populate_record(m, jsonb_build_object('id',"
        f" gen_random_uuid(), 'token', '\\x' || md5(random()::text){told}))).*"
        " from media m where id = %(media)s returning id",
        {"media": media, **{name: str(column) for name, column in columns.items()}},
    ).fetchall()
    return made


async def test_what_a_person_sends_comes_from_an_upload_and_from_no_other_media(
    shelves: Shelves,
) -> None:
    media = await shelves.get(await shelves.add("a"))
    assert (media.source_type, media.enhancement_type, media.original_media_id) == (
        "upload", None, None,
    )  # fmt: skip


async def test_media_of_every_source_stand_in_one_list(stage: Stage, shelves: Shelves) -> None:
    first = await shelves.add("a", metadata={"prompt": "p"})
    for source in SOURCES[1:]:
        copy(stage, first, source_type=source)
    listed = await shelves.list_media()
    assert sorted(media.source_type for media in listed) == sorted(SOURCES)
    assert [media.metadata for media in listed] == [{"prompt": "p"}] * len(SOURCES)
    for source in SOURCES:
        assert [media.source_type for media in await shelves.list_media(source=source)] == [source]


async def test_media_says_what_it_was_made_from_and_how(stage: Stage, shelves: Shelves) -> None:
    first = await shelves.add("a")
    made = copy(
        stage, first, source_type="enhanced", enhancement_type="upscaled", original_media_id=first
    )
    found = await shelves.get(made)
    assert (found.source_type, found.enhancement_type, found.original_media_id) == (
        "enhanced", "upscaled", first,
    )  # fmt: skip


@pytest.mark.parametrize("source", ["Upload", "camera", ""])
async def test_a_source_that_nobody_knows_is_refused_by_the_database(
    stage: Stage, shelves: Shelves, source: str
) -> None:
    media = await shelves.add("a")
    with pytest.raises(psycopg.errors.CheckViolation):
        copy(stage, media, source_type=source)


async def use(stage: Stage, caller: Caller, ask: Callable[[Snapshot], Awaitable[object]]) -> object:
    """Ask as the app role, on a connection that tells at once which indexes it used."""
    async with stage.house.database.snapshot(caller) as snapshot:
        assert await value(snapshot, "select current_user::text", {}) == "calotype_app"
        found = await ask(snapshot)
        await snapshot.connection.execute("select pg_stat_force_next_flush()")
    return found


def set_some_apart(stage: Stage) -> None:
    """Let one in 256 media be of another source, owner and bucket than all others."""
    stage.owner.execute(
        "update media set source_type = 'stock', owner_id = %s, bucket = 'about',"
        " enhancement_type = 'upscaled' where get_byte(token, 0) = 7", [SOMEBODY],
    )  # fmt: skip
    stage.owner.execute("analyze media")


async def test_each_question_uses_its_index_as_the_app_role(stage: Stage, shelves: Shelves) -> None:
    await shelves.add("a")
    fill(stage)
    set_some_apart(stage)
    rare = (await shelves.get(await shelves.add("b", seed=1))).original_id
    library = stage.house.library

    def listing(**wanted: object) -> Callable[[Snapshot], Awaitable[object]]:
        return partial(library.list_media, wanted=Filter(**wanted), after=None, limit=50)

    questions = {
        "media_listing": listing(),
        "media_source": listing(source="stock"),
        "media_owner": listing(owner=SOMEBODY),
        "media_bucket": listing(bucket="about"),
        "media_enhancement": partial(value, query=UPSCALED, values={}),
        "media_original": partial(library.sees_original, original=rare),
    }
    for index, ask in questions.items():
        before = scans(stage, index)
        assert await use(stage, shelves.admin, ask), index
        assert scans(stage, index) == before + 1, index
