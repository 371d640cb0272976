"""Whatever arrives, the answer is clear, and nothing is half-stored."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from calotype.app import House
from calotype.settings import Settings
from tests import pictures
from tests.conftest import Cluster
from tests.http.speaking import check_nothing_kept, check_problem, kept_files, upload
from tests.jobs.working import work_off

LIMIT_BYTES = 4_000_000


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"max_upload": LIMIT_BYTES})


@pytest.fixture
async def refused(client: httpx.AsyncClient, house: House, cluster: Cluster):
    """Demand a problem with a status, and that nothing of the upload is left."""

    def check(answer: httpx.Response, status: int) -> dict:
        body = check_problem(answer, status)
        check_nothing_kept(house, cluster.owner_url)
        return body

    return check


async def test_an_empty_file_is_refused(client: httpx.AsyncClient, refused) -> None:
    assert "empty" in refused(await upload(client, b""), 422)["title"]


@pytest.mark.parametrize(
    "data", [pictures.text_named_jpg(), pictures.svg(), b"\xff\xd8", bytes(999)]
)
async def test_what_is_no_picture_is_refused(client: httpx.AsyncClient, refused, data) -> None:
    assert "not a picture" in refused(await upload(client, data), 415)["title"]


async def test_a_picture_of_too_many_pixels_is_refused(client: httpx.AsyncClient, refused) -> None:
    body = refused(await upload(client, pictures.huge_png_header(), "a.png"), 422)
    assert "pixels" in body["title"]


async def test_a_film_disguised_as_gif_is_refused(client: httpx.AsyncClient, refused) -> None:
    body = refused(await upload(client, pictures.many_frames_gif(), "a.gif"), 422)
    assert "frames" in body["title"]


async def test_a_truncated_picture_is_kept_and_known_to_be_unreadable(
    client: httpx.AsyncClient, house: House, cluster: Cluster
) -> None:
    data = pictures.truncated_jpeg()
    added = await upload(client, data)
    assert (added.status_code, added.json()["state"]) == (201, "processing")
    await work_off(house, cluster.login_url)
    media = (await client.get(f"/api/media/{added.json()['id']}")).json()
    assert media["state"] == "unreadable"
    fetched = await client.get(f"/m/{media['id']}")
    assert (fetched.status_code, fetched.content) == (200, data)
    assert fetched.headers["content-disposition"].startswith("attachment;")
    again = await upload(client, data)
    assert (again.status_code, again.json()["state"]) == (201, "unreadable")


ODD = {
    "cmyk.jpg": (pictures.cmyk_jpeg(), "image/jpeg"),
    "deep.png": (pictures.png(depth=16), "image/png"),
    "garbled-exif.jpg": (
        pictures.jpeg_with_exif(b"MM\0\x2a\xff\xff\xff\xff garbage"),
        "image/jpeg",
    ),
    "empty-exif.jpg": (pictures.jpeg_with_exif(b""), "image/jpeg"),
    "turned-nowhere.jpg": (pictures.oriented_jpeg(orientation=9), "image/jpeg"),
    "phone.heic": (pictures.heic(), "image/heic"),
    "phone.avif": (pictures.avif(), "image/avif"),
    "film.gif": (pictures.gif(), "image/gif"),
    "liar.png": (pictures.webp(), "image/webp"),
    "long.tiff": (pictures.tiff(), "image/tiff"),
}


async def test_odd_pictures_are_kept_as_what_they_are(
    client: httpx.AsyncClient, house: House, cluster: Cluster
) -> None:
    for name, (data, media_type) in ODD.items():
        added = await upload(client, data, name)
        assert (added.status_code, added.json().get("mediaType")) == (201, media_type), name
    await work_off(house, cluster.login_url)
    listed = (await client.get("/api/media")).json()["items"]
    assert {media["file_name"]: media["state"] for media in listed} == dict.fromkeys(ODD, "ready")
    for media in listed:
        assert (await client.get(f"/m/{media['id']}")).content == ODD[media["file_name"]][0]


NAMES = {
    "../../../etc/passwd": "passwd",
    "..\\..\\boot.ini": "boot.ini",
    "a\0b.jpg": "ab.jpg",
    "two\nlines\r.jpg": "twolines.jpg",
    "katze 🐈‍⬛ ü.jpg": None,
    "x" * 4000 + ".jpg": "x" * 255,
    "/": "unnamed",
    "..": "..",
    "\u202egpj.exe": "gpj.exe",
    "<script>.jpg": "<script>.jpg",
    '"quoted".jpg': '"quoted".jpg',
}


def form_with_name(name: str, data: bytes) -> dict:
    """Write the name as it is, as rude programs do; clients of good manners escape it."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"').encode()
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + quoted + b'"'
    return {
        "content": head + b"\r\n\r\n" + data + b"\r\n--b--\r\n",
        "headers": {"Content-Type": "multipart/form-data; boundary=b"},
    }


