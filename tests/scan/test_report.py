"""The report: a page that is whole, shows what was found, and believes no file name."""

import base64
import hashlib
import io
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from PIL import Image

from calotype.imaging import Pixels
from calotype.scan import Findings, report
from calotype.scan.errors import ReportUnwritable
from calotype.scan.progress import Nobody
from calotype.scan.store import Cache
from calotype.scan.thumbnails import Thumbnails
from tests.scan.conftest import ScanFolders
from tests.scan.scenes import fill, jpeg, png, scene, shirt

HOSTILE = (
    "<img src=x onerror=alert(1)>.jpg", '"><script>alert(2)<b>.jpg', "{{ 7 * 7 }}.jpg",
    "two\nlines.jpg", "evil\u202egnp.jpg", os.fsdecode(b"not \xff utf-8.jpg"), "fête 🎉.jpg",
)  # fmt: skip
LOADING = {"src", "srcset", "href", "data", "action", "poster", "background"}


class Page(HTMLParser):
    """Everything that a page names, loads and says."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: dict[str, list[str]] = {}
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag
        self.words.setdefault(tag, [])

    def handle_data(self, data: str) -> None:
        if self._open:
            self.words[self._open].append(data)

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def thumbnails(pixels: Pixels) -> Thumbnails:
    return Thumbnails(pixels=pixels, cache=Cache.open(None), watcher=Nobody(), children=2)


async def written(
    folder: Path, scan: ScanFolders, thumbnails: Thumbnails, findings: Findings | None = None
) -> Page:
    findings = findings or await scan(folder, cache=thumbnails.cache)
    await thumbnails.make(report.shown_pictures(report.shown_groups(findings)))
    file = folder.with_name("report.html")
    report.write(findings, file, thumbnails)
    assert sorted(each.name for each in folder.parent.iterdir()) == [folder.name, "report.html"]
    return Page(file.read_text("utf-8"))


async def test_the_page_loads_nothing_and_runs_only_its_own_script(
    tmp_path: Path, scan: ScanFolders, thumbnails: Thumbnails
):
    data = jpeg(scene(1))
    fill(tmp_path / "photos", {"a.jpg": data, "b.jpg": data, "c.jpg": jpeg(scene(1), 60)})
    page = await written(tmp_path / "photos", scan, thumbnails)
    for tag, attributes in page.tags:
        for name in LOADING & attributes.keys():
            assert str(attributes[name]).startswith(("data:image/", "#", "file:///")), tag
        assert not any(name.startswith("on") for name in attributes)
        assert "style" not in attributes
    (policy,) = [
        str(each["content"]) for each in page.all("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    ]  # fmt: skip
    assert policy.startswith("default-src 'none'; ")
    for tag in ("script", "style"):
        (inside,) = ["".join(page.words[tag])]
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "url(" not in "".join(page.words["style"])


async def test_every_picture_is_there_with_its_path_and_a_thumbnail_of_the_right_shape(
    tmp_path: Path, scan: ScanFolders, thumbnails: Thumbnails
):
    fill(tmp_path / "photos", {
        "red.jpg": jpeg(shirt((190, 40, 40))), "blue.png": png(shirt((40, 60, 190))),
    })  # fmt: skip
    page = await written(tmp_path / "photos", scan, thumbnails)
    names = {Path(path).name for path in page.words["bdi"]}
    assert names == {"red.jpg", "blue.png"}
    for image in page.all("img"):
        kind, _, data = str(image["src"]).partition(";base64,")
        assert kind == "data:image/jpeg"
        assert Image.open(io.BytesIO(base64.b64decode(data))).size == (240, 180)
    assert len(page.all("img")) == 2
    (group,) = [each for each in page.all("section") if "data-rung" in each]
    assert (group["data-rung"], group["data-win"]) == ("variant", "0")


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_name_is_only_text(
    tmp_path: Path, scan: ScanFolders, thumbnails: Thumbnails, name: str
):
    data = jpeg(scene(1))
    fill(tmp_path / "photos", {name: data, "plain.jpg": data, name + ".png": b"broken"})
    page = await written(tmp_path / "photos", scan, thumbnails)
    assert len(page.all("script")) == 1
    assert len(page.all("img")) == 1
    links = [str(each["href"]) for each in page.all("a") if str(each["href"]).startswith("file:")]
    led_to = {os.fsdecode(unquote_to_bytes(urlsplit(link).path)) for link in links}
    assert led_to == {str(tmp_path / "photos" / each) for each in (name, "plain.jpg")}
    shown = "".join(page.words["bdi"])
    assert re.search("[\n\u202e]", shown) is None
    assert "49" not in shown


async def test_groups_stand_in_the_order_of_what_they_win(
    tmp_path: Path, scan: ScanFolders, thumbnails: Thumbnails
):
    small, large = jpeg(scene(1).resize((160, 120))), jpeg(scene(2))
    fill(tmp_path / "photos", {
        "a1.jpg": small, "a2.jpg": small, "b1.jpg": large, "b2.jpg": large,
        "c1.jpg": jpeg(scene(3)), "c2.jpg": jpeg(scene(3), 60),
    })  # fmt: skip
    page = await written(tmp_path / "photos", scan, thumbnails)
    wins = [str(each["data-win"]) for each in page.all("section") if "data-rung" in each]
    assert wins == [str(len(large)), str(len(small)), "0"]


async def test_a_scan_that_found_nothing_has_a_report_as_well(
    tmp_path: Path, scan: ScanFolders, thumbnails: Thumbnails
):
    fill(tmp_path / "photos", {"a.jpg": jpeg(scene(1)), "broken.jpg": b"?"})
    page = await written(tmp_path / "photos", scan, thumbnails)
    assert "No two pictures are the same or look alike." in "".join(page.words["p"])
    assert "broken.jpg" in "".join(page.words["bdi"])


async def test_so_many_groups_that_no_page_holds_them_are_cut_off_and_the_page_says_so(
    tmp_path: Path, scan: ScanFolders, thumbnails: Thumbnails
):
    data = jpeg(scene(1))
    fill(tmp_path / "photos", {"a.jpg": data, "b.jpg": data})
    found = await scan(tmp_path / "photos", cache=thumbnails.cache)
    many = replace(found, groups=found.groups * (report.MOST_GROUPS + 1))
    page = await written(tmp_path / "photos", scan, thumbnails, many)
    assert len([each for each in page.all("section") if "data-rung" in each]) == report.MOST_GROUPS
    assert "1 more group" in " ".join(page.words["p"])


async def test_a_picture_that_is_gone_meanwhile_leaves_an_empty_frame(
    tmp_path: Path, scan: ScanFolders, thumbnails: Thumbnails
):
    data = jpeg(scene(1))
    fill(tmp_path / "photos", {"a.jpg": data, "b.jpg": data})
    found = await scan(tmp_path / "photos", cache=thumbnails.cache)
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "photos" / name).unlink()
    page = await written(tmp_path / "photos", scan, thumbnails, found)
    assert page.all("img") == []
    assert "no picture" in "".join(page.words["span"])


async def test_a_report_that_cannot_be_written_leaves_nothing_half(
    tmp_path: Path, scan: ScanFolders, thumbnails: Thumbnails
):
    fill(tmp_path / "photos", {"a.jpg": jpeg(scene(1))})
    found = await scan(tmp_path / "photos", cache=thumbnails.cache)
    (tmp_path / "taken").mkdir()
    with pytest.raises(ReportUnwritable):
        report.write(found, tmp_path / "taken", thumbnails)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["photos", "taken"]
