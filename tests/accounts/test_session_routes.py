"""The routes of sessions, links and passwords, over HTTP."""

import psycopg
import pytest
from starlette.responses import Response

from calotype.accounts.routes import SESSION_COOKIE, SessionCookie

PASSWORD = "a long enough password"
EMAIL = "ada@example.org"


@pytest.fixture
async def ada(browser, invited):
    """Ada has joined; the browser holds no session of hers."""
    secret = (await invited())["link"]["secret"]
    answer = await browser.post("/api/people/accept", json={"secret": secret, "password": PASSWORD})
    assert answer.status_code == 200
    browser.cookies.clear()
    return answer.json()


def sign_in_body(here, **more):
    return {"email": EMAIL, "password": PASSWORD, "tenant": here.slug, **more}


def problem(answer):
    """The problem without the address that was asked for."""
    assert answer.headers["content-type"] == "application/problem+json"
    return {name: value for name, value in answer.json().items() if name != "instance"}


async def test_signing_in_sets_a_cookie_that_says_who_one_is(browser, ada, here):
    answer = await browser.post("/api/session", json=sign_in_body(here))
    assert (answer.status_code, answer.content) == (204, b"")
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(f"{SESSION_COOKIE}=")
    for part in ("httponly", "samesite=lax", "path=/", "max-age=2592000"):
        assert part in cookie
    assert "secure" not in cookie
    asked = (await browser.get("/api/session")).json()
    assert (asked["role"], asked["tenant"]["slug"]) == ("editor", here.slug)
    assert asked["personId"] == asked["person"]["id"] == ada["id"]


async def test_behind_https_the_cookie_is_secure(accounts, here):
    link = await accounts.ensure_first_admin(here.slug)
    session = await accounts.sessions.sign_in_by_link(link.secret)
    for secure in (True, False):
        response = Response()
        SessionCookie(secure=secure).give(response, session)
        assert ("secure" in response.headers["set-cookie"].lower()) is secure


async def test_another_site_cannot_act_with_somebodys_session(browser, ada, here):
    await browser.post("/api/session", json=sign_in_body(here))
    for headers, status in (
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "", "Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "", "Origin": "http://calotype.test"}, 204),
    ):
        answer = await browser.delete("/api/session", headers=headers)
        assert answer.status_code == status
    assert SESSION_COOKIE not in browser.cookies


async def test_signing_out_ends_the_session_and_takes_the_cookie(browser, ada, here):
    await browser.post("/api/session", json=sign_in_body(here))
    secret = browser.cookies[SESSION_COOKIE]
    for _ in range(2):
        answer = await browser.delete("/api/session")
        assert answer.status_code == 204
        assert SESSION_COOKIE not in browser.cookies
    browser.cookies[SESSION_COOKIE] = secret
    assert (await browser.get("/api/session")).status_code == 401


async def test_signing_out_everywhere_ends_the_other_sessions_too(browser, ada, here):
    await browser.post("/api/session", json=sign_in_body(here))
    first = browser.cookies[SESSION_COOKIE]
    browser.cookies.clear()
    await browser.post("/api/session", json=sign_in_body(here))
    await browser.delete("/api/session?everywhere=true")
    browser.cookies[SESSION_COOKIE] = first
    assert (await browser.get("/api/session")).status_code == 401


async def test_too_many_attempts_are_told_when_to_come_back(browser, ada, here, cluster):
    wrong = await browser.post("/api/session", json=sign_in_body(here, password="wrong"))
    assert wrong.status_code == 401
    with psycopg.connect(cluster.owner_url, autocommit=True) as connection:
        connection.execute("update calotype.sign_in_failures set failures = 10")
    slowed = await browser.post("/api/session", json=sign_in_body(here))
    assert slowed.status_code == 429
    assert 16 <= int(slowed.headers["retry-after"]) <= 64
    assert problem(slowed)["detail"] == "Too many attempts: wait before the next one."


async def test_a_form_of_another_site_cannot_sign_anybody_in(browser, ada, here):
    for content_type in ("text/plain", "application/x-www-form-urlencoded"):
        answer = await browser.post(
            "/api/session",
            content=f'{{"email": "{EMAIL}", "password": "{PASSWORD}", "tenant": "{here.slug}"}}',
            headers={"Content-Type": content_type},
        )
        assert answer.status_code == 422
        assert "set-cookie" not in answer.headers


async def test_a_get_on_the_one_time_link_signs_in_once(browser, accounts, here):
    link = await accounts.ensure_first_admin(here.slug)
    assert (await browser.head(f"/sign-in/{link.secret}")).status_code == 405
    answer = await browser.get(f"/sign-in/{link.secret}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert answer.headers["cache-control"] == "no-store"
    assert (await browser.get("/api/session")).json()["role"] == "admin"
    browser.cookies.clear()
    again = await browser.get(f"/sign-in/{link.secret}")
    assert again.status_code == 403
    assert "ask for a new one" in problem(again)["detail"]
    assert "set-cookie" not in again.headers
    assert problem(await browser.get("/sign-in/nonsense")) == problem(again)


async def test_an_invitation_is_accepted_with_a_password_and_signs_in(browser, invited):
    invitation = await invited()
    assert invitation["person"]["hasPassword"] is False
    secret = invitation["link"]["secret"]
    short = await browser.post("/api/people/accept", json={"secret": secret, "password": "short"})
    assert short.status_code == 422
    body = {"secret": secret, "password": PASSWORD, "name": "Ada"}
    accepted = await browser.post("/api/people/accept", json=body)
    assert (accepted.status_code, accepted.json()["name"]) == (200, "Ada")
    assert (await browser.get("/api/session")).json()["person"] == accepted.json()
    assert (await browser.post("/api/people/accept", json=body)).status_code == 403


async def test_a_forgotten_password_is_set_anew_by_way_of_an_admin(browser, ada, here, service):
    for email in (EMAIL, "nobody@example.org"):
        asked = await browser.post("/api/people/reset", json={"email": email, "tenant": here.slug})
        assert (asked.status_code, asked.json()) == (202, {"link": None})
    made = await browser.post("/api/people/reset", json={"email": EMAIL}, headers=service)
    assert made.status_code == 201
    body = {"secret": made.json()["link"]["secret"], "password": "another long password"}
    assert (await browser.put("/api/people/password", json=body)).status_code == 204
    assert (await browser.put("/api/people/password", json=body)).status_code == 403
    answer = await browser.post("/api/session", json=sign_in_body(here, password=body["password"]))
    assert answer.status_code == 204


async def test_changing_ones_password_keeps_one_signed_in(browser, ada, here):
    body = {"password": "another long password", "currentPassword": PASSWORD}
    assert (await browser.put("/api/people/password", json=body)).status_code == 401
    await browser.post("/api/session", json=sign_in_body(here))
    before = browser.cookies[SESSION_COOKIE]
    assert (await browser.put("/api/people/password", json=body)).status_code == 204
    assert browser.cookies[SESSION_COOKIE] != before
    assert (await browser.get("/api/session")).json()["personId"] == ada["id"]


async def test_an_admin_changes_and_disables_a_person(browser, ada, here, service):
    address = f"/api/people/{ada['id']}"
    changed = await browser.patch(address, json={"role": "viewer", "name": "A"}, headers=service)
    assert (changed.json()["role"], changed.json()["name"]) == ("viewer", "A")
    disabled = await browser.patch(address, json={"disabled": True}, headers=service)
    assert disabled.json()["disabledAt"]
    assert (await browser.post("/api/session", json=sign_in_body(here))).status_code == 401
