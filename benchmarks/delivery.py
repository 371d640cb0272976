"""Requests for one 30 kB original, beside nginx and an application that answers from memory."""

import argparse
import re
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.pictures import different, noise_jpeg
from benchmarks.reporting import interleaved, median, record, table
from benchmarks.sending import CLIENTS, Target, send_all
from benchmarks.serving import KEY, Served, calotype, granian, nginx


@dataclass(frozen=True)
class Address:
    """Where one server has the file."""

    name: str
    server: Served
    path: str

    def measure(self, seconds: int) -> dict[str, float]:
        before = self.server.cpu_seconds()
        said = subprocess.run(
            ["wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds}s", "--latency", self.url],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        assert not re.search("Non-2xx|Socket errors", said), said
        requests = int(_found(r"(\d+) requests in", said))
        used = self.server.cpu_seconds()
        each = {part: 1e6 * (used[part] - before[part]) / requests for part in used}
        rate = float(_found(r"Requests/sec:\s+([\d.]+)", said))
        return {**each, "total": sum(each.values()), "rate": rate}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}{self.path}"


def _found(pattern: str, said: str) -> str:
    match = re.search(pattern, said)
    assert match is not None, said
    return match[1]


@contextmanager
def addresses(work: Path, base: bytes) -> Generator[list[Address]]:
    """Every server with the same file, at every address that it has for it."""
    picture = next(different(base))
    public = work / "public"
    public.mkdir()
    (public / "a.jpg").write_bytes(picture.head + picture.shared)
    peer = {"FOLDER": str(public)}
    with ExitStack() as stack:
        ours = stack.enter_context(calotype(work / "ours", "--no-worker"))
        target = Target(ours.port, "/api/media", key=KEY, fields={"visibility": "public"})
        answer = send_all(target, [picture], clients=1)[0]
        legacy = answer["metadata"] if "original_url" in answer.get("metadata", {}) else answer
        yield [
            Address("calotype, stable", ours, urlsplit(answer["url"]).path),
            Address("calotype, immutable", ours, urlsplit(legacy["original_url"]).path),
            Address("nginx", stack.enter_context(nginx(public)), "/a.jpg"),
            Address("raw ASGI from memory", stack.enter_context(granian("memory", peer)), "/a.jpg"),
            Address("FastAPI FileResponse", stack.enter_context(granian("files", peer)), "/a.jpg"),
        ]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--work", type=Path, help="a folder on the disk to be measured")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=2)
    chosen = options.parse_args()
    base = noise_jpeg(30_000)
    with tempfile.TemporaryDirectory(dir=chosen.work) as folder:
        Path(folder).chmod(0o755)
        with addresses(Path(folder), base) as everybody:
            figures = {one.name: [] for one in everybody}
            for one in everybody:
                one.measure(1)
            for one in interleaved(everybody, chosen.rounds):
                figures[one.name].append(one.measure(chosen.seconds))
    names = ("rate", "total", "api", "postgres")
    rows = [[name, *(median(each, part) for part in names)] for name, each in figures.items()]
    head = [f"{len(base):,} bytes, {CLIENTS} clients", "requests/s", "CPU µs/request", *names[2:]]
    record("delivery", table(head, rows) + "\n", {"figures": figures})


if __name__ == "__main__":
    main()
