"""`calotype scan` as somebody types it."""

import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.scan.scenes import fill, flat, jpeg, png, scene, shirt, told_of

WAIT_SECONDS = 60


def environment(folder: Path) -> Mapping[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CALOTYPE_")}
    return clean | {"XDG_CACHE_HOME": str(folder / "cache")}


def start(
    folder: Path, *words: str, stderr: int = subprocess.PIPE, **more: str
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "calotype", "scan", *words],
        cwd=folder, stdout=subprocess.PIPE, stderr=stderr, env={**environment(folder), **more},
    )  # fmt: skip


def run(folder: Path, *words: str, **more: str) -> tuple[int, str, str]:
    with start(folder, *words, **more) as process:
        out, err = process.communicate(timeout=WAIT_SECONDS)
    return process.returncode, out.decode(), err.decode()


def rows(folder: Path) -> int:
    """How many fingerprints the cache has by now."""
    file = folder / "cache/calotype/scan.sqlite3"
    if not file.exists():
        return 0
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        try:
            (count,) = connection.execute(
                "select count(*) from files where fingerprint is not null"
            ).fetchone()
        except sqlite3.OperationalError:
            return 0
    return count


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = jpeg(scene(1))
    fill(tmp_path / "photos", {
        "a.jpg": data, "copies/a.jpg": data, "told.jpg": told_of(data, b"x"),
        "red.jpg": jpeg(shirt((190, 40, 40))), "blue.jpg": jpeg(shirt((40, 60, 190))),
        "white.png": png(flat((255, 255, 255))), "white.jpg": jpeg(flat((255, 255, 255))),
        "cut.jpg": data[:2000], "list.txt": b"milk",
    })  # fmt: skip
    return tmp_path


