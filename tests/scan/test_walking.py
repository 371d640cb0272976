"""Walking: every file once, whatever leads to it."""

import os
from pathlib import Path

import pytest

from calotype.scan.model import Walked
from calotype.scan.walking import walk
from tests.scan.scenes import fill


def names(walked: Walked) -> list[str]:
    return sorted(Path(entry.path).name for entry in walked.entries)


async def test_folders_are_walked_to_the_bottom_and_hidden_ones_as_well(tmp_path: Path):
    fill(tmp_path, {"a": b"1", "x/b": b"2", "x/y/c": b"3", ".hidden/d": b"4", "x/.e": b"5"})
    assert names(await walk([tmp_path])) == [".e", "a", "b", "c", "d"]


async def test_symbolic_links_are_not_followed(tmp_path: Path):
    elsewhere = fill(tmp_path / "elsewhere", {"secret": b"1"})
    folder = fill(tmp_path / "folder", {"own": b"2"})
    (folder / "to a folder").symlink_to(elsewhere)
    (folder / "to a file").symlink_to(elsewhere / "secret")
    (folder / "to itself").symlink_to(folder)
    (folder / "to nothing").symlink_to(folder / "gone")
    walked = await walk([folder])
    assert names(walked) == ["own"]
    assert walked.failures == []


async def test_a_folder_that_is_named_through_a_link_is_walked(tmp_path: Path):
    folder = fill(tmp_path / "folder", {"own": b"2"})
    (tmp_path / "link").symlink_to(folder)
    assert names(await walk([tmp_path / "link"])) == ["own"]


@pytest.mark.parametrize("again", [".", "x", "x/../x", "link"])
async def test_a_file_that_is_reached_twice_is_counted_once(tmp_path: Path, again: str):
    fill(tmp_path, {"x/a": b"1", "b": b"2"})
    (tmp_path / "link").symlink_to(tmp_path / "x")
    for folders in ([tmp_path, tmp_path / again], [tmp_path / again, tmp_path]):
        walked = await walk(folders)
        assert names(walked) == ["a", "b"]
        assert walked.hard_links == 0


async def test_hard_links_are_one_file(tmp_path: Path):
    fill(tmp_path, {"a": b"1"})
    for name in ("b", "c"):
        (tmp_path / name).hardlink_to(tmp_path / "a")
    walked = await walk([tmp_path])
    assert names(walked) == ["a"]
    assert walked.hard_links == 2


async def test_pipes_and_sockets_are_left_alone(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.jpg")
    walked = await walk([tmp_path])
    assert (walked.entries, walked.failures) == ([], [])


async def test_a_folder_that_cannot_be_read_is_listed(tmp_path: Path):
    fill(tmp_path, {"a": b"1"})
    gone = tmp_path / "gone"
    walked = await walk([tmp_path, gone])
    assert names(walked) == ["a"]
    assert [(each.path, each.reason) for each in walked.failures] == [
        (str(gone), "no such file or directory")
    ]
