"""Rules, the threshold and its calibration: nothing is merged by looks unless an admin said so."""

import httpx
import pytest

from calotype.app import House
from calotype.database import Caller
from calotype.review import Calibration, Judgement
from calotype.review.model import ApplyRules
from tests.http.speaking import check_problem, of_new_tenant, with_key
from tests.review.conftest import add, as_jpeg, ask, pairs, scene, settle, work

RULES = "/api/duplicates/rules"


async def alike(client: httpx.AsyncClient, house: House, seed: int = 1) -> list[dict]:
    """Two pictures that are near, the smaller one first."""
    small = await add(client, as_jpeg(scene(seed), 60, (400, 300)))
    large = await add(client, as_jpeg(scene(seed), 90))
    await work(house)
    return [small, large]


async def make(client: httpx.AsyncClient, **said: str) -> dict:
    answer = await client.post(RULES, json={"certainty": "near"} | said)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def approve(client: httpx.AsyncClient, tried: dict) -> httpx.Response:
    return await client.post(f"{RULES}/{tried['rule']['id']}/approve", json={"mark": tried["mark"]})


async def apply(house: House, tenant) -> int:
    return await house.rules.apply(Caller("editor", tenant), ApplyRules())


async def test_a_rule_does_nothing_until_its_dry_run_is_approved(client, house, tenant) -> None:
    small, large = await alike(client, house)
    tried = await make(client)
    assert (tried["pairs"], tried["bytesToWin"]) == (1, small["sizeBytes"])
    [pair] = await pairs(client)
    assert tried["samples"] == [pair["id"]]
    assert await apply(house, tenant) == 0
    assert len(await pairs(client)) == 1
    answer = await approve(client, tried)
    assert answer.status_code == 200, answer.text
    assert answer.json()["approvedPairs"] == 1
    assert await apply(house, tenant) == 1
    assert await pairs(client) == []
    now = (await client.get(f"/api/media/{small['id']}")).json()
    assert now["sha256"] == large["sha256"]
    assert await apply(house, tenant) == 0


async def test_what_a_rule_did_can_be_undone_and_is_not_done_again(client, house, tenant) -> None:
    small, _ = await alike(client, house)
    await approve(client, await make(client))
    await apply(house, tenant)
    [entry] = (await client.get("/api/journal")).json()["items"]
    assert (await client.post(f"/api/journal/{entry['id']}/undo")).status_code == 200
    now = (await client.get(f"/api/media/{small['id']}")).json()
    assert now["sha256"] == small["sha256"]


async def test_an_approved_rule_acts_on_what_comes_later(client, house, tenant) -> None:
    await approve(client, await make(client))
    before = await ask(house, "select id from procrastinate_jobs where task_name ~ 'apply'")
    await alike(client, house, seed=2)
    after = await ask(house, "select id from procrastinate_jobs where task_name ~ 'apply'")
    assert len(after) > len(before)
    assert await apply(house, tenant) == 1


async def test_a_dry_run_that_changed_since_is_not_approved(client, house: House) -> None:
    tried = await make(client)
    await alike(client, house)
    check_problem(await approve(client, tried), 409)
    again = (await client.get(f"{RULES}/{tried['rule']['id']}/dry-run")).json()
    assert again["pairs"] == 1
    assert (await approve(client, again)).status_code == 200


@pytest.mark.parametrize(("keep", "kept"), [("largest", 1), ("oldest", 0), ("newest", 1)])
async def test_a_rule_keeps_what_it_says(client, house, tenant, keep, kept) -> None:
    media = await alike(client, house)
    await approve(client, await make(client, keep=keep))
    await apply(house, tenant)
    now = [(await client.get(f"/api/media/{each['id']}")).json()["sha256"] for each in media]
    assert now == [media[kept]["sha256"]] * 2


async def test_a_rule_leaves_other_rungs_alone(client, house, tenant) -> None:
    await alike(client, house)
    await approve(client, await make(client, certainty="pixels"))
    assert await apply(house, tenant) == 0
    assert len(await pairs(client)) == 1


@pytest.mark.parametrize("certainty", ["bytes", "variant", "similar", "anything"])
async def test_no_rule_acts_below_the_third_rung(client: httpx.AsyncClient, certainty) -> None:
    check_problem(await client.post(RULES, json={"certainty": certainty}), 422)


async def test_rules_are_for_admins_of_the_tenant(client, house: House) -> None:
    tried = await make(client)
    place = f"{RULES}/{tried['rule']['id']}"
    editor = await with_key(client, "editor")
    strangers = await of_new_tenant(client, "others", "admin")
    for who, status in ((editor, 403), (strangers, 404)):
        check_problem(await who.get(f"{place}/dry-run"), status)
        check_problem(await approve(who, tried), status)
        check_problem(await who.delete(place), status)
    check_problem(await editor.get(RULES), 403)
    check_problem(await editor.post(RULES, json={"certainty": "near"}), 403)
    assert (await strangers.get(RULES)).json()["total"] == 0
    assert (await client.get(RULES)).json()["total"] == 1
    assert (await client.delete(place)).status_code == 204
    check_problem(await client.delete(place), 404)


async def test_a_tenant_chooses_its_own_threshold(client, house, tenant) -> None:
    others = await of_new_tenant(client, "others", "admin")
    place = "/api/duplicates/threshold"

    async def in_force(who: httpx.AsyncClient) -> int:
        return (await who.get("/api/duplicates/calibration")).json()["nearDistance"]

    assert (await client.put(place, json={"nearDistance": 9})).json() == {"nearDistance": 9}
    assert (await in_force(client), await in_force(others)) == (9, 5)
    assert (await client.put(place, json={"nearDistance": None})).json() == {"nearDistance": 5}
    assert await in_force(client) == 5
    for wrong in (-1, 32, "far", 1.5):
        check_problem(await client.put(place, json={"nearDistance": wrong}), 422)
    check_problem(await client.put(place, json={}), 422)
    editor = await with_key(client, "editor")
    check_problem(await editor.put(place, json={"nearDistance": 3}), 403)


async def test_decisions_calibrate_the_threshold(client, house: House) -> None:
    nothing = (await client.get("/api/duplicates/calibration")).json()
    assert (nothing["threshold"], nothing["decisions"], nothing["steps"]) == (None, 0, [])
    await alike(client, house)
    [pair] = await pairs(client)
    await settle(client, pair, "same")
    told = (await client.get("/api/duplicates/calibration")).json()
    assert (told["threshold"], told["decisions"]) == (pair["distance"], 1)
    assert told["steps"] == [
        {"distance": pair["distance"], "same": 1, "decided": 1, "precision": 1.0}
    ]


def test_the_threshold_is_the_widest_that_is_right_in_99_of_100_cases() -> None:
    judged = [Judgement(0, 50, 50), Judgement(3, 49, 50), Judgement(7, 1, 2), Judgement(9, 98, 98)]
    calibration = Calibration.of(judged)
    assert [step.precision for step in calibration.steps] == [1.0, 0.99, 100 / 102, 198 / 200]
    assert calibration.threshold == 9
    assert Calibration.of(judged[:3]).threshold == 3
    assert Calibration.of([Judgement(1, 0, 4)]).threshold is None
