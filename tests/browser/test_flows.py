"""What people do with pictures, in a real browser."""

import base64
from functools import cache
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import PASSWORD, Served
from tests.pictures import jpeg

LONG = "a name that goes on " * 14
ARABIC = "غروب الشمس فوق النيل.jpg"
LOOKS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]

_DROP = """
(files) => {
  const carried = new DataTransfer();
  for (const [name, content] of files) {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    carried.items.add(new File([bytes], name, { type: "image/jpeg" }));
  }
  const told = { dataTransfer: carried, bubbles: true, cancelable: true };
  document.body.dispatchEvent(new DragEvent("dragover", told));
  document.body.dispatchEvent(new DragEvent("drop", told));
}
"""

_DECODED = """
() => Promise.all([...document.images]
  .filter((image) => image.src && image.getBoundingClientRect().top < innerHeight)
  .map((image) => image.decode().catch(() => null)))
"""


async def drop(page: Page, files: dict[str, bytes]) -> None:
    carried = [[name, base64.b64encode(data).decode()] for name, data in files.items()]
    await page.evaluate(_DROP, carried)


async def accept(page: Page, invitation: str) -> None:
    await page.goto(invitation)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Set password and sign in").click()
    await expect(page.get_by_text("Your pictures will be here")).to_be_visible()


async def test_a_link_signs_in_and_what_is_dropped_twice_is_kept_once(open_page, served: Served):
    async with open_page() as page:
        await page.goto(served.link)
        await expect(page.get_by_text("Your pictures will be here")).to_be_visible()
        await drop(page, {"dawn.jpg": jpeg(1, 900, 600), "dusk.jpg": jpeg(2, 600, 900)})
        await expect(page.get_by_role("heading", name="2 new")).to_be_visible()
        await drop(page, {"dawn again.jpg": jpeg(1, 900, 600)})
        await expect(page.get_by_text("Already here, kept once")).to_be_visible()
        await expect(page.get_by_role("heading", name="3 pictures")).to_be_visible()
        await expect(page.get_by_text("2 originals kept")).to_be_visible()

        await page.get_by_role("button", name="dusk.jpg").click()
        await page.keyboard.press("Delete")
        said = page.locator("calotype-toast p")
        await expect(said).to_have_text("dusk.jpgis in the trash")
        await expect(page.get_by_role("heading", name="2 pictures")).to_be_visible()
        await page.keyboard.press("z")
        await expect(page.get_by_role("heading", name="3 pictures")).to_be_visible()
        await expect(page.get_by_role("button", name="dusk.jpg")).to_be_focused()
        await page.reload()
        await expect(page.locator(".picture")).to_have_count(3)

        await page.goto(f"{served.address}/account")
        await expect(page.get_by_role("heading", name="Choose a password")).to_be_visible()
        await page.get_by_label("New password").fill(PASSWORD)
        await page.get_by_role("button", name="Set password").click()
        await expect(page.get_by_text("Your password is set.")).to_be_visible()
        await expect(page.get_by_role("heading", name="Change your password")).to_be_visible()
        await expect(page.get_by_label("Current password")).to_be_visible()


