"""The routes of tenants, keys and people, over HTTP."""

import json

import pytest
from fastapi import FastAPI

from calotype.accounts.routes import router
from calotype.database import new_id

PASSWORD = "a long enough password"
EMAIL = "ada@example.org"


def problem(answer):
    """The problem without the address that was asked for."""
    assert answer.headers["content-type"] == "application/problem+json"
    return {name: value for name, value in answer.json().items() if name != "instance"}


async def test_the_service_key_adds_a_tenant_and_makes_keys_for_it(browser, service_key, here):
    slug = f"{here.slug}-new"
    service = {"Authorization": f"Bearer {service_key}"}
    added = await browser.post("/api/tenants", json={"slug": slug, "name": "New"}, headers=service)
    assert added.status_code == 201
    assert added.json().keys() == {"id", "slug", "name", "createdAt"}
    again = await browser.post("/api/tenants", json={"slug": slug, "name": "New"}, headers=service)
    assert again.status_code == 409
    named = {**service, "Calotype-Tenant": slug}
    made = await browser.post("/api/keys", json={"role": "admin"}, headers=named)
    theirs = {"Authorization": f"Bearer {made.json()['secret']}"}
    current = await browser.get("/api/tenants/current", headers=theirs)
    assert current.json() == added.json()


async def test_a_key_tells_its_secret_once(browser, service):
    made = await browser.post("/api/keys", json={"role": "viewer", "name": "tv"}, headers=service)
    listed = await browser.get("/api/keys", headers=service)
    assert made.json()["secret"].startswith("ctk_")
    assert "secret" not in listed.json()["items"][0]
    assert made.json()["secret"] not in listed.text
    assert listed.json()["total"] == 1


async def test_the_same_request_sent_twice_makes_one_key_and_tells_its_secret_once(
    browser, service
):
    headers = {**service, "Idempotency-Key": "once"}
    first = await browser.post("/api/keys", json={"role": "viewer"}, headers=headers)
    second = await browser.post("/api/keys", json={"role": "viewer"}, headers=headers)
    assert second.status_code == 201
    assert second.json() == {**first.json(), "secret": None}
    other = await browser.post("/api/keys", json={"role": "editor"}, headers=headers)
    assert other.status_code == 422
    assert (await browser.get("/api/keys", headers=service)).json()["total"] == 1


async def test_the_same_invitation_or_tenant_sent_twice_is_answered_twice(browser, service, here):
    for path, body in (
        ("/api/people", {"email": EMAIL}),
        ("/api/tenants", {"slug": f"{here.slug}-2", "name": "Two"}),
    ):
        headers = {**service, "Idempotency-Key": path}
        first = await browser.post(path, json=body, headers=headers)
        second = await browser.post(path, json=body, headers=headers)
        assert first.status_code == second.status_code == 201
        assert second.json() == {
            **first.json(),
            **({"link": None} if "link" in first.json() else {}),
        }


ACTIONS = {
    ("POST", "/api/tenants"): set(),
    ("GET", "/api/tenants/current"): {"viewer", "editor", "curator", "admin"},
    ("POST", "/api/keys"): {"admin"},
    ("GET", "/api/keys"): {"admin"},
    ("DELETE", "/api/keys/{id}"): {"admin"},
    ("GET", "/api/people"): {"admin"},
    ("POST", "/api/people"): {"admin"},
    ("PATCH", "/api/people/{id}"): {"admin"},
    ("GET", "/api/session"): {"viewer", "editor", "curator", "admin"},
}
ROUTES = [
    *(
        (
            method,
            path.replace("keys/{id}", "keys/{key_id}").replace("people/{id}", "people/{person_id}"),
        )
        for method, path in ACTIONS
    ),
    ("POST", "/api/people/accept"),
    ("POST", "/api/people/reset"),
    ("PUT", "/api/people/password"),
    ("POST", "/api/session"),
    ("DELETE", "/api/session"),
    ("GET", "/sign-in/{secret}"),
]
BODIES = {
    "/api/tenants": {"slug": "another", "name": "Another"},
    "/api/keys": {"role": "viewer"},
    "/api/people": {"email": "bob@example.org"},
    "/api/people/{id}": {"name": "Bob"},
}


@pytest.mark.parametrize("role", ["viewer", "editor", "curator", "admin"])
async def test_what_a_role_may_do(browser, key, role):
    headers = await key(role)
    for (method, path), allowed in ACTIONS.items():
        answer = await browser.request(
            method, path.format(id=new_id()), json=BODIES.get(path), headers=headers
        )
        assert (answer.status_code != 403) is (role in allowed), (method, path, answer.text)


async def test_nobody_in_particular_is_asked_who_they_are(browser):
    for method, path in ACTIONS:
        answer = await browser.request(method, path.format(id=new_id()), json=BODIES.get(path))
        assert answer.status_code == 401, (method, path)
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_wrong_credentials_are_a_clear_problem(browser):
    for authorization in ("Bearer ctk_wrong", "Basic YTpi", "Bearer"):
        answer = await browser.get("/api/session", headers={"Authorization": authorization})
        assert answer.status_code == 401
        assert problem(answer)["title"] == "The key or token is wrong, has expired or was revoked."


