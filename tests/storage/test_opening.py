"""An address opens the store that it names, or is refused without being shown."""

import pytest

from calotype.storage import BadStorageUrl, open_objects

BAD_URLS = [
    "",
    "pictures",
    "/srv/pictures",
    "ftp://host/pictures",
    "file://srv/pictures",
    "file:pictures",
    "file:///srv/pictures?mode=fast",
    "s3://",
    "webdav+https://",
    "webdav+http://anna:secret@/pictures",
    "https://anna:secret@host/pictures",
    "webdav+https://anna:secret@[::1/pictures",
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_an_address_of_no_store_is_refused(url):
    with pytest.raises(BadStorageUrl) as refused:
        open_objects(url)
    assert "secret" not in str(refused.value)


async def test_a_folder_is_made_where_none_is(tmp_path):
    objects = open_objects(f"file://{tmp_path}/deep/down")
    assert (tmp_path / "deep/down").is_dir()
    await objects.close()


async def test_two_memories_are_two(tmp_path):
    first, second = open_objects("memory://"), open_objects("memory://")
    await first.write_marker("epoch", b"1")
    assert await second.read_marker("epoch") is None


@pytest.mark.parametrize(
    "url", ["gs://bucket/pictures", "webdav+https://host/pictures", "s3://bucket/pictures"]
)
def test_an_address_opens_without_being_asked_anything(url):
    assert open_objects(url).local_path("o/x") is None
