"""What stays of media whose original was let go."""

from tests.laws.crash.stage import Stage
from tests.library.conftest import Shelves


async def test_the_row_stays_for_history_with_its_size(stage: Stage, shelves: Shelves) -> None:
    media = await shelves.add("a", bucket="blog", project_id="P1")
    size_bytes = (await shelves.get(media)).size_bytes
    await stage.delete_at_once(media)
    await stage.house.sweeper.sweep()
    assert await stage.stored_keys() == set()
    kept = "select id, original_id, project_id, size_bytes, deleted_at is not null from media"
    assert stage.ask(kept) == [(media, None, "P1", size_bytes, True)]


async def test_media_without_an_original_is_passed_over(stage: Stage, shelves: Shelves) -> None:
    gone, stays = await shelves.add("a"), await shelves.add("b")
    await stage.delete_at_once(gone)
    stage.pass_time(31 * 24)
    assert await stage.house.library.empty_trash() == 0
    assert stage.ask("select state from originals") == [("live",)]
    assert (await shelves.names(), await shelves.names(trash=True)) == (["b"], [])
    await stage.delete(stays)
    stage.pass_time(31 * 24)
    assert await stage.house.library.empty_trash() == 1
    assert stage.ask("select state from originals") == [("condemned",)]
