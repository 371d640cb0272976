"""What it takes to find the duplicates in a folder, and how many of them are found."""

import argparse
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
import psutil
from PIL import Image, ImageDraw

from benchmarks.reporting import interleaved, median, record, table

SIZE = 1200, 900
RELATIONS = ("copy", "told", "again", "smaller")
"""The same bytes; the same pixels with a comment; saved again at 75; at half its width."""
PEER_PYTHON = Path(__file__).parent / ".venv/bin/python"
_SAMPLE_SECONDS = 0.1
_SURE = {"bytes", "pixels", "near"}

Groups = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Contender:
    """A program with its words, how its answer is read, and whether its cache is kept."""

    name: str
    command: Sequence[str]
    read: Callable[[str], Groups]
    keeps_cache: bool = False


def build(folder: Path, scenes: int) -> None:
    """Five files for every scene, in folders of a hundred scenes."""
    for number in range(scenes):
        into = folder / f"{number // 100:03}"
        into.mkdir(parents=True, exist_ok=True)
        picture = scene(number)
        data = jpeg(picture, 90)
        half = picture.resize((SIZE[0] // 2, SIZE[1] // 2), Image.Resampling.LANCZOS)
        comment = b"\xff\xfe\x00\x06told"
        versions = {
            "original": data, "copy": data, "told": data[:2] + comment + data[2:],
            "again": jpeg(picture, 75), "smaller": jpeg(half, 85),
        }  # fmt: skip
        for relation, version in versions.items():
            (into / f"{number:05}-{relation}.jpg").write_bytes(version)


def scene(seed: int) -> Image.Image:
    """Blots and dots of many sizes, with the grain of a sensor."""
    chance = np.random.default_rng(seed)
    picture = np.zeros((*reversed(SIZE), 3), np.float32)
    for cells in (3, 5, 9, 17, 33, 65):
        blots = Image.fromarray(chance.integers(0, 255, (cells, cells + 1, 3), np.uint8))
        picture += np.asarray(blots.resize(SIZE, Image.Resampling.BICUBIC), np.float32) / cells
    picture += chance.normal(0, 1.5, picture.shape).astype(np.float32)
    picture -= picture.min()
    grown = Image.fromarray((picture * (255 / picture.max())).astype(np.uint8))
    draw = ImageDraw.Draw(grown)
    for _ in range(40):
        left, top, side = (int(value) for value in chance.integers(5, (SIZE[0], SIZE[1], 90)))
        draw.ellipse((left, top, left + side, top + side // 2), fill=_colour(chance))
    return grown


def _colour(chance: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = chance.integers(0, 255, 3).tolist()
    return red, green, blue


def jpeg(picture: Image.Image, quality: int) -> bytes:
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=quality)
    return target.getvalue()


def ours(text: str) -> Groups:
    """Groups by which somebody might act; variants and similar ones are only shown."""
    groups = json.loads(text)["groups"]
    return [
        [file["path"] for file in each["files"]] for each in groups if each["certainty"] in _SURE
    ]


def lines(text: str) -> Groups:
    return [line.split() for line in text.splitlines()]


def contenders(folder: Path) -> list[Contender]:
    """Ours and whatever peer is installed."""
    scan = [sys.executable, "-m", "calotype", "scan", str(folder), "--json"]
    found = [
        Contender("calotype, first run", scan, ours),
        Contender("calotype, second run", scan, ours, keeps_cache=True),
    ]
    script = str(Path(__file__).parent / "scan_peers.py")
    if PEER_PYTHON.exists():
        found += [
            Contender(title, [str(PEER_PYTHON), script, name, str(folder)], json.loads)
            for name, title in (
                ("czkawka", "czkawka 0.1.2 (PyPI)"), ("imagehash", "ImageHash 4.3.2, all pairs"),
                ("sha256", "SHA-256 of every file"),
            )
        ]  # fmt: skip
    if shutil.which("findimagedupes"):
        words = ["findimagedupes", "--recurse", "--", str(folder)]
        found.append(Contender("findimagedupes 2.20.1 (Debian)", words, lines))
    return found


def measure(contender: Contender, home: Path) -> dict[str, float]:
    """Run it once, with a home of its own, and count what it found."""
    if not contender.keeps_cache:
        shutil.rmtree(home, ignore_errors=True)
    home.mkdir(exist_ok=True)
    environment = os.environ | {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen(
        contender.command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip
    peak: list[int] = [0]
    watch = threading.Thread(target=partial(_watch, process, peak))
    watch.start()
    text, _ = process.communicate()
    seconds = time.perf_counter() - started
    watch.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "cpu": cpu, "peak": peak[0] / 1e6, **found(contender.read(text))}


def _watch(process: "subprocess.Popen[str]", peak: list[int]) -> None:
    """Add up the resident memory of the whole family; shared pages count in each of them."""
    while process.poll() is None:
        total = 0
        try:
            family = psutil.Process(process.pid)
            for each in (family, *family.children(recursive=True)):
                total += each.memory_info().rss
        except psutil.Error:
            continue
        peak[0] = max(peak[0], total)
        time.sleep(_SAMPLE_SECONDS)


def found(groups: Groups) -> dict[str, float]:
    """How many of each relation share a group with their original, and how many pairs are wrong."""
    counts: Counter[str] = Counter()
    right: set[str] = set()
    for group in groups:
        for first, second in combinations(sorted(Path(file).stem for file in group), 2):
            (scene_of, one), (other_scene, other) = first.split("-"), second.split("-")
            if scene_of != other_scene:
                counts["wrong"] += 1
            elif "original" in {one, other}:
                right.add(first if other == "original" else second)
    counts.update(stem.split("-")[1] for stem in right)
    return {relation: float(counts[relation]) for relation in (*RELATIONS, "wrong")}


def told(figures: Mapping[str, list[dict[str, float]]], files: int) -> str:
    head = ["", "s", "CPU s", "CPU ms/file", "peak MB", *RELATIONS, "wrong pairs"]
    rows = [
        [
            name, median(each, "seconds"), median(each, "cpu"), median(each, "cpu") * 1000 / files,
            median(each, "peak"), *(int(median(each, name)) for name in (*RELATIONS, "wrong")),
        ]
        for name, each in figures.items()
    ]  # fmt: skip
    return table(head, rows)


def compare(
    chosen: Iterable[Contender], rounds: int, work: Path
) -> dict[str, list[dict[str, float]]]:
    """Take turns; a second run always comes after a first one, whose cache it finds."""
    chosen = list(chosen)
    figures: dict[str, list[dict[str, float]]] = {each.name: [] for each in chosen}
    for contender in interleaved([each for each in chosen if not each.keeps_cache], rounds):
        home = work / "home"
        figures[contender.name].append(measure(contender, home))
        for again in chosen:
            if again.keeps_cache and again.command == contender.command:
                figures[again.name].append(measure(again, home))
    return figures


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--work", type=Path, help="a folder on the disk to be measured")
    options.add_argument("--rounds", type=int, default=2)
    options.add_argument("--scenes", type=int, default=600, help="of five files each")
    options.add_argument("--only", help="contenders whose name begins like this")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.work) as work:
        folder = Path(work) / "pictures"
        build(folder, chosen.scenes)
        size = sum(file.stat().st_size for file in folder.rglob("*.jpg"))
        everybody = contenders(folder)
        taking_part = [each for each in everybody if each.name.startswith(chosen.only or "")]
        figures = compare(taking_part, chosen.rounds, Path(work))
    files = chosen.scenes * (1 + len(RELATIONS))
    head = f"{files:,} files of {chosen.scenes:,} scenes, {size / 1e6:,.0f} MB"
    record("scan", f"{head}\n\n{told(figures, files)}", figures)


if __name__ == "__main__":
    main()