async def test_foreign_and_missing_things_answer_alike(browser, key, invited, accounts, elsewhere):
    headers = await key("admin")
    async with accounts.database.transaction(elsewhere.service) as tx:
        foreign_key = (await accounts.keys.create(tx, "viewer")).key.id
        foreign_person = (await accounts.people.invite(tx, EMAIL, "", "viewer")).person.id
    for method, path, foreign in (
        ("DELETE", "/api/keys/{}", foreign_key),
        ("PATCH", "/api/people/{}", foreign_person),
    ):
        answers = [
            await browser.request(method, path.format(one), json={"name": "x"}, headers=headers)
            for one in (foreign, new_id())
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert problem(answers[0]) == problem(answers[1])
    slugs = [elsewhere.slug, "no-such-tenant"]
    named = [
        await browser.get("/api/session", headers={**headers, "Calotype-Tenant": slug})
        for slug in slugs
    ]
    assert [answer.status_code for answer in named] == [404, 404]
    assert problem(named[0]) == problem(named[1])


async def test_a_revoked_key_is_refused_from_then_on(browser, key, service):
    headers = await key("viewer")
    key_id = (await browser.get("/api/session", headers=headers)).json()["personId"]
    for _ in range(2):
        revoked = await browser.delete(f"/api/keys/{key_id}", headers=service)
        assert (revoked.status_code, revoked.content) == (204, b"")
    assert (await browser.get("/api/session", headers=headers)).status_code == 401


async def test_lists_come_in_pages(browser, key, service):
    for _ in range(5):
        await key("viewer")
    seen, cursor = [], ""
    for _ in range(3):
        listed = await browser.get(f"/api/keys?limit=2{cursor}", headers=service)
        seen += [one["id"] for one in listed.json()["items"]]
        assert (listed.json()["total"], listed.json()["totalIsExact"]) == (5, True)
        cursor = f"&cursor={listed.json()['nextCursor']}"
    assert len(set(seen)) == 5
    assert listed.json()["nextCursor"] is None
    for bad in ("limit=0", "limit=201", "cursor=nonsense!"):
        assert (await browser.get(f"/api/people?{bad}", headers=service)).status_code == 422


UNACCEPTABLE = [
    ("POST", "/api/keys", {"role": "service"}),
    ("POST", "/api/keys", {"role": "owner"}),
    ("POST", "/api/keys", {"role": "viewer", "unknown": 1}),
    ("POST", "/api/keys", {"role": "viewer", "name": "a\x00b"}),
    ("POST", "/api/keys", {"role": "viewer", "name": "x" * 201}),
    ("POST", "/api/keys", {"role": "viewer", "expiresAt": "2020-01-01T00:00:00Z"}),
    ("POST", "/api/keys", {"role": "viewer", "expiresAt": "2120-01-01T00:00:00"}),
    ("POST", "/api/people", {"email": "nobody"}),
    ("POST", "/api/people", {"email": "a\x00@b"}),
    ("POST", "/api/people", {"email": EMAIL, "name": "\ud800"}),
    ("POST", "/api/tenants", {"slug": "No Slug", "name": "x"}),
    ("POST", "/api/session", {"email": "a\x00@b", "password": PASSWORD}),
    ("POST", "/api/session", {"email": EMAIL, "password": "x" * 1025}),
    ("POST", "/api/session", {"email": EMAIL, "password": "\ud800"}),
    ("POST", "/api/session", {"email": EMAIL}),
    ("POST", "/api/people/accept", {"secret": "\ud800", "password": PASSWORD}),
    ("PATCH", "/api/people/no-id", {"name": "x"}),
    ("DELETE", "/api/keys/no-id", None),
]


async def test_what_cannot_be_accepted_is_a_clear_problem(browser, service):
    headers = {**service, "Content-Type": "application/json"}
    for method, path, body in UNACCEPTABLE:
        answer = await browser.request(method, path, content=json.dumps(body), headers=headers)
        assert answer.status_code == 422, (method, path, body, answer.text)
        assert problem(answer)["title"]


async def test_names_of_every_kind_are_kept_as_they_are(browser, service):
    for name in (
        "Zoë 👩‍🚀",
        "../../etc/passwd",
        "<script>alert(1)</script>",
        "'; drop table people",
    ):
        made = await browser.post(
            "/api/keys", json={"role": "viewer", "name": name}, headers=service
        )
        assert made.json()["name"] == name


@pytest.fixture
def described():
    app = FastAPI()
    app.include_router(router)
    return app.openapi()


def test_the_description_names_every_route_with_its_problems(described):
    paths = described["paths"]
    told = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert told == set(ROUTES)
    for method, path in ROUTES:
        operation = paths[path][method.lower()]
        assert operation["summary"]
        assert {"401", "503"} <= operation["responses"].keys()


@pytest.mark.parametrize(
    "name",
    [
        "NewTenantBody",
        "NewKeyBody",
        "InviteBody",
        "PersonChangeBody",
        "AcceptBody",
        "ResetBody",
        "PasswordBody",
        "SignInBody",
    ],
)
def test_a_body_shows_an_example(described, name):
    assert described["components"]["schemas"][name]["examples"]