async def test_no_name_reaches_the_disk_or_breaks_anything(
    client: httpx.AsyncClient, house: House
) -> None:
    data = pictures.jpeg()
    for name, cleaned in NAMES.items():
        added = await upload(client, data, name)
        assert added.status_code == 201, added.text
        stored = added.json()["file_name"]
        assert len(stored) <= 255
        assert stored.isprintable()
        assert not set("/\\") & set(stored)
        if cleaned is not None and "\n" not in name and "\0" not in name:
            assert stored == cleaned
        fetched = await client.get(f"/m/{added.json()['id']}")
        assert fetched.content == data
        assert fetched.headers["content-disposition"].isascii()
    assert len(kept_files(house)) == 1
    assert list(house.settings.data.rglob("*passwd*")) == []


@pytest.mark.parametrize(
    "name",
    [
        "a\0b.jpg",
        "two\nlines.jpg",
        "\udc80.jpg".encode("utf-8", "surrogateescape").decode("latin-1"),
    ],
)
async def test_raw_names_of_rude_programs_are_cleaned_or_refused(
    client: httpx.AsyncClient, name: str
) -> None:
    answer = await client.post("/api/media", **form_with_name(name, pictures.jpeg()))
    assert answer.status_code in (201, 400), answer.text
    if answer.status_code == 201:
        assert answer.json()["file_name"].isprintable()


async def test_a_name_that_is_not_unicode_is_refused(client: httpx.AsyncClient, refused) -> None:
    form = form_with_name("?", pictures.jpeg())
    form["content"] = form["content"].replace(b'"?"', b'"\xff\xfe.jpg"')
    refused(await client.post("/api/media", **form), 400)


async def test_a_body_that_announces_too_much_is_refused(
    client: httpx.AsyncClient, refused
) -> None:
    refused(await upload(client, pictures.jpeg() + bytes(LIMIT_BYTES + (1 << 20))), 413)


async def test_a_file_just_over_the_limit_is_refused(client: httpx.AsyncClient, refused) -> None:
    data = pictures.jpeg()
    refused(await upload(client, data + bytes(LIMIT_BYTES + 1 - len(data))), 413)


async def test_a_file_of_exactly_the_limit_is_kept(client: httpx.AsyncClient) -> None:
    data = pictures.jpeg()
    whole = data + bytes(LIMIT_BYTES - len(data))
    added = await upload(client, whole)
    assert (added.status_code, added.json()["sizeBytes"]) == (201, LIMIT_BYTES)


async def test_a_body_that_never_says_how_long_it_is_is_cut_off(
    client: httpx.AsyncClient, refused
) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
        for _ in range(100):
            taken += 1 << 20
            yield bytes(1 << 20)

    answer = await client.post(
        "/api/media", content=endless(),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )  # fmt: skip
    refused(answer, 413)
    assert taken <= LIMIT_BYTES + (2 << 20)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("image/jpeg", pictures.jpeg()),
        ("application/json", b"{}"),
        ("application/x-www-form-urlencoded", b"file=x"),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"--c\r\n\r\nanother boundary\r\n--c--\r\n"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="file"'),
        (f"multipart/form-data; boundary={'b' * 300}", b"x"),
        ("", b"x"),
    ],
)
async def test_a_body_that_is_no_form_is_unreadable(
    client: httpx.AsyncClient, refused, kind, body
) -> None:
    answer = await client.post("/api/media", content=body, headers={"Content-Type": kind})
    refused(answer, 400)


