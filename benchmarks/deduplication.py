"""What it takes to send known bytes again: nothing is written to the objects."""

import argparse
import tempfile
from itertools import islice
from pathlib import Path

from benchmarks.ingest import Contender, our_own
from benchmarks.pictures import different, noise_jpeg
from benchmarks.reporting import interleaved, median, record, table
from benchmarks.serving import calotype


def objects(folder: Path) -> dict[str, tuple[int, int, int, int]]:
    """Every file with what would change if it were written anew."""
    found = {str(file): file.stat() for file in folder.rglob("*") if file.is_file()}
    return {
        name: (status.st_ino, status.st_size, status.st_mtime_ns, status.st_nlink)
        for name, status in found.items()
    }


def compare(ours: Contender, base: bytes, files: int, rounds: int) -> dict[str, list[dict]]:
    """New files and the same files again, in turns; known ones must leave every object alone."""
    figures: dict[str, list[dict]] = {"new": [], "known": []}
    known = list(islice(different(base), files))
    ours.measure(known)
    for kind in interleaved(("new", "known"), rounds):
        before = objects(ours.folder)
        pictures = known if kind == "known" else list(islice(different(base), files))
        figures[kind].append(ours.measure(pictures))
        assert (objects(ours.folder) == before) == (kind == "known")
    return figures


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--work", type=Path, help="a folder on the disk to be measured")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--files", type=int, default=100)
    chosen = options.parse_args()
    base = noise_jpeg(4_000_000)
    with (
        tempfile.TemporaryDirectory(dir=chosen.work) as folder,
        calotype(Path(folder), "--no-worker") as server,
    ):
        ours = our_own("calotype", server, Path(folder))
        figures = compare(ours, base, chosen.files, chosen.rounds)
    names = ("rate", "total", "api", "imaging", "postgres")
    rows = [[kind, *(median(each, name) for name in names)] for kind, each in figures.items()]
    head = ["4 MB", "files/s", "CPU ms/file", *names[2:]]
    told = (
        table(head, rows) + "\n\nObjects written for known bytes: none (inode, size, time of change"
    )
    record("deduplication", f"{told} and links of every file stayed as they were).", figures)


if __name__ == "__main__":
    main()