def test_json_is_what_the_contract_says_and_nothing_else(folder: Path):
    code, out, err = run(folder, "photos", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert out.count("\n") == 1
    assert list(found) == ["files", "failed", "groups", "bytesToWin"]
    assert found["files"] == 8
    (failed,) = found["failed"]
    assert list(failed) == ["path", "reason"]
    assert failed["path"] == "photos/cut.jpg"
    size, told = ((folder / "photos" / name).stat().st_size for name in ("a.jpg", "told.jpg"))
    assert found["bytesToWin"] == 2 * size
    assert found["groups"][0] == {
        "certainty": "bytes",
        "files": [
            {"path": "photos/a.jpg", "sizeBytes": size, "distance": 0},
            {"path": "photos/copies/a.jpg", "sizeBytes": size, "distance": 0},
        ],
    }
    assert found["groups"][1] == {
        "certainty": "pixels",
        "files": [
            {"path": "photos/told.jpg", "sizeBytes": told, "distance": 0},
            {"path": "photos/a.jpg", "sizeBytes": size, "distance": 0},
            {"path": "photos/copies/a.jpg", "sizeBytes": size, "distance": 0},
        ],
    }
    assert [group["certainty"] for group in found["groups"]] == ["bytes", "pixels", "variant"]
    assert [list(file) for group in found["groups"] for file in group["files"]] == 7 * [
        ["path", "sizeBytes", "distance"]
    ]


def test_paths_in_json_lead_to_the_files_whatever_their_names(tmp_path: Path):
    names = [b"two\nlines.jpg", b"not \xff utf-8.jpg", "fête 🎉.jpg".encode(), b'q"uote.jpg']
    fill(tmp_path / "photos", {os.fsdecode(name): jpeg(scene(1)) for name in names})
    _, out, _ = run(tmp_path, "photos", "--json", LC_ALL="C")
    (group,) = json.loads(out)["groups"]
    assert {os.fsencode(file["path"]) for file in group["files"]} == {
        b"photos/" + name for name in names
    }


def test_the_summary_tells_what_to_win_and_what_failed(folder: Path):
    code, out, _ = run(folder, "photos")
    assert code == 0
    assert out.splitlines()[0].startswith("Same bytes · 2 files · ")
    assert "not read  photos/cut.jpg: " in out
    assert "8 pictures, 1 other file, 1 not read." in out
    assert out.splitlines()[-1].endswith(" to win.")


def test_names_cannot_move_the_cursor_of_a_terminal(tmp_path: Path):
    for name in ("a\x1b[2J.jpg", "b\n.jpg"):
        fill(tmp_path / "photos", {name: jpeg(scene(1))})
    _, out, _ = run(tmp_path, "photos")
    assert "\x1b" not in out
    assert "photos/a\\x1b[2J.jpg" in out
    assert "photos/b\\n.jpg" in out


@pytest.mark.parametrize(("words", "sentence"), [
    ((), "calotype: Name a folder to scan, or several.\n"),
    (("gone",), "calotype: There is no folder gone.\n"),
    (("photos", "gone"), "calotype: There is no folder gone.\n"),
    (("photos/a.jpg",), "calotype: There is no folder photos/a.jpg.\n"),
], ids=["none", "missing", "one of two missing", "a file"])  # fmt: skip
def test_without_a_good_folder_it_ends_with_one_sentence(
    folder: Path, words: tuple[str, ...], sentence: str
):
    assert run(folder, *words) == (2, "", sentence)


def test_a_report_that_could_not_be_written_is_refused_before_the_work(folder: Path):
    code, out, err = run(folder, "photos", "--report", "gone/out.html")
    assert (code, out) == (7, "")
    assert err == "calotype: The report cannot be written to gone/out.html.\n"


def test_an_empty_folder_is_no_trouble(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    code, out, _ = run(tmp_path, "empty", "--json")
    assert code == 0
    assert json.loads(out) == {"files": 0, "failed": [], "groups": [], "bytesToWin": 0}


def test_the_distance_of_near_pictures_can_be_set(tmp_path: Path):
    picture = scene(1)
    fill(tmp_path / "photos", {"a.jpg": jpeg(picture), "b.jpg": jpeg(picture, 20)})
    found = {
        distance: json.loads(run(tmp_path, "photos", "--json", "--near-distance", distance)[1])
        for distance in ("0", "5")
    }
    certainties = {at: each["groups"][0]["certainty"] for at, each in found.items()}
    assert certainties["5"] == "near" != certainties["0"]
    assert found["5"]["groups"][0]["files"][1]["distance"] > 0


def test_without_a_cache_nothing_is_left_behind(folder: Path):
    before = sorted(folder.rglob("*"))
    code, _, _ = run(folder, "photos", "--json", "--no-cache")
    assert code == 0
    assert sorted(folder.rglob("*")) == before


def test_the_cache_is_for_nobody_else(folder: Path):
    run(folder, "photos", "--json")
    cache = folder / "cache/calotype"
    assert cache.stat().st_mode & 0o077 == 0


def test_a_cache_that_cannot_be_written_is_done_without(folder: Path):
    (folder / "cache").write_bytes(b"this is no folder")
    code, out, err = run(folder, "photos", "--json")
    assert code == 0
    assert json.loads(out)["files"] == 8
    assert "this scan goes on without it" in err


def test_progress_is_drawn_on_a_terminal_and_nowhere_else(folder: Path):
    ours, theirs = pty.openpty()
    process = start(folder, "photos", "--json", stderr=theirs, TERM="xterm")
    os.close(theirs)
    drawn = b"".join(_read_all(ours))
    assert process.stdout is not None
    out = process.stdout.read()
    process.stdout.close()
    assert process.wait(WAIT_SECONDS) == 0
    assert b"Looking" in drawn
    assert json.loads(out)["files"] == 8


def _read_all(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            data = os.read(terminal, 1 << 16)
        except OSError:
            return
        yield data


def test_stopped_by_ctrl_c_it_goes_on_where_it_was(tmp_path: Path):
    fill(tmp_path / "photos", {f"{seed}.png": png(scene(seed)) for seed in range(100)})
    process = start(tmp_path, "photos", "--json")
    deadline = time.monotonic() + WAIT_SECONDS
    while not rows(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.02)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=WAIT_SECONDS)
    assert (process.returncode, out) == (130, b"")
    assert err.decode().startswith("calotype: Stopped.")
    assert [child for child in children if child.is_running()] == []
    kept = rows(tmp_path)
    assert 0 < kept < 100
    assert run(tmp_path, "photos", "--json")[0] == 0
    assert rows(tmp_path) == 100
