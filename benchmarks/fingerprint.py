"""What a fingerprint costs beside its peers and the bare decoder, and how well hashes agree."""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pillow_heif
import pyvips
from PIL import Image

from benchmarks.reporting import interleaved, median, record, table
from benchmarks.turns import Bench
from calotype.imaging import Pixels

PEERS = Path(__file__).parent / ".venv/bin/python"
TIMED = ("jpg", "progressive", "png", "webp")
CONTENDERS = ("limit", "hashes", "fingerprint", "imagehash", "imagededup", "pdqhash")
OURS = ("hashes", "fingerprint", "limit jpg")


def photographs(folder: Path, most: int, *, progressive: bool = False) -> list[Path]:
    """Each file once, however many links lead to it, from all over the folder."""
    found = {file.resolve() for file in folder.rglob("*.jpg")}
    large = sorted(file for file in found if file.stat().st_size > 300_000)
    wanted = [file for file in large if _is_progressive(file) == progressive]
    return wanted[:: max(1, len(wanted) // most)][:most]


def _is_progressive(file: Path) -> bool:
    with Image.open(file) as picture:
        return bool(picture.info.get("progressive"))


def _phone(source: pyvips.Image, file: Path) -> None:
    size = source.width, source.height
    pillow_heif.from_bytes("RGB", size, source.write_to_memory()).save(file, quality=80)


CONTAINERS: dict[str, Callable[[pyvips.Image, Path], None]] = {
    "png": lambda source, file: source.pngsave(str(file), compression=6),
    "webp": lambda source, file: source.webpsave(str(file), Q=85),
    "tiff": lambda source, file: source.tiffsave(str(file), compression="lzw"),
    "avif": lambda source, file: source.heifsave(str(file), compression="av1", effort=0, Q=70),
    "gif": lambda source, file: source.gifsave(str(file), effort=1),
    "heic": _phone,
}


def contained(photos: list[Path], kind: str, folder: Path) -> list[Path]:
    """The same pictures in another container."""
    files = [folder / f"{number}.{kind}" for number in range(len(photos))]
    for photo, file in zip(photos, files, strict=True):
        CONTAINERS[kind](pyvips.Image.new_from_file(str(photo)), file)
    return files


def bits(one: Sequence[str], other: Sequence[str]) -> list[int]:
    """In how many bits the pHashes differ, and the dHashes."""
    return [(int(a, 16) ^ int(b, 16)).bit_count() for a, b in zip(one, other, strict=True)]


def told(distances: list[list[int]]) -> list[str]:
    """Median and largest, first of the pHash, then of the dHash."""
    columns = zip(*distances, strict=True)
    return [f"{statistics.median(column):g} / {max(column)}" for column in columns]


def timed(kind: str, files: list[Path], rounds: int, benches: dict[str, Bench]) -> tuple[str, dict]:
    figures: dict[str, list[dict]] = {name: [] for name in CONTENDERS}
    for name in interleaved(CONTENDERS, rounds):
        asked = f"limit {files[0].suffix[1:]}" if name == "limit" else name
        figures[name].append(benches["ours" if asked in OURS else "peers"].ask(asked, files))
    peer, limit = median(figures["imagehash"], "cpu"), median(figures["limit"], "cpu")
    rows = [
        [name, cpu, median(each, "wall"), peer / cpu, cpu / limit]
        for name, each in figures.items()
        for cpu in [median(each, "cpu")]
    ]
    head = [kind, "CPU ms/picture", "wall", "times as fast as imagehash", "of the bare decoder"]
    return table(head, rows), figures


def agreement(
    sets: dict[str, list[Path]], benches: dict[str, Bench]
) -> tuple[str, dict[str, object]]:
    """Ours against imagehash on the same JPEGs, and every container against the JPEG."""
    ours = {k: benches["ours"].ask("fingerprint", f, tell=True)["found"] for k, f in sets.items()}
    peers = {k: benches["peers"].ask("imagehash", sets[k], tell=True)["found"] for k in TIMED}
    pairs = {
        f"{kind}, from imagehash": list(map(bits, ours[kind], peers[kind]))
        for kind in ("jpg", "progressive")
    }
    for kind in sets:
        if kind in CONTAINERS:
            pairs[f"{kind}, from the jpg"] = list(map(bits, ours[kind], ours["jpg"]))
        if kind in CONTAINERS and kind in peers:
            same = list(map(bits, peers[kind], peers["jpg"]))
            pairs[f"imagehash's own: {kind}, from the jpg"] = same
    rows = [[name, len(found), *told(found)] for name, found in pairs.items()]
    head = ["bits apart, median / most", "pictures", "pHash", "dHash"]
    return table(head, rows), dict(pairs)


async def _seconds(children: int, files: list[Path]) -> float:
    """Look at every file in so many children, which are warm."""
    pixels = Pixels(children)
    try:
        await asyncio.gather(*(pixels.fingerprint(files[0]) for _ in range(children)))
        started = time.perf_counter()
        await asyncio.gather(*(pixels.fingerprint(file) for file in files))
        return time.perf_counter() - started
    finally:
        await pixels.close()


def _counting_seconds(processes: int) -> float:
    """What the machine can give now: plain counting, which shares nothing."""
    program = [sys.executable, "-c", f"sum(range({30_000_000 // processes}))"]
    started = time.perf_counter()
    for process in [subprocess.Popen(program) for _ in range(processes)]:
        process.wait()
    return time.perf_counter() - started


def two_cores(files: list[Path], rounds: int) -> tuple[str, dict[str, list[float]]]:
    works: dict[str, Callable[[], float]] = {
        "one child": lambda: asyncio.run(_seconds(1, files)),
        "two children": lambda: asyncio.run(_seconds(2, files)),
        "one process that counts": lambda: _counting_seconds(1),
        "two processes that count": lambda: _counting_seconds(2),
    }
    figures: dict[str, list[float]] = {name: [] for name in works}
    for name in interleaved(list(works), rounds):
        figures[name].append(works[name]())
    medians = {name: statistics.median(each) for name, each in figures.items()}
    rows = [
        ["fingerprints in sandboxed children", medians["one child"] / medians["two children"]],
        [
            "plain counting, meanwhile",
            medians["one process that counts"] / medians["two processes that count"],
        ],
    ]
    return table(["two cores", "times as fast as one"], rows), figures


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--photos", type=Path, required=True, help="a folder with photographs")
    options.add_argument("--most", type=int, default=12, help="how many of a kind")
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    photos = photographs(chosen.photos, chosen.most)
    parts, figures = [], {}
    with (
        tempfile.TemporaryDirectory() as folder,
        Bench(sys.executable, "benchmarks.hashing") as ours,
        Bench(str(PEERS), "benchmarks.hashing_peers") as peers,
    ):
        benches = {"ours": ours, "peers": peers}
        sets = {"jpg": photos}
        sets["progressive"] = photographs(chosen.photos, chosen.most, progressive=True)
        sets |= {kind: contained(photos, kind, Path(folder)) for kind in CONTAINERS}
        for kind in TIMED:
            part, figures[kind] = timed(kind, sets[kind], chosen.rounds, benches)
            parts.append(part)
        part, figures["bits"] = agreement(sets, benches)
        parts.append(part)
    part, figures["cores"] = two_cores(photos * 2, chosen.rounds)
    record("fingerprint", "\n\n".join([*parts, part]), figures)


if __name__ == "__main__":
    main()
