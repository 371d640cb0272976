"""Media: added, found, changed, and seen by those who may."""

from uuid import UUID, uuid4

import pytest

from calotype.library import (
    BucketClosed,
    BucketUnknown,
    Description,
    EditorsOnly,
    MediaMissing,
    NotYourMedia,
)
from tests.laws.crash.stage import Stage, picture, show
from tests.library.conftest import Shelves


async def test_media_says_what_was_said_about_it(shelves: Shelves) -> None:
    said = {
        "alt_text": "a jug", "caption": "blue", "description": "of clay", "tags": ("jug", "clay"),
        "bucket": "blog", "project_id": "P1", "visibility": "tenant", "metadata": {"prompt": "x"},
    }  # fmt: skip
    media = await shelves.get(await shelves.add("Jug", **said))
    assert {name: getattr(media, name) for name in said} == {**said, "tags": ["jug", "clay"]}
    assert (media.name, media.state, media.source_type) == ("Jug", "processing", "upload")
    assert (media.width, media.height, media.media_type) == (24, 16, "image/png")
    assert (media.owner_id, media.tenant_id) == (shelves.editor.person, shelves.editor.tenant)


async def test_two_media_of_the_same_bytes_have_their_own_words(shelves: Shelves) -> None:
    one, other = await shelves.add("one"), await shelves.add("other")
    await shelves.change(one, {"name": "changed"})
    first, second = await shelves.get(one), await shelves.get(other)
    assert (first.name, second.name) == ("changed", "other")
    assert first.original_id == second.original_id
    assert first.token != second.token


async def test_a_list_is_newest_first_a_page_at_a_time(shelves: Shelves) -> None:
    for number in range(5):
        await shelves.add(str(number))
    pages, after = [], None
    while page := await shelves.list_media(after=after, limit=2):
        pages.append([media.name for media in page])
        after = page[-1].id
    assert pages == [["4", "3"], ["2", "1"], ["0"]]


async def test_a_list_does_not_repeat_or_skip_when_media_is_added_meanwhile(
    shelves: Shelves,
) -> None:
    for number in range(4):
        await shelves.add(str(number))
    first = await shelves.list_media(limit=2)
    await shelves.add("late")
    assert await shelves.names(after=first[-1].id, limit=9) == ["1", "0"]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, ["c", "b", "a"]),
        ({"bucket": "blog"}, ["b", "a"]),
        ({"bucket": "nowhere"}, []),
        ({"source": "upload"}, ["c", "b", "a"]),
        ({"source": "stock"}, []),
        ({"visibility": "public"}, ["c"]),
        ({"project": "P1"}, ["a"]),
        ({"owner": UUID(int=1)}, ["c", "b", "a"]),
        ({"owner": UUID(int=2)}, []),
        ({"bucket": "blog", "project": "P1"}, ["a"]),
        ({"query": "B"}, ["b"]),
        ({"query": "b", "bucket": "image"}, []),
        ({"query": "a", "bucket": "blog", "project": "P1", "visibility": "private"}, ["a"]),
    ],
)
async def test_a_filter_shows_what_it_says_and_counts_it(
    shelves: Shelves, wanted: dict, names: list[str]
) -> None:
    await shelves.add("a", bucket="blog", project_id="P1")
    await shelves.add("b", bucket="blog")
    await shelves.add("c", visibility="public")
    assert await shelves.names(**wanted) == names
    assert await shelves.count(**wanted) == len(names)


async def test_counting_ends_where_it_is_told_to(shelves: Shelves) -> None:
    for number in range(5):
        await shelves.add(f"jug {number}")
    assert await shelves.count(up_to=3) == 4
    assert await shelves.count(up_to=3, query="jug") == 4


async def test_buckets_that_do_not_exist_are_refused(stage: Stage, shelves: Shelves) -> None:
    with pytest.raises(BucketUnknown):
        await shelves.add("a", bucket="nowhere")
    media = await shelves.add("a")
    with pytest.raises(BucketUnknown):
        await shelves.change(media, {"bucket": "nowhere"})
    assert stage.ask("select count(*) from originals") == [(1,)]


