"""What belongs to others answers exactly like what does not exist, on every route there is."""

import re
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from calotype.app import House
from calotype.server import make_app
from calotype.settings import Settings
from tests import pictures
from tests.http.speaking import check_problem, of_new_tenant, upload, with_key
from tests.review.conftest import add, as_jpeg, pairs, scene, settle, work

BODIES = {
    ("patch", "/api/media/{media_id}"): {"name": "mine now"},
    ("post", "/api/media/{media_id}/signed-url"): {"expiresIn": 60},
    ("patch", "/api/people/{person_id}"): {"name": "mine now"},
    ("post", "/api/duplicates/{pair_id}"): {"verdict": "different"},
    ("post", "/api/duplicates/rules/{rule_id}/approve"): {"mark": "0" * 64},
}


def routes_with_ids() -> list[tuple[str, str]]:
    """Every route that takes an id, as the OpenAPI document names it."""
    schema = make_app(Settings(data=Path("unused"), _env_file=None)).openapi()
    return [
        (method, path)
        for path, methods in schema["paths"].items()
        for method in methods
        if "{" in path and path.startswith("/api/")
    ]


@dataclass
class World:
    """A thing of each kind that belongs to others, and those who may not know of it."""

    foreign: dict[str, str]
    strangers: list[httpx.AsyncClient]
    owner: httpx.AsyncClient


@pytest.fixture
async def world(client: httpx.AsyncClient, house: House) -> World:
    others = await of_new_tenant(client, "others", "admin")
    media = (await upload(others, pictures.jpeg())).json()["id"]
    original = (await others.get("/api/originals")).json()["items"][0]["id"]
    key = (await others.get("/api/keys")).json()["items"][0]["id"]
    invited = await others.post(
        "/api/people", json={"email": "a@example.org", "name": "A", "role": "viewer"}
    )
    assert invited.status_code == 201, invited.text
    person = (await others.get("/api/people")).json()["items"][0]["id"]
    foreign = {"media_id": media, "original_id": original, "key_id": key, "person_id": person}
    foreign |= await reviewed(others, house)
    return World(foreign, [client, await with_key(client, "admin")], others)


async def reviewed(others: httpx.AsyncClient, house: House) -> dict[str, str]:
    """Two pairs that look alike, one of them settled, and a rule."""
    for seed in (1, 2):
        await add(others, scene(seed))
        await add(others, as_jpeg(scene(seed)))
    await work(house)
    waiting, settled = await pairs(others)
    entry = (await settle(others, settled, "different")).json()["journalId"]
    rule = await others.post("/api/duplicates/rules", json={"certainty": "near"})
    return {"pair_id": waiting["id"], "entry_id": entry, "rule_id": rule.json()["rule"]["id"]}


async def ask(
    who: httpx.AsyncClient, method: str, path: str, ids: dict[str, str]
) -> httpx.Response:
    address = re.sub(r"{(\w+)}", lambda name: ids[name[1]], path)
    return await who.request(method.upper(), address, json=BODIES.get((method, path)))


async def test_foreign_things_answer_like_missing_ones(world: World) -> None:
    routes = routes_with_ids()
    assert len(routes) >= 8
    missing = {name: str(uuid4()) for name in world.foreign}
    for method, path in routes:
        for stranger in world.strangers:
            bodies = []
            for ids in (world.foreign, missing):
                body = check_problem(await ask(stranger, method, path, ids), 404)
                bodies.append({name: said for name, said in body.items() if name != "instance"})
            assert bodies[0] == bodies[1], (method, path)
        before = await world.owner.get(f"/api/media/{world.foreign['media_id']}")
        assert before.json()["name"] == "a.jpg"


async def test_private_media_of_a_colleague_is_missing_to_an_editor(
    client: httpx.AsyncClient,
) -> None:
    one, other = [await with_key(client, "editor") for _ in range(2)]
    private = (await upload(one, pictures.jpeg())).json()
    ids = [{"media_id": private["id"]}, {"media_id": str(uuid4())}]
    for method, path in [route for route in routes_with_ids() if "{media_id}" in route[1]]:
        bodies = [check_problem(await ask(other, method, path, each), 404) for each in ids]
        for body in bodies:
            del body["instance"]
        assert bodies[0] == bodies[1], (method, path)
    assert (await other.get("/api/media")).json()["total"] == 0
    again = (await upload(other, pictures.jpeg())).json()
    assert again["deduplicated"] is False
    assert (await one.get(f"/api/media/{private['id']}")).status_code == 200


async def test_media_that_the_tenant_sees_is_changed_by_its_owner_alone(client) -> None:
    one, other = [await with_key(client, "editor") for _ in range(2)]
    media = (await upload(one, pictures.jpeg(), visibility="tenant")).json()["id"]
    seen = await other.get(f"/api/media/{media}")
    assert (seen.status_code, seen.json()["sha256"]) == (200, None)
    check_problem(await other.patch(f"/api/media/{media}", json={"name": "mine"}), 403)
    check_problem(await other.delete(f"/api/media/{media}"), 403)
    assert (await one.patch(f"/api/media/{media}", json={"name": "mine"})).status_code == 200


async def test_a_key_of_one_tenant_does_not_act_in_another(client: httpx.AsyncClient) -> None:
    others = await of_new_tenant(client, "others", "admin")
    bodies = [
        check_problem(await others.get("/api/media", headers={"Calotype-Tenant": slug}), 404)
        for slug in ("default", "nowhere")
    ]
    assert bodies[0] == bodies[1]
    assert (
        await others.get("/api/media", headers={"Calotype-Tenant": "others"})
    ).status_code == 200
