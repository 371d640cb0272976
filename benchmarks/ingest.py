"""What it takes to accept a file, beside a tutorial's handler, a bare stream and bare writes."""

import argparse
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from benchmarks.pictures import Picture, different, noise_jpeg
from benchmarks.reporting import interleaved, median, record, table
from benchmarks.sending import CLIENTS, Target, send_all, share_out
from benchmarks.serving import KEY, Served, calotype, granian
from calotype.database import embedded

PARTS = ("api", "imaging", "postgres", "supervisor", "worker")
OURS, PLAIN, WITH_ROW = "calotype", "UploadFile on granian", "UploadFile on granian, and a row"
STREAM, BARE, BARE_NAMED = "raw ASGI stream", "bare writes", "bare writes, folder flushed"
_FILLING = bytes(1 << 20)
_FILES_AT_ONCE = 40


@dataclass(frozen=True)
class Contender:
    """Somebody who accepts files, and how much processor time that has taken so far."""

    name: str
    accept: Callable[[Sequence[Picture]], object]
    used: Callable[[], dict[str, float]]
    folder: Path
    keeps_files: bool = False

    def measure(self, pictures: Sequence[Picture]) -> dict[str, float]:
        """Take the pictures a few at a time, so that the memory touched before is not cold yet."""
        used, seconds = Counter[str](), 0.0
        for few in batched(pictures, _FILES_AT_ONCE):
            self._touch_memory(sum(picture.size_bytes for picture in few))
            before, started = Counter(self.used()), time.perf_counter()
            self.accept(few)
            seconds += time.perf_counter() - started
            used.update(Counter(self.used()) - before)
            self._forget()
        each = {part: 1000 * spent / len(pictures) for part, spent in used.items()}
        return {**each, "total": sum(each.values()), "rate": len(pictures) / seconds}

    def _touch_memory(self, size_bytes: int) -> None:
        """Fill and free what the files will need of the page cache.

        A virtual machine pays for memory that it has not used for a moment; so would whoever
        comes first.
        """
        with tempfile.TemporaryFile(dir=self.folder.parent) as scratch:
            for _ in range(0, size_bytes, len(_FILLING)):
                scratch.write(_FILLING)

    def _forget(self) -> None:
        """Give the memory of the written files back, so that everybody finds the same of it.

        Peers lose their files; calotype keeps its own, but the page cache does not.
        """
        for file in self.folder.rglob("*"):
            if self.keeps_files and file.is_file():
                with file.open("rb") as handle:
                    os.posix_fadvise(handle.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            elif file.is_file():
                file.unlink()


def batched(pictures: Sequence[Picture], size: int) -> Iterator[Sequence[Picture]]:
    return (pictures[start : start + size] for start in range(0, len(pictures), size))


@contextmanager
def contenders(work: Path) -> Generator[list[Contender]]:
    with ExitStack() as stack:
        ours = stack.enter_context(calotype(work / "ours", "--no-worker"))
        folders = {name: work / name for name in ("plain", "row", "stream", "bare", "named")}
        for folder in folders.values():
            folder.mkdir()
        database = stack.enter_context(embedded(work / "peer" / "postgres"))
        with psycopg.connect(database.owner_url) as connection:
            connection.execute(
                "create table files (id uuid primary key, digest text, size_bytes bigint, name text)"
            )
        environment = {"DATABASE": database.owner_url}

        def peer(app: str, name: str) -> Served:
            return stack.enter_context(granian(app, {**environment, "FOLDER": str(folders[name])}))

        plain, row = peer("upload_file", "plain"), peer("upload_file_with_row", "row")
        with_database = Served(row.port, row.process, work / "peer")
        yield [
            our_own(OURS, ours, work / "ours"),
            served(PLAIN, plain, Target(plain.port, "/"), folders["plain"]),
            served(WITH_ROW, with_database, Target(row.port, "/"), folders["row"]),
            _streamed(peer("stream", "stream"), folders["stream"]),
            _bare(BARE, folders["bare"], flush_folder=False),
            _bare(BARE_NAMED, folders["named"], flush_folder=True),
        ]


def our_own(name: str, server: Served, data: Path) -> Contender:
    target = Target(server.port, "/api/media", key=KEY)
    accepting = served(name, server, target, data / "objects")
    return replace(accepting, keeps_files=True)


def served(name: str, server: Served, target: Target, folder: Path) -> Contender:
    return Contender(name, lambda pictures: send_all(target, pictures), server.cpu_seconds, folder)


def _streamed(server: Served, folder: Path) -> Contender:
    return served(STREAM, server, Target(server.port, "/", multipart=False), folder)


def _bare(name: str, folder: Path, *, flush_folder: bool) -> Contender:
    """Eight threads of this process that write, flush and rename; nothing is sent or hashed."""

    def write(picture: Picture) -> None:
        draft = folder / f"{uuid4().hex}.draft"
        with draft.open("wb", buffering=0) as file:
            os.writev(file.fileno(), [picture.head, picture.shared])
            os.fsync(file.fileno())
        draft.rename(folder / uuid4().hex)
        if flush_folder:
            handle = os.open(folder, os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)

    def accept(pictures: Sequence[Picture]) -> object:
        return share_out(pictures, [write] * CLIENTS)

    return Contender(name, accept, lambda: {"api": time.process_time()}, folder)


def compare(
    everybody: Sequence[Contender], base: bytes, files: int, rounds: int
) -> dict[str, list[dict[str, float]]]:
    """Let everybody accept *files* files a round, after a few to warm up."""
    figures: dict[str, list[dict[str, float]]] = {one.name: [] for one in everybody}
    for one in everybody:
        one.measure(list(islice(different(base), 2 * CLIENTS)))
    for one in interleaved(everybody, rounds):
        figures[one.name].append(one.measure(list(islice(different(base), files))))
    return figures


def told(title: str, figures: dict[str, list[dict[str, float]]]) -> str:
    """Medians of the rounds, in milliseconds of processor time for each file."""
    head = ["", "files/s", "CPU ms/file", *PARTS]
    rows = [
        [name, median(each, "rate"), median(each, "total"), *(median(each, p) for p in PARTS)]
        for name, each in figures.items()
    ]
    return f"### {title}\n\n{table(head, rows)}\n"


def bars(figures: dict[str, list[dict[str, float]]]) -> str:
    """What was promised, and what this run shows."""
    ours = median(figures[OURS], "total")
    rate = median(figures[OURS], "rate")
    rows: list[list[object]] = [
        [f"CPU of {OURS} beside {peer}", ours / median(figures[peer], "total"), bar]
        for peer, bar in ((PLAIN, "at most 0.7"), (WITH_ROW, "at most 0.7"), (STREAM, ""))
    ]
    rows += [
        [f"rate of {OURS} beside {peer}", rate / median(figures[peer], "rate"), bar]
        for peer, bar in ((BARE, "at least 0.6"), (BARE_NAMED, ""), (WITH_ROW, ""))
    ]
    return table(["", "ratio", "bar"], [["CPU ms/file", ours, "at most 10 at 4 MB"], *rows]) + "\n"


def with_worker(work: Path, sizes: Sequence[tuple[str, bytes, int]]) -> tuple[str, dict[str, Any]]:
    """Once more with the worker on, which decodes every file while others arrive."""
    figures: dict[str, Any] = {}
    with calotype(work / "busy") as server:
        busy = our_own("calotype, worker on", server, work / "busy")
        texts = []
        for title, base, files in sizes:
            found = compare([busy], base, files, 1)
            figures[title] = found
            texts.append(told(f"{title}, worker on", found))
    return "\n".join(texts), figures


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--work", type=Path, help="a folder on the disk to be measured")
    options.add_argument("--rounds", type=int, default=4)
    options.add_argument("--small", type=int, default=1000, help="files of 200 kB a round")
    options.add_argument("--large", type=int, default=200, help="files of 4 MB a round")
    options.add_argument("--name", default="ingest", help="what the results are called")
    chosen = options.parse_args()
    sizes = [
        ("4 MB", noise_jpeg(4_000_000), chosen.large),
        ("200 kB", noise_jpeg(200_000), chosen.small),
    ]
    with tempfile.TemporaryDirectory(dir=chosen.work) as folder:
        texts, figures = [], {}
        with contenders(Path(folder)) as everybody:
            for title, base, files in sizes:
                figures[title] = compare(everybody, base, files, chosen.rounds)
                texts += [
                    told(f"{title} ({len(base):,} bytes), {files} files a round", figures[title]),
                    bars(figures[title]),
                ]
        text, figures["worker on"] = with_worker(Path(folder), sizes)
        record(chosen.name, "\n".join([*texts, text]), {"figures": figures})


if __name__ == "__main__":
    main()
