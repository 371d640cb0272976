"""What a picture costs that nobody has asked for before: photographs as AVIF, 1200 px wide."""

import argparse
import statistics
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.delivery import add, path_of
from benchmarks.fetching import fetch, fetch_all, wait_until
from benchmarks.pictures import Picture, different
from benchmarks.reporting import interleaved, median, record, table
from benchmarks.serving import Served, calotype, ipx, thumbor

_WIDTH = 1200
_QUIET_SECONDS = 2.0


@dataclass(frozen=True)
class Contender:
    """Somebody who makes pictures smaller; `prepare` tells where, and makes sure that it is new."""

    name: str
    server: Served
    prepare: Callable[[], list[str]]

    def measure(self, clients: int) -> dict[str, float]:
        paths = self.prepare()
        before = self.server.cpu_seconds()
        milliseconds = fetch_all(self.server.port, paths, clients)
        used = self.server.cpu_seconds() - before
        worker = used.pop("worker", 0.0)
        later = self._later() if worker or "calotype" in self.name else 0.0
        return {
            "cpu": 1000 * sum(used.values()) / len(paths),
            "worker": 1000 * (worker + later) / len(paths),
            "p50": statistics.median(milliseconds),
            "kB": sum(len(fetch(self.server.port, path)[1]) for path in paths) / len(paths) / 1000,
        }

    def _later(self) -> float:
        """What the worker does afterwards, until it rests."""
        before = self.server.cpu_seconds()["worker"]
        rest(self.server)
        return self.server.cpu_seconds()["worker"] - before


def rest(server: Served) -> None:
    """Wait until the worker has nothing left to do."""
    seen = Counter[str]()

    def is_quiet() -> bool:
        nonlocal seen
        last, seen = seen, server.cpu_seconds()
        return seen["worker"] - last["worker"] < 0.02 * _QUIET_SECONDS

    wait_until(is_quiet, "the end of the worker's work", every_seconds=_QUIET_SECONDS)


@contextmanager
def contenders(work: Path, photographs: Sequence[Path]) -> Generator[list[Contender]]:
    names = [file.name for file in photographs]
    with ExitStack() as stack:
        ours = stack.enter_context(calotype(work / "ours"))
        folder = photographs[0].parent
        node = stack.enter_context(ipx(folder))
        tornado = stack.enter_context(thumbor(folder, work))

        def send_anew() -> list[str]:
            """The same pictures with another comment are other originals."""
            sent = add(ours, [_anew(file) for file in photographs], "public")
            rest(ours)
            return [path_of(media, "large", "avif") for media in sent]

        yield [
            Contender("calotype", ours, send_anew),
            Contender("ipx", node, lambda: [f"/f_avif,w_{_WIDTH}/{name}" for name in names]),
            Contender(
                "thumbor", tornado,
                lambda: [f"/unsafe/{_WIDTH}x0/filters:format(avif)/{name}" for name in names],
            ),
        ]  # fmt: skip


def _anew(photograph: Path) -> Picture:
    return next(different(photograph.read_bytes()))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--photos", type=Path, required=True, help="a folder of JPEG photographs")
    options.add_argument("--work", type=Path, help="a folder on the disk to be measured")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--count", type=int, default=6, help="how many photographs")
    options.add_argument("--clients", type=int, default=1)
    chosen = options.parse_args()
    photographs = sorted(chosen.photos.resolve().glob("*.jpg"))[: chosen.count]
    with (
        tempfile.TemporaryDirectory(dir=chosen.work) as folder,
        contenders(Path(folder), photographs) as everybody,
    ):
        figures: dict[str, list[dict[str, float]]] = {one.name: [] for one in everybody}
        for one in interleaved(everybody, chosen.rounds):
            figures[one.name].append(one.measure(chosen.clients))
    parts = ("cpu", "worker", "p50", "kB")
    rows = [[name, *(median(each, part) for part in parts)] for name, each in figures.items()]
    head = [
        f"{len(photographs)} photographs, AVIF, {_WIDTH} px",
        "CPU ms",
        "CPU ms later",
        "p50 ms",
        "kB",
    ]
    record("cold", table(head, rows) + "\n", {"figures": figures})


if __name__ == "__main__":
    main()
