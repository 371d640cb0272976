"""One original for many media: it stays as long as one of them does, and goes after the last."""

import httpx

from tests import pictures
from tests.acceptance.installation import Installation, await_that
from tests.acceptance.test_show_it import objects_in, upload

PICTURE = pictures.jpeg(seed=11)


def sweep(installation: Installation, *, grace: str = "0") -> None:
    """Empty the trash at once and collect what has been condemned for longer than *grace*."""
    swept = installation.run("sweep", CALOTYPE_TRASH_DAYS="0", CALOTYPE_ORPHAN_GRACE=grace)
    assert swept.returncode == 0, swept.stderr


def stats(client: httpx.Client) -> dict:
    return client.get("/api/originals/stats").json()


def test_what_was_uploaded_shared_and_looked_at_goes_when_all_is_deleted(
    serving: Installation,
) -> None:
    with serving.client() as client:
        first, second = [upload(client, PICTURE).json() for _ in range(2)]
        assert (first["deduplicated"], second["deduplicated"]) == (False, True)
        assert [file.read_bytes() for file in objects_in(serving.data)] == [PICTURE]

        def ready() -> bool:
            media = client.get("/api/media").json()["items"]
            return [each["state"] for each in media] == ["ready", "ready"]

        await_that(ready, "the look at the pixels")
        for media in (first, second):
            assert client.delete(f"/api/media/{media['id']}").status_code == 204
        sweep(serving, grace="24h")
        assert stats(client)["orphanedCount"] == 1
        assert len(objects_in(serving.data)) == 1
        sweep(serving)
        assert objects_in(serving.data) == []
        assert stats(client)["totalCount"] == 0


def test_of_three_media_two_may_go_and_the_third_keeps_the_original(
    serving: Installation,
) -> None:
    with serving.client() as client:
        media = [upload(client, PICTURE).json() for _ in range(3)]
        assert (stats(client)["totalCount"], stats(client)["avgReferences"]) == (1, 3.0)
        *going, last = media
        for each in going:
            assert client.delete(f"/api/media/{each['id']}").status_code == 204
        sweep(serving)
        assert client.get(last["url"]).content == PICTURE
        assert stats(client)["avgReferences"] == 1.0
        assert client.delete(f"/api/media/{last['id']}").status_code == 204
        sweep(serving)
        assert objects_in(serving.data) == []
        assert client.get(last["url"]).status_code == 404
        assert stats(client)["totalCount"] == 0
