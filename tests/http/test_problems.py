"""Whatever goes wrong, the answer is a problem that helps and gives nothing away."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import psycopg
import pytest

from calotype.app import House
from tests import pictures
from tests.conftest import Cluster
from tests.http.speaking import check_problem, speaking, upload, with_key

BAD_IDS = ["1", "not-an-id", "0" * 64, "..%2f..%2fetc", "%00", "🐈", "'; drop table media; --"]


@pytest.mark.parametrize("bad", BAD_IDS)
async def test_an_id_that_is_none_is_refused_or_not_found(client: httpx.AsyncClient, bad) -> None:
    for method, path in [
        ("GET", "/api/media/{}"), ("DELETE", "/api/media/{}"), ("POST", "/api/media/{}/restore"),
        ("GET", "/api/originals/{}"), ("DELETE", "/api/keys/{}"),
    ]:  # fmt: skip
        answer = await client.request(method, path.format(bad))
        check_problem(answer, answer.status_code)
        assert answer.status_code in (404, 405, 422), (method, path, answer.text)
    check_problem(await client.get(f"/m/{bad}"), 404)
    check_problem(await client.get(f"/i/{bad}/original"), 404)


async def test_a_missing_thing_is_told_by_its_address_alone(client: httpx.AsyncClient) -> None:
    address = f"/api/media/{uuid4()}"
    body = check_problem(await client.get(address), 404)
    assert body == {
        "type": "/docs/problems#media-missing",
        "title": "There is no such media.",
        "status": 404,
        "detail": "There is no such media.",
        "instance": address,
    }


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("PUT", "/api/media", 405),
        ("POST", "/m/x", 405),
        ("TRACE", "/api/media", 405),
    ],
)
async def test_addresses_and_methods_that_do_not_exist(client, method, path, status) -> None:
    answer = await client.request(method, path)
    check_problem(answer, status)
    assert (status == 405) == ("allow" in answer.headers)


async def test_a_body_that_is_no_json_is_unreadable(client: httpx.AsyncClient) -> None:
    media = (await upload(client, pictures.jpeg())).json()["id"]
    for broken in (b"{", b"\xff\xfe", b"[" * 100_000, b""):
        answer = await client.patch(
            f"/api/media/{media}", content=broken, headers={"Content-Type": "application/json"}
        )
        check_problem(answer, 422 if broken == b"" else 400)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "a\0b"), ("name", ""), ("name", "x" * 301), ("name", 7), ("name", "\ud800"),
        ("tags", "a,b"), ("tags", ["a\0"]), ("tags", [""]), ("tags", ["x"] * 101),
        ("visibility", "loud"), ("isPublic", "maybe"), ("unknown", 1), ("id", "0190f3c2-7a51-7c11-9f0e-2f1d6f1f9b10"),
        ("state", "ready"), ("sha256", "00"), ("projectId", "p\0"), ("altText", "x" * 10_001),
    ],
)  # fmt: skip
async def test_each_field_of_a_change_that_is_refused_is_named(client, field, value) -> None:
    address = "/api/media/" + (await upload(client, pictures.jpeg())).json()["id"]
    before = (await client.get(address)).json()
    answer = await client.patch(
        address, content=json.dumps({field: value}), headers={"Content-Type": "application/json"}
    )
    body = check_problem(answer, 422)
    assert body["errors"][0]["field"].split(".")[0] == field
    assert (await client.get(address)).json() == before


@pytest.mark.parametrize(
    "metadata",
    ['{"a": NaN}', '{"a": 1e999}', '{"a": "\\u0000"}', '{"\\ud800": 1}', '{"title": "a\\u0000"}',
     '{"tags": "x"}', '{"a": ' + "[" * 60 + "]" * 60 + "}", "7"],
)  # fmt: skip
async def test_metadata_that_no_database_takes_is_refused(client, metadata) -> None:
    media = (await upload(client, pictures.jpeg())).json()["id"]
    answer = await client.patch(
        f"/api/media/{media}", content='{"metadata": ' + metadata + "}",
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    assert check_problem(answer, 422)["errors"][0]["field"].startswith("metadata")


async def test_names_of_fields_in_metadata_are_the_fields(client: httpx.AsyncClient) -> None:
    told = '{"title": "A", "description": "B", "tags": ["c"], "prompt": "d"}'
    added = (await upload(client, pictures.jpeg(), metadata=told)).json()
    assert (added["name"], added["description"], added["tags"], added["prompt"]) == (
        "A", "B", ["c"], "d",
    )  # fmt: skip
    changed = await client.patch(f"/api/media/{added['id']}", json={"metadata": {"title": "Z"}})
    assert (changed.json()["name"], changed.json()["metadata"]["title"]) == ("Z", "Z")


async def test_snake_case_comes_in_and_camel_case_goes_out(client: httpx.AsyncClient) -> None:
    media = (await upload(client, pictures.jpeg(), alt_text="first")).json()
    assert media["altText"] == "first"
    for said in ({"alt_text": "second"}, {"altText": "second"}):
        changed = (await client.patch(f"/api/media/{media['id']}", json=said)).json()
        assert changed["altText"] == "second"
        assert "alt_text" not in changed
    signed = await client.post(f"/api/media/{media['id']}/signed-url", json={"expires_in": 60})
    assert signed.status_code == 201
    assert signed.json().keys() == {"url", "expiresAt"}


async def test_keys_that_are_wrong_expired_or_revoked_open_nothing(
    client: httpx.AsyncClient, cluster: Cluster
) -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    expiring = (await client.post("/api/keys", json={"role": "viewer", "expiresAt": soon})).json()
    revoked = (await client.post("/api/keys", json={"role": "viewer"})).json()
    for key in (expiring, revoked):
        assert (await speaking(client, key["secret"]).get("/api/media")).status_code == 200
    assert (await client.delete(f"/api/keys/{revoked['id']}")).status_code == 204
    with psycopg.connect(cluster.owner_url) as connection:
        connection.execute(
            "update calotype.api_keys set expires_at = now() where id = %s", [expiring["id"]]
        )
    bodies = []
    for secret in (expiring["secret"], revoked["secret"], "ct_wrong", "servic", "service2", "🐈"):
        refused = speaking(client, None)
        header = f"Bearer {secret}".encode()
        answer = await refused.get("/api/media", headers={b"Authorization": header})
        bodies.append(check_problem(answer, 401))
        assert answer.headers["www-authenticate"] == "Bearer"
    assert all(body == bodies[0] for body in bodies)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic c2VydmljZQ==", "service", "Bearer  service"]
)
async def test_an_authorization_of_another_shape_is_refused(client, header) -> None:
    check_problem(
        await speaking(client, None).get("/api/media", headers={"Authorization": header}), 401
    )


async def test_nobody_is_asked_who_they_are(client: httpx.AsyncClient) -> None:
    nobody = speaking(client, None)
    check_problem(await nobody.get("/api/media"), 401)
    check_problem(await upload(nobody, pictures.jpeg()), 401)


async def test_a_viewer_changes_nothing(client: httpx.AsyncClient, house: House) -> None:
    viewer = await with_key(client, "viewer")
    check_problem(await upload(viewer, pictures.jpeg()), 403)
    media = (await upload(client, pictures.jpeg(), visibility="public")).json()["id"]
    check_problem(await viewer.patch(f"/api/media/{media}", json={"name": "mine"}), 403)
    check_problem(await viewer.delete(f"/api/media/{media}"), 403)
    check_problem(await viewer.get("/api/originals"), 403)


async def test_an_unknown_tenant_is_missing(client: httpx.AsyncClient) -> None:
    for slug in ("nowhere", "../x", "x" * 5000, "%00"):
        body = check_problem(await client.get("/api/media", headers={"Calotype-Tenant": slug}), 404)
        assert body["title"] == "There is no such tenant."


async def test_a_body_over_the_bound_is_refused(client: httpx.AsyncClient) -> None:
    media = (await upload(client, pictures.jpeg())).json()["id"]
    huge = {"caption": "x" * (1 << 20)}
    check_problem(await client.patch(f"/api/media/{media}", json=huge), 413)

    async def endless():
        for _ in range(40):
            yield b'{"caption": "' + b"x" * (1 << 16)

    answer = await client.patch(
        f"/api/media/{media}", content=endless(), headers={"Content-Type": "application/json"}
    )
    check_problem(answer, 413)


async def test_every_answer_has_an_id_of_its_own(client: httpx.AsyncClient) -> None:
    answers = [await client.get("/api/media"), await client.get("/api/nothing")]
    ids = {answer.headers["x-request-id"] for answer in answers}
    assert len(ids) == 2
    assert all(number not in answer.text for answer in answers for number in ids)