async def test_only_admins_write_to_a_closed_bucket(stage: Stage, shelves: Shelves) -> None:
    stage.owner.execute("update buckets set writable_by = 'admin' where name = 'about'")
    try:
        media = await shelves.add("a")
        with pytest.raises(BucketClosed):
            await shelves.add("b", bucket="about")
        with pytest.raises(BucketClosed):
            await shelves.change(media, {"bucket": "about"})
        await shelves.add("c", shelves.admin, bucket="about")
        assert await shelves.names(shelves.admin, bucket="about") == ["c"]
    finally:
        stage.owner.execute("update buckets set writable_by = 'editor'")


async def test_viewers_add_and_change_nothing(shelves: Shelves) -> None:
    media = await shelves.add("a", visibility="tenant")
    with pytest.raises(EditorsOnly):
        await shelves.add("b", shelves.viewer)
    with pytest.raises(NotYourMedia):
        await shelves.change(media, {"name": "b"}, shelves.viewer)


@pytest.mark.parametrize("visibility", ["private", "tenant", "public"])
async def test_who_sees_media_depends_on_its_visibility(shelves: Shelves, visibility: str) -> None:
    await shelves.add("a", visibility=visibility)
    shown = [] if visibility == "private" else ["a"]
    for caller, names in (
        (shelves.editor, ["a"]), (shelves.admin, ["a"]), (shelves.colleague, shown),
        (shelves.viewer, shown), (shelves.stranger, []),
    ):  # fmt: skip
        assert await shelves.names(caller) == names
        assert await shelves.names(caller, query="a") == names
        assert await shelves.count(caller) == await shelves.count(caller, query="a") == len(names)


async def test_another_tenants_media_is_missing_and_a_colleagues_is_not_yours(
    shelves: Shelves,
) -> None:
    private = await shelves.add("a")
    shared = await shelves.add("b", visibility="tenant")
    for media, caller, trouble in (
        (private, shelves.stranger, MediaMissing), (shared, shelves.stranger, MediaMissing),
        (private, shelves.colleague, MediaMissing), (shared, shelves.colleague, NotYourMedia),
    ):  # fmt: skip
        with pytest.raises(trouble):
            await shelves.change(media, {"name": "mine"}, caller)
        with pytest.raises(trouble):
            await shelves.stage.delete(media, caller)
    assert await shelves.names() == ["b", "a"]


async def test_admins_change_what_others_own(shelves: Shelves) -> None:
    media = await shelves.add("a")
    assert (await shelves.change(media, {"name": "b"}, shelves.admin)).name == "b"
    assert (await shelves.get(media)).owner_id == shelves.editor.person


async def test_a_change_says_only_what_it_names(shelves: Shelves) -> None:
    media = await shelves.add("a", caption="kept", tags=("one",))
    changed = await shelves.change(
        media, {"tags": ["two"], "metadata": {"k": [1]}, "project_id": None}
    )
    assert (changed.name, changed.caption, changed.tags) == ("a", "kept", ["two"])
    assert (changed.metadata, changed.project_id) == ({"k": [1]}, None)
    assert (await shelves.change(media, {})) == changed


async def test_media_that_does_not_exist_is_missing(shelves: Shelves) -> None:
    for ask in (shelves.get(uuid4()), shelves.change(uuid4(), {"name": "a"})):
        with pytest.raises(MediaMissing):
            await ask


async def test_the_bytes_of_another_tenant_are_not_said_to_be_known(
    stage: Stage, shelves: Shelves
) -> None:
    """Whether somebody else has a picture cannot be learnt by sending it."""
    await shelves.add("a", seed=5)
    answers = []
    for caller in (shelves.stranger, shelves.colleague, shelves.editor):
        received = stage.arrive(picture(5))
        answer = await stage.house.uploads.receive(
            caller, received, Description(name="again"), key=None, show=show
        )
        answers.append(answer.body["deduplicated"])
    assert answers == [False, False, True]
