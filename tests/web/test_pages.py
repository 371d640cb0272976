"""Pages render for everybody who may see them, and let nothing in from elsewhere."""

import re

import pytest

from calotype.imaging import MEDIA_TYPES
from calotype.web.pages.library import KINDS
from tests.pictures import jpeg

FOR_ALL = ["/", "/docs", "/docs/problems"]
SIGNED_IN = ["/", "/trash", "/account", "/docs"]


async def keep(client, name="a.jpg"):
    answer = await client.post("/api/media", files={"file": (name, jpeg(1))})
    assert answer.status_code == 201
    return answer.json()


@pytest.mark.parametrize("path", FOR_ALL)
async def test_a_page_renders_for_a_stranger(stranger, path):
    answer = await stranger.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def links_of(client):
    """Where an invitation leads, and a link that sets a new password."""
    person = {"email": "ada@example.org"}
    invited = (await client.post("/api/people", json=person)).json()
    reset = (await client.post("/api/people/reset", json=person)).json()
    return invited["link"]["url"], reset["link"]["url"]


async def test_a_link_that_is_good_asks_for_a_password(client, stranger, read):
    for address in await links_of(client):
        for _ in range(2):
            answer = await stranger.get(address)
            assert answer.status_code == 200
            assert 'type="password"' in answer.text
            assert read(answer.text).inline == []


async def test_a_link_that_was_used_says_so_at_once_and_whom_to_ask(client, stranger):
    invitation, reset = await links_of(client)
    secret = reset.removeprefix("/reset/")
    set_password = {"secret": secret, "password": "four words of mine"}
    assert (await stranger.put("/api/people/password", json=set_password)).status_code == 204
    for address in (invitation, reset, "/invite/unknown", "/reset/unknown"):
        answer = await stranger.get(address)
        assert answer.status_code == 403
        assert "The link was used already or has expired" in answer.text
        assert "ask an admin for a new link" in answer.text
        assert "<form" not in answer.text
        assert ">Sign in</a>" in answer.text
        assert (await stranger.head(address)).status_code == 403


@pytest.mark.parametrize("path", SIGNED_IN)
async def test_a_page_shows_whoever_is_signed_in_the_tenant(client, path):
    answer = await client.get(path)
    assert answer.status_code == 200
    assert "default · service" in answer.text


@pytest.mark.parametrize("path", [*FOR_ALL, "/nowhere"])
async def test_a_page_lets_in_nothing_but_our_own_files(stranger, read, path):
    answer = await stranger.get(path)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    page = read(answer.text)
    assert page.inline == []
    assert [each for each in page.addresses if not each.startswith(("/", "#"))] == []


@pytest.mark.parametrize("path", SIGNED_IN)
async def test_a_signed_in_page_lets_in_nothing_else_either(client, read, path):
    page = read((await client.get(path)).text)
    assert page.inline == []
    assert [each for each in page.addresses if not each.startswith(("/", "#"))] == []


async def test_files_are_kept_by_browsers_for_as_long_as_they_are_the_same(stranger, read):
    page = read((await stranger.get("/")).text)
    files = [each for each in page.addresses if each.startswith("/assets/")]
    assert files
    for address in files:
        answer = await stranger.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    older = re.sub(r"/assets/\w+/", "/assets/older/", files[0])
    assert (await stranger.get(older)).headers["cache-control"] == "no-cache"


async def test_modules_import_only_what_is_there(stranger, read):
    page = read((await stranger.get("/docs")).text)
    waiting = [each for each in page.addresses if each.endswith(".js")]
    seen = set()
    while waiting:
        address = waiting.pop()
        seen.add(address)
        answer = await stranger.get(address)
        assert answer.status_code == 200, address
        named = re.findall(r'(?:import|from) "\./([\w-]+\.js)"', answer.text)
        found = {f"{address.rpartition('/')[0]}/{name}" for name in named}
        waiting += found - seen
    assert len(seen) >= 4


async def test_a_stranger_is_asked_to_sign_in_where_something_is_private(stranger):
    answer = await stranger.get("/trash")
    assert answer.status_code == 401
    assert "<h1>Sign in</h1>" in answer.text
    assert "calotype serve" in answer.text


async def test_a_spent_link_says_what_to_do(stranger):
    answer = await stranger.get("/sign-in/spent")
    assert answer.status_code == 403
    assert "The link was used already or has expired" in answer.text
    assert "ask an admin" in answer.text


async def test_a_program_gets_a_problem_where_a_browser_gets_a_page(client, stranger):
    page = await stranger.get("/nowhere")
    problem = await client.get("/nowhere")
    assert (page.status_code, problem.status_code) == (404, 404)
    assert "There is no such page." in page.text
    assert problem.headers["content-type"] == "application/problem+json"


async def test_a_picture_that_cannot_be_seen_is_a_page_in_a_browser(stranger):
    answer = await stranger.get("/m/0199a1b2-0000-7000-8000-000000000001")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'; script-src 'self'" in answer.headers["content-security-policy"]


async def test_the_first_line_has_the_figures_of_this_moment(client):
    assert (await client.get("/first-line")).json() == {"title": "No pictures", "more": ""}
    first = await keep(client)
    await keep(client, "b.jpg")
    line = (await client.get("/first-line")).json()
    assert line["title"] == "2 pictures"
    assert re.fullmatch(r"1 original kept, [\d.]+ (bytes|kB) saved", line["more"])
    await client.delete(f"/api/media/{first['id']}")
    assert (await client.get("/first-line?trash=true")).json() == {
        "title": "1 picture in the trash", "more": "Each can be restored for 30 days.",
    }  # fmt: skip
    found = (await client.get("/first-line", params={"query": "b.j"})).json()
    assert found["title"] == "1 picture matches “b.j”"


async def test_the_upload_names_every_kind_that_is_kept_and_no_other(client):
    accepted = [each for kind in KINDS.values() for each in kind.split(",")]
    assert {each for each in accepted if not each.startswith(".")} == MEDIA_TYPES
    page = (await client.get("/")).text
    assert f'accept="{",".join(accepted)}"' in page
    assert f"{', '.join(KINDS)}, up to 256 MB." in page


async def test_whoever_may_not_change_anything_is_not_led_to_the_trash(client, stranger):
    made = (await client.post("/api/keys", json={"role": "viewer"})).json()
    viewer = {"Authorization": f"Bearer {made['secret']}"}
    pages = [(await stranger.get("/", headers=viewer)).text, (await client.get("/")).text]
    assert ['href="/trash"' in page for page in pages] == [False, True]
    assert ["<kbd>Del</kbd>" in page for page in pages] == [False, True]


async def test_nobody_else_reads_the_first_line(stranger):
    answer = await stranger.get("/first-line", headers={"Accept": "application/json"})
    assert answer.status_code == 401


async def test_what_comes_in_with_the_address_stays_text(client, stranger):
    hostile = '"><script>alert(1)</script>'
    for who, path in ((client, "/?query="), (stranger, "/?tenant="), (stranger, "/invite/")):
        answer = await who.get(path + hostile.replace("/", "%2F"))
        assert "<script>alert" not in answer.text
