"""What it costs to send a picture that was sent before, beside nginx and bare handlers."""

import argparse
import json
import random
import subprocess
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import urlsplit

import psycopg

from benchmarks.fetching import Address, fetch, fetch_all, wait_until
from benchmarks.pictures import different, noise_jpeg
from benchmarks.reporting import interleaved, median, record, table
from benchmarks.sending import Target, send_all
from benchmarks.serving import KEY, Served, calotype, granian, in_front_of, nginx
from calotype.database import embedded

_MANY_CLIENTS = 64
_STATISTICS_SECONDS = 3
"""After so long PostgreSQL has counted everything."""
_PRESETS = ("thumbnail", "small", "medium", "large")
_FORMATS = ("avif", "webp", "jpeg")


def add(server: Served, pictures: Sequence[Any], visibility: str) -> list[dict[str, Any]]:
    """Send pictures and wait until they may be shown."""
    target = Target(server.port, "/api/media", key=KEY, fields={"visibility": visibility})
    return [_ready(server, media["id"]) for media in send_all(target, pictures)]


def _ready(server: Served, media: str) -> dict[str, Any]:
    def look() -> dict[str, Any]:
        _, body = fetch(server.port, f"/api/media/{media}", Authorization=f"Bearer {KEY}")
        return json.loads(body)

    wait_until(lambda: look()["state"] == "ready", "a look at what was sent")
    return look()


def path_of(media: dict[str, Any], preset: str, kind: str) -> str:
    parts = urlsplit(media["variants"][preset][kind])
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


@contextmanager
def addresses(work: Path, base: bytes) -> Generator[list[Address]]:
    """Everybody with the same bytes: ours are made first, the peers get a copy."""
    public = work / "public"
    public.mkdir()
    with ExitStack() as stack:
        alone = stack.enter_context(calotype(work / "alone"))
        behind = stack.enter_context(calotype(work / "behind", CALOTYPE_ACCEL="nginx"))
        front = stack.enter_context(in_front_of(behind, work / "front"))
        seen = add(alone, [next(different(base))], "public")[0]
        hidden = add(behind, [next(different(base))], "private")[0]
        shown = add(behind, [next(different(base))], "public")[0]
        webp = path_of(seen, "large", "webp")
        (public / "a.webp").write_bytes(fetch(alone.port, webp)[1])
        peer = {"FOLDER": str(public)}
        bare = stack.enter_context(granian("handed_over", peer))
        static = stack.enter_context(nginx(public, bare))
        memory = stack.enter_context(granian("memory", peer))
        files = stack.enter_context(granian("files", peer))
        yield [
            Address("calotype", webp, (alone,)),
            Address("calotype, stable and negotiated", f"/m/{seen['id']}/large", (alone,)),
            Address("calotype, signed", path_of(_hidden(alone, base), "large", "webp"), (alone,)),
            Address("behind nginx, signed", path_of(hidden, "large", "webp"), (front, behind)),
            Address("behind nginx, cached", path_of(shown, "large", "webp"), (front, behind)),
            Address("nginx", "/a.webp", (static,)),
            Address("nginx and a bare X-Accel-Redirect", "/asked/a.webp", (static, bare)),
            Address("raw ASGI from memory", "/a.webp", (memory,)),
            Address("FastAPI FileResponse", "/a.webp", (files,)),
        ]


def _hidden(server: Served, base: bytes) -> dict[str, Any]:
    return add(server, [next(different(base))], "private")[0]


def lookups(server: Served) -> int:
    """How often PostgreSQL was asked for an address: nothing else uses the index of tokens."""
    return _asked(
        server, "select idx_scan from pg_stat_user_indexes where indexrelname = 'media_token_key'"
    )


def transactions(server: Served) -> int:
    """All transactions, also those that make renditions and those of the worker."""
    return _asked(server, "select sum(xact_commit + xact_rollback) from pg_stat_database")


def _asked(server: Served, query: LiteralString) -> int:
    assert server.database is not None
    with embedded(server.database) as urls, psycopg.connect(urls.owner_url) as connection:
        found = connection.execute(query).fetchone()
    return int(found[0])


def replay(work: Path, base: bytes, pictures: int, requests: int) -> dict[str, float]:
    """A skewed choice among many pictures, through nginx: what reaches PostgreSQL?"""
    with (
        calotype(work / "replayed", CALOTYPE_ACCEL="nginx") as behind,
        in_front_of(behind, work / "replayed-front") as front,
    ):
        added = add(behind, list(islice(different(base), pictures)), "public")
        paths = [
            path_of(m, preset, kind) for m in added for preset in _PRESETS for kind in _FORMATS
        ]
        weights = [1 / (1 + rank // (len(_PRESETS) * len(_FORMATS))) for rank in range(len(paths))]
        chosen = random.Random(1).choices(paths, weights, k=requests)
        before, held = transactions(behind), behind.resident_bytes()["api"]
        looked_up = lookups(behind)
        milliseconds = fetch_all(front.port, chosen)
        time.sleep(_STATISTICS_SECONDS)
        reached, after = lookups(behind) - looked_up, transactions(behind)
        first = behind.resident_bytes()["api"]
        fetch_all(behind.port, chosen)
        last = behind.resident_bytes()["api"]
    return {
        "requests": requests,
        "addresses": len(set(chosen)),
        "requests that reach PostgreSQL": reached,
        "share": reached / requests,
        "transactions, making renditions included": after - before,
        "p99": sorted(milliseconds)[int(0.99 * requests)],
        "MB before": held / 1e6,
        "MB after": first / 1e6,
        "MB after as many without nginx": last / 1e6,
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--work", type=Path, help="a folder on the disk to be measured")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=2)
    options.add_argument("--requests", type=int, default=100_000, help="of the replay")
    options.add_argument("--pictures", type=int, default=300, help="of the replay")
    chosen = options.parse_args()
    subprocess.run(["wrk", "-v"], capture_output=True, check=False)
    base = noise_jpeg(35_000)
    with tempfile.TemporaryDirectory(dir=chosen.work) as folder:
        work = Path(folder)
        work.chmod(0o755)
        with addresses(work, base) as everybody:
            size = len(fetch(everybody[0].servers[0].port, everybody[0].path)[1])
            figures: dict[str, list[dict[str, float]]] = {one.name: [] for one in everybody}
            for one in everybody:
                one.measure(1)
            for one in interleaved(everybody, chosen.rounds):
                figures[one.name].append(one.measure(chosen.seconds))
            crowd = {one.name: one.measure(chosen.seconds, _MANY_CLIENTS) for one in everybody}
        replayed = replay(work, noise_jpeg(20_000), chosen.pictures, chosen.requests)
    rows = [
        [name, *(median(each, part) for part in ("rate", "total", "p99")), crowd[name]["p99"]]
        for name, each in figures.items()
    ]
    head = [f"{size:,} bytes, 8 clients", "requests/s", "CPU µs/request", "p99 ms",
            f"p99 ms, {_MANY_CLIENTS} clients"]  # fmt: skip
    told = table(head, rows) + "\n\n" + table(["replay", ""], list(replayed.items())) + "\n"
    record("delivery", told, {"figures": figures, "crowd": crowd, "replay": replayed})


if __name__ == "__main__":
    main()
