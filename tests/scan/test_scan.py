"""What a scan finds in folders of real pictures."""

import os
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from calotype.scan import Findings
from tests import pictures
from tests.scan.conftest import ScanFolders
from tests.scan.scenes import fill, flat, jpeg, png, saved, scene, shirt, told_of

Groups = set[tuple[str, frozenset[str]]]


def groups(findings: Findings) -> Groups:
    return {
        (each.rung, frozenset(Path(member.picture.entry.path).name for member in each.members))
        for each in findings.groups
    }


def grouped(rung: str, *names: str) -> tuple[str, frozenset[str]]:
    return rung, frozenset(names)


def failed(findings: Findings) -> dict[str, str]:
    return {Path(failure.path).name: failure.reason for failure in findings.failures}


async def test_the_same_file_under_three_names_wins_two_of_them(tmp_path: Path, scan: ScanFolders):
    data = jpeg(scene(1))
    fill(tmp_path, {"a.jpg": data, "b.jpg": data, "deep/c.bin": data, "other.jpg": jpeg(scene(2))})
    found = await scan(tmp_path)
    assert groups(found) == {grouped("bytes", "a.jpg", "b.jpg", "c.bin")}
    assert found.bytes_to_win == 2 * len(data)
    assert found.pictures == 4


async def test_other_bytes_with_the_same_pixels_are_found_and_win_the_smaller_files(
    tmp_path: Path, scan: ScanFolders
):
    data = jpeg(scene(1))
    told = told_of(data, b"from my uncle")
    as_png = png(Image.open(fill(tmp_path, {"a.jpg": data}) / "a.jpg"))
    fill(tmp_path, {"told.jpg": told, "lossless.png": as_png})
    found = await scan(tmp_path)
    assert groups(found) == {grouped("pixels", "a.jpg", "told.jpg", "lossless.png")}
    assert found.bytes_to_win == len(data) + len(told)


async def test_a_picture_that_lies_on_its_side_has_the_same_pixels_as_the_upright_one(
    tmp_path: Path, scan: ScanFolders
):
    upright = scene(3)
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    fill(tmp_path, {"upright.png": png(upright), "lying.png": png(lying, exif=exif)})
    assert groups(await scan(tmp_path)) == {grouped("pixels", "upright.png", "lying.png")}


async def test_saved_again_and_resized_is_near_and_the_best_is_the_centre(
    tmp_path: Path, scan: ScanFolders
):
    picture = scene(4)
    fill(tmp_path, {
        "small.jpg": jpeg(picture.resize((320, 240), Image.Resampling.LANCZOS)),
        "worse.jpg": jpeg(picture, 60),
        "best.jpg": jpeg(picture, 95),
        "again.webp": saved(picture, "WEBP", quality=80),
    })  # fmt: skip
    found = await scan(tmp_path)
    assert groups(found) == {grouped("near", "small.jpg", "worse.jpg", "best.jpg", "again.webp")}
    (group,) = found.groups
    assert Path(group.members[0].picture.entry.path).name == "best.jpg"
    assert group.members[0].distance == 0
    assert group.weakest is not None
    assert group.weakest.strain <= 1
    assert found.bytes_to_win == 0


async def test_another_colour_is_a_variant_and_never_near(tmp_path: Path, scan: ScanFolders):
    fill(tmp_path, {
        "red.jpg": jpeg(shirt((190, 40, 40))),
        "blue.jpg": jpeg(shirt((40, 60, 190))),
        "green.jpg": jpeg(shirt((40, 130, 50))),
    })  # fmt: skip
    found = await scan(tmp_path)
    assert groups(found) == {grouped("variant", "red.jpg", "blue.jpg", "green.jpg")}
    assert found.bytes_to_win == 0


@pytest.mark.parametrize("change", [
    lambda picture: picture.transpose(Image.Transpose.ROTATE_90),
    lambda picture: picture.transpose(Image.Transpose.ROTATE_180),
    ImageOps.mirror,
    lambda picture: picture.crop((60, 40, 600, 450)),
], ids=["turned", "upside down", "mirrored", "cropped"])  # fmt: skip
async def test_turned_mirrored_and_cropped_is_similar(tmp_path: Path, scan: ScanFolders, change):
    picture = scene(5)
    fill(tmp_path, {"a.jpg": jpeg(picture), "b.jpg": jpeg(change(picture))})
    assert groups(await scan(tmp_path)) == {grouped("similar", "a.jpg", "b.jpg")}


async def test_flat_pictures_are_in_no_group_unless_they_are_the_same_file(
    tmp_path: Path, scan: ScanFolders
):
    fill(tmp_path, {
        "white.jpg": jpeg(flat((255, 255, 255))),
        "blue.jpg": jpeg(flat((0, 0, 255))),
        "blue again.jpg": jpeg(flat((0, 0, 255))),
        "navy.png": png(flat((0, 0, 120))),
    })  # fmt: skip
    assert groups(await scan(tmp_path)) == {grouped("bytes", "blue.jpg", "blue again.jpg")}


async def test_pictures_that_have_nothing_in_common_are_in_no_group(
    tmp_path: Path, scan: ScanFolders
):
    fill(tmp_path, {f"{seed}.jpg": jpeg(scene(seed)) for seed in range(20)})
    found = await scan(tmp_path)
    assert groups(found) == set()
    assert found.pictures == 20