async def test_the_keyboard_alone_is_enough(open_page, served: Served):
    async with open_page() as page:
        await accept(page, served.invite("keys", "ada@example.org"))
        await drop(page, {f"{n}.jpg": jpeg(n, 640, 480) for n in (1, 2, 3)})
        await expect(page.get_by_role("heading", name="3 new")).to_be_visible()
        await page.get_by_role("button", name="Close the list").click()
        await page.keyboard.press("j")
        await page.keyboard.press("Enter")
        panel = page.get_by_role("region", name="The chosen picture")
        await expect(panel).to_be_visible()
        await page.keyboard.press("e")
        await page.keyboard.type("Renamed by hand")
        await page.keyboard.press("Enter")
        await expect(panel.get_by_text("Saved")).to_be_visible()
        await expect(page.get_by_role("button", name="Renamed by hand")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(panel).to_be_hidden()
        await page.keyboard.press(" ")
        await expect(page.get_by_role("dialog", name="Preview")).to_be_visible()
        await page.keyboard.press("Escape")
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        await page.keyboard.press("Escape")
        await page.keyboard.press("/")
        await page.keyboard.type("renamed")
        await expect(
            page.get_by_role("heading", name="1 picture matches “renamed”")
        ).to_be_visible()
        assert page.url.endswith("?query=renamed")


async def test_scrolling_down_brings_the_next_page(open_page, served: Served):
    invitation = served.invite("many", "ada@example.org")
    for n in range(65):
        file = {"file": (f"{n}.jpg", jpeg(n))}
        served.ask("POST", "/api/media", "many", files=file)
    async with open_page() as page:
        await page.goto(invitation)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Set password and sign in").click()
        await expect(page.get_by_role("heading", name="65 pictures")).to_be_visible()
        await expect(page.locator(".picture")).to_have_count(60)
        await page.evaluate("scrollTo(0, document.body.scrollHeight)")
        await expect(page.locator(".picture")).to_have_count(65)
        names = await page.locator(".picture .name").all_text_contents()
        assert names == [f"{n}.jpg" for n in reversed(range(65))]


async def test_what_is_refused_is_said_in_words(open_page, served: Served):
    async with open_page() as page:
        await accept(page, served.invite("refused", "ada@example.org"))
        await drop(page, {"empty.jpg": b""})
        await expect(page.get_by_text("The file is empty.")).to_be_visible()
        await page.context.set_offline(True)
        await drop(page, {"later.jpg": jpeg(1)})
        await expect(page.get_by_text("calotype cannot be reached.")).to_be_visible()
        await page.context.set_offline(False)
        await page.get_by_role("button", name="Try again").click()
        await expect(page.get_by_role("heading", name="1 new, 1 failed")).to_be_visible()


async def test_a_refused_file_has_no_picture(open_page, served: Served):
    async with open_page() as page:
        await accept(page, served.invite("broken", "ada@example.org"))
        await page.context.set_offline(True)
        await drop(page, {"notes.jpg": b"this is no picture", "fern.jpg": jpeg(1)})
        await expect(page.get_by_role("heading", name="2 failed")).to_be_visible()
        broken, sound = (page.locator(".file", has_text=name) for name in ("notes", "fern"))
        await expect(sound.locator("img")).to_have_count(1)
        await expect(broken.locator("img")).to_have_count(0)


async def test_a_picture_does_not_lose_its_name_silently(open_page, served: Served):
    async with open_page() as page:
        await accept(page, served.invite("nameless", "ada@example.org"))
        await drop(page, {"fern.jpg": jpeg(1)})
        await page.get_by_role("button", name="fern.jpg").click()
        name = page.get_by_role("textbox", name="Name", exact=True)
        told = page.get_by_text("A picture needs a name")
        await expect(told).to_be_hidden()
        await name.fill("")
        await name.press("Enter")
        await expect(told).to_be_visible()
        await expect(name).to_have_value("fern.jpg")
        await name.fill("A fern")
        await expect(told).to_be_hidden()
        await name.press("Enter")
        await expect(page.get_by_role("heading", name="A fern")).to_be_visible()


async def test_whoever_may_only_look_sees_text_and_cannot_delete(open_page, served: Served):
    served.invite("looking", "ada@example.org")
    picture = {"file": ("fern.jpg", jpeg(1)), "visibility": (None, "tenant"),
               "altText": (None, "A fern in the shade")}  # fmt: skip
    served.ask("POST", "/api/media", "looking", files=picture)
    person = {"email": "bob@example.org", "role": "viewer"}
    invited = served.ask("POST", "/api/people", "looking", json=person).json()
    async with open_page() as page:
        await page.goto(served.address + invited["link"]["url"])
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Set password and sign in").click()
        await page.get_by_role("button", name="fern.jpg").click()
        panel = page.get_by_role("region", name="The chosen picture")
        await expect(panel.get_by_text("A fern in the shade")).to_be_visible()
        await expect(panel.get_by_text("Everybody in Looking").last).to_be_visible()
        await expect(panel.get_by_role("textbox")).to_have_count(0)
        await expect(page.get_by_text("Trash", exact=True).locator("visible=true")).to_have_count(0)
        await page.keyboard.press("Delete")
        await expect(page.locator(".picture")).to_have_count(1)
        await expect(page.locator("calotype-toast")).to_be_hidden()


async def test_a_search_in_the_reference_leaves_no_empty_heading(open_page, served: Served):
    async with open_page() as page:
        await page.goto(f"{served.address}/docs")
        await page.get_by_label("Search routes").fill("expiresIn")
        headings = page.get_by_label("Contents").locator("h2 >> visible=true")
        await expect(headings).to_have_text(["media", "objects"])
        await page.get_by_label("Search routes").fill("no such thing")
        await expect(headings).to_have_count(0)
        await page.get_by_label("Search routes").fill("")
        await expect(headings.last).to_have_text("problems")


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
async def test_every_page_fits_its_window(open_page, served: Served, tmp_path: Path, width, scheme):
    tenant = f"look-{width}-{scheme}"
    async with open_page(width, scheme) as page:
        shot = Shots(page, tmp_path)
        await page.goto(served.address)
        await shot.take("sign-in")
        invitation = served.invite(tenant, "ada@example.org", "Ada Lovelace")
        await page.goto(invitation)
        await shot.take("invite")
        await accept(page, invitation)
        await shot.take("empty")
        await drop(page, several())
        await expect(page.get_by_role("heading", name="10 new")).to_be_visible()
        await drop(page, {"the first again.jpg": jpeg(1, 900, 600)})
        await expect(page.get_by_text("Already here, kept once")).to_be_visible()
        await shot.take("uploaded")
        await page.get_by_role("button", name="Close the list").click()
        await shot.take("library")
        await page.get_by_role("button", name=LONG[:40]).click()
        await shot.take("panel-long-name")
        await page.get_by_role("button", name="Trash", exact=True).click()
        await expect(page.get_by_role("button", name="Undo")).to_be_visible()
        await shot.take("trashed")
        for path in ("/trash", "/account", "/docs", "/docs/problems"):
            await page.goto(served.address + path)
            await shot.take(path.strip("/").replace("/", "-"))


@cache
def several() -> dict[str, bytes]:
    sizes = [(900, 600), (600, 900), (800, 800), (1600, 500), (640, 480),
             (500, 700), (1200, 675), (300, 1200), (1000, 700), (700, 1000)]  # fmt: skip
    names = ["first.jpg", ARABIC, "<b>bold</b> & brave.jpg", LONG + ".jpg"]
    names += [f"IMG_{2040 + n}.jpg" for n in range(6)]
    return {
        name: jpeg(n + 1, *size) for n, (name, size) in enumerate(zip(names, sizes, strict=True))
    }


class Shots:
    """Pictures of pages, none of which may be wider than its window."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.folder = folder

    async def take(self, name: str) -> None:
        await self.page.evaluate(_DECODED)
        await self.page.screenshot(path=self.folder / f"{name}.png")
        wide, window = await self.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert wide <= window, f"{name} is {wide} wide in {window}"
