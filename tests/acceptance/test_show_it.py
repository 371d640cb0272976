"""What the product promises, from the first upload to the last byte swept away."""

from pathlib import Path

import httpx

from tests import pictures
from tests.acceptance.conftest import Install


def objects_in(data: Path) -> list[Path]:
    """The files under `objects`, besides the mark of the store."""
    files = [file for file in (data / "objects").rglob("*") if file.is_file()]
    return [file for file in files if file.name != "epoch"]


def upload(
    client: httpx.Client, data: bytes, name: str = "a.jpg", **headers: str
) -> httpx.Response:
    return client.post("/api/media", files={"file": (name, data)}, headers=headers)


def test_a_picture_is_kept_once_for_as_long_as_anybody_needs_it(install: Install) -> None:
    installation = install(CALOTYPE_ORPHAN_GRACE="0", CALOTYPE_TRASH_DAYS="0")
    installation.start()
    picture = pictures.jpeg(seed=7)
    with installation.client() as client:
        first, second = [upload(client, picture).json() for _ in range(2)]
        stats = client.get("/api/originals/stats").json()
        assert (stats["totalCount"], stats["avgReferences"]) == (1, 2.0)
        assert [file.read_bytes() for file in objects_in(installation.data)] == [picture]

        assert client.delete(f"/api/media/{first['id']}").status_code == 204
        assert client.get(first["url"]).status_code == 404
        other = client.get(second["url"])
        assert (other.status_code, other.content) == (200, picture)

        assert client.delete(f"/api/media/{second['id']}").status_code == 204
        dry = installation.run("sweep", "--dry-run")
        assert (dry.returncode, len(objects_in(installation.data))) == (0, 1)
        swept = installation.run("sweep")
        assert swept.returncode == 0, swept.stderr
        assert objects_in(installation.data) == []
        assert client.get("/api/originals/stats").json()["totalCount"] == 0
        again = upload(client, picture).json()
        assert client.get(again["url"]).content == picture
    doctor = installation.run("doctor", "--level", "deep")
    assert doctor.returncode == 0, doctor.stdout