async def test_equal_files_stand_together_where_they_are_as_near_and_once_elsewhere(
    tmp_path: Path, scan: ScanFolders
):
    picture = scene(6)
    data, told = jpeg(picture, 95), told_of(jpeg(picture, 95), b"x")
    fill(tmp_path, {
        "a.jpg": data, "a again.jpg": data, "a told.jpg": told,
        "worse.jpg": jpeg(picture, 50), "turned.jpg": jpeg(picture.rotate(180)),
    })  # fmt: skip
    found = await scan(tmp_path)
    equal = ("a.jpg", "a again.jpg", "a told.jpg")
    assert groups(found) == {
        grouped("bytes", "a.jpg", "a again.jpg"),
        grouped("pixels", *equal),
        grouped("near", *equal, "worse.jpg"),
        grouped("similar", "a told.jpg", "turned.jpg"),
    }
    assert found.bytes_to_win == 2 * len(data)


async def test_what_is_no_picture_is_counted_and_what_claims_to_be_one_is_listed(
    tmp_path: Path, scan: ScanFolders
):
    fill(tmp_path, {
        "list.txt": pictures.text_named_jpg(),
        "drawing.svg": pictures.svg(),
        "._resource.jpg": b"notes of another system",
        "list.jpg": pictures.text_named_jpg(),
        "nothing.png": b"",
        "cut.jpg": pictures.truncated_jpeg(),
        "bomb.png": pictures.huge_png_header(),
        "good.jpg": jpeg(scene(7)),
    })  # fmt: skip
    found = await scan(tmp_path)
    assert found.other_files == 3
    assert found.pictures == 5
    assert set(failed(found)) == {"list.jpg", "nothing.png", "cut.jpg", "bomb.png"}
    assert failed(found)["list.jpg"] == "it is not a picture, whatever its name says"
    assert failed(found)["nothing.png"] == "the file is empty"


async def test_copies_of_a_damaged_picture_fail_one_by_one(tmp_path: Path, scan: ScanFolders):
    fill(tmp_path, {name: pictures.truncated_jpeg() for name in ("a.jpg", "b.jpg")})
    found = await scan(tmp_path)
    assert set(failed(found)) == {"a.jpg", "b.jpg"}
    assert found.groups == ()


async def test_every_kind_of_picture_is_taken_whatever_its_name(tmp_path: Path, scan: ScanFolders):
    makers = (
        pictures.jpeg, pictures.png, pictures.webp, pictures.gif, pictures.tiff, pictures.avif,
        pictures.heic, pictures.cmyk_jpeg, pictures.grey_jpeg, pictures.animated_webp,
    )  # fmt: skip
    fill(tmp_path, {f"{number}.data": make(number) for number, make in enumerate(makers)})
    found = await scan(tmp_path)
    assert failed(found) == {}
    assert found.pictures == len(makers)


@pytest.mark.parametrize("name", [
    "two\nlines.jpg", 'quo"te\'s.jpg', "<script>alert(1)<b>.jpg", "fête 🎉.jpg", "-rf.jpg",
    os.fsdecode(b"not \xff utf-8.jpg"),
])  # fmt: skip
async def test_no_name_is_too_strange(tmp_path: Path, scan: ScanFolders, name: str):
    data = jpeg(scene(8))
    fill(tmp_path, {name: data, "plain.jpg": data})
    assert groups(await scan(tmp_path)) == {grouped("bytes", name, "plain.jpg")}


async def test_a_child_that_dies_of_nothing_to_do_with_the_picture_is_replaced(
    tmp_path: Path, scan: ScanFolders, pixels
):
    fill(tmp_path, {f"{seed}.jpg": jpeg(scene(seed)) for seed in range(3)})
    await pixels.isolation()
    for child in pixels.pids:
        os.kill(child, 9)
    found = await scan(tmp_path)
    assert found.failures == ()
    assert found.pictures == 3


async def test_every_two_of_a_group_stand_on_its_rung(tmp_path: Path, scan: ScanFolders):
    """Qualities and sizes that grow apart step by step, as a chain would join them."""
    picture = scene(9)
    for step in range(12):
        edited = picture.point([min(255, level + 2 * step) for level in range(256)] * 3)
        fill(tmp_path, {f"{step:02}.jpg": jpeg(edited, 90 - 5 * step)})
    found = await scan(tmp_path)
    near = [set(names) for rung, names in groups(found) if rung == "near"]
    assert near
    alone = await _pairs_that_are_near(tmp_path, scan, sorted(set().union(*near)))
    together = {frozenset(pair) for names in near for pair in combinations(sorted(names), 2)}
    assert together == alone


async def _pairs_that_are_near(
    folder: Path, scan: ScanFolders, names: Iterable[str]
) -> set[frozenset[str]]:
    """Compare each two in a folder of their own."""
    near: set[frozenset[str]] = set()
    for first, second in combinations(names, 2):
        pair = folder.with_name(f"{folder.name}-{first}-{second}")
        fill(pair, {name: (folder / name).read_bytes() for name in (first, second)})
        near |= {names for rung, names in groups(await scan(pair)) if rung == "near"}
    return near