async def test_a_form_without_a_file_is_refused(client: httpx.AsyncClient, refused) -> None:
    refused(await client.post("/api/media", files={"name": (None, "A")}), 422)
    refused(await client.post("/api/media", files={"file": (None, "text")}), 422)
    refused(await client.post("/api/media", files={"picture": ("a.jpg", pictures.jpeg())}), 422)


async def test_a_form_with_two_files_is_refused(client: httpx.AsyncClient, refused) -> None:
    file = ("file", ("a.jpg", pictures.jpeg()))
    refused(await client.post("/api/media", files=[file, file]), 400)


async def test_a_field_that_comes_twice_is_refused(client: httpx.AsyncClient, refused) -> None:
    file = ("file", ("a.jpg", pictures.jpeg()))
    twice = [("name", (None, "A")), ("name", (None, "B"))]
    refused(await client.post("/api/media", files=[file, *twice]), 400)


async def test_a_field_that_is_too_long_is_refused(client: httpx.AsyncClient, refused) -> None:
    refused(await upload(client, pictures.jpeg(), caption="x" * (1 << 17)), 413)


async def test_a_form_of_very_many_fields_is_refused(client: httpx.AsyncClient, refused) -> None:
    fields = {f"field{number}": "x" for number in range(200)}
    refused(await upload(client, pictures.jpeg(), **fields), 413)


DEEP = "[" * 30_000 + "]" * 30_000
FIELDS = {
    "shade": "unknown",
    "visibility": "loud",
    "name": "\0",
    "altText": "a\0b",
    "caption": "x" * 10_001,
    "tags": '["unclosed',
    "bucket": "no\0where",
    "projectId": "",
    "metadata": "[1]",
}


@pytest.mark.parametrize("field", FIELDS)
async def test_each_field_that_is_refused_is_named(
    client: httpx.AsyncClient, refused, field
) -> None:
    body = refused(await upload(client, pictures.jpeg(), **{field: FIELDS[field]}), 422)
    if field != "bucket":
        assert [error["field"] for error in body["errors"]] == [field]
        assert body["errors"][0]["message"]


@pytest.mark.parametrize(
    "metadata",
    [
        "{",
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": "\\u0000"}',
        '{"\\u0000": 1}',
        '{"a": "\\ud800"}',
        '{"a": ' + DEEP + "}",
        '{"a": ' + "9" * 5000 + "}",
        '{"title": "a\\u0000"}',
        '{"tags": "x"}',
    ],
    ids=[
        "broken",
        "nan",
        "infinity",
        "nul",
        "nul-name",
        "surrogate",
        "deep",
        "huge",
        "title",
        "tags",
    ],
)
async def test_metadata_that_no_database_takes_is_refused(
    client: httpx.AsyncClient, refused, metadata: str
) -> None:
    body = refused(await upload(client, pictures.jpeg(), metadata=metadata), 422)
    assert body["errors"][0]["field"].startswith("metadata")


async def test_everything_that_may_be_said_is_kept(client: httpx.AsyncClient) -> None:
    said = {
        "name": "Katze 🐈", "alt_text": "A cat", "caption": "Two\nlines", "bucket": "custom",
        "visibility": "tenant", "tags": "a, b", "projectId": "p", "metadata": json.dumps({"k": [1]}),
    }  # fmt: skip
    media = (await upload(client, pictures.jpeg(), **said)).json()
    assert media["altText"] == "A cat"
    assert media["tags"] == ["a", "b"]
    assert media["metadata"]["k"] == [1]
    assert (media["name"], media["title"]) == ("Katze 🐈", "Katze 🐈")
    assert (media["bucket"], media["visibility"], media["projectId"]) == ("custom", "tenant", "p")
