"""Everything within a distance among many hashes: calotype beside its peers, exact or not."""

import argparse
import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import types
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import psutil
import psycopg

from benchmarks.hashes import Hashes, random_hashes, real_hashes, turned
from benchmarks.reporting import interleaved, record, table
from calotype.app import parts
from calotype.database import (
    Caller,
    Database,
    Embedded,
    Snapshot,
    embedded,
    login_of,
    migrate,
    new_id,
    program,
)
from calotype.imaging import FINGERPRINT_ALGORITHM, Fingerprint
from calotype.similarity import Banded, Similarity, store
from calotype.similarity.banding import ORDER, bits_of, place_of

RADII = (5, 15, 31)
_TENANT = UUID(int=10)
_OURS = Caller("editor", _TENANT, UUID(int=1))
_FOUND = 10_000
_NEIGHBOURS = 100
_TREE_SIZE = 10_000

Find = Callable[[bytes, int, Snapshot], Awaitable[Sequence[int]]]


@dataclass
class Contender:
    """One way to find what is near."""

    name: str
    build_seconds: float
    find: Find
    server: psycopg.Connection | None = None
    cpu_seconds: dict[int, float] = field(default_factory=dict[int, float])
    milliseconds: dict[int, list[float]] = field(default_factory=dict[int, list[float]])
    found: dict[int, list[int]] = field(default_factory=dict[int, list[int]])

    async def ask(
        self, asked: Sequence[tuple[bytes, set[int]]], radius: int, snapshot: Snapshot
    ) -> None:
        """Ask everything once, and count the processor time of both sides."""
        pid = (self.server or snapshot.connection).info.backend_pid
        before = _cpu_seconds(pid)
        for wanted, true in asked:
            await self.measure(wanted, radius, true, snapshot)
        spent = self.cpu_seconds.get(radius, 0.0)
        self.cpu_seconds[radius] = spent + _cpu_seconds(pid) - before

    async def measure(self, wanted: bytes, radius: int, true: set[int], snapshot: Snapshot) -> None:
        started = time.perf_counter()
        found = await self.find(wanted, radius, snapshot)
        self.milliseconds.setdefault(radius, []).append(1e3 * (time.perf_counter() - started))
        tally = self.found.setdefault(radius, [0, 0])
        tally[0] += len(true & set(found))
        tally[1] += len(true)

    def row(self, kind: str, count: int, radius: int) -> list[object]:
        spent = np.array(self.milliseconds[radius])
        found, true = self.found[radius]
        middle, worst = np.percentile(spent, [50, 99])
        return [
            kind, f"{count:,}", radius, self.name, float(middle), float(worst),
            1e3 * self.cpu_seconds[radius] / len(spent), f"{found / max(true, 1):.3f}", self.build_seconds,
        ]  # fmt: skip


def _cpu_seconds(server_pid: int) -> float:
    times = psutil.Process(server_pid).cpu_times()
    return time.process_time() + times.user + times.system


@dataclass(frozen=True)
class Place:
    """A database, reached as its owner and as the app, and one beside it for pgvector."""

    owner: psycopg.Connection
    database: Database
    beside: psycopg.Connection


# ── calotype ──────────────────────────────────────────────────────────────────────────────────


def in_postgresql(owner: psycopg.Connection, hashes: Hashes) -> Contender:
    """As the app role under forced policies; a search is timed within its transaction."""
    started = time.perf_counter()
    fill(owner, hashes)
    built = time.perf_counter() - started

    async def find(wanted: bytes, radius: int, snapshot: Snapshot) -> list[int]:
        near = await store.list_near(snapshot, wanted, radius, _FOUND)
        return [each.original_id.int for each in near]

    return Contender("calotype, PostgreSQL", built, find)


def fill(owner: psycopg.Connection, hashes: Hashes) -> None:
    """Load the table as a restore would: rows first, then indexes."""
    owner.execute("truncate fingerprints cascade")
    owner.execute("alter table fingerprint_bands no force row level security")
    owner.execute(
        "alter table fingerprint_bands drop constraint fingerprint_bands_original_id_fkey"
    )
    indexes = owner.execute(
        "select indexname, indexdef from pg_indexes where tablename = 'fingerprint_bands'"
        " and indexname ~ '_[0-9]+$'"
    ).fetchall()
    for name, _ in indexes:
        owner.execute(f"drop index {name}")
    place = f"{place_of(_TENANT):016b}"
    bits = np.unpackbits(hashes, axis=1)[:, ORDER] + ord("0")
    into = "copy fingerprint_bands (original_id, scope_id, place, bits) from stdin"
    with owner.cursor().copy(into) as copy:
        for number, row in enumerate(bits):
            copy.write_row((UUID(int=number), _TENANT, place, row.tobytes().decode()))
    for _, definition in indexes:
        owner.execute(definition)
    owner.execute(
        "alter table fingerprint_bands add constraint fingerprint_bands_original_id_fkey"
        " foreign key (original_id) references fingerprints on delete cascade not valid"
    )
    owner.execute("alter table fingerprint_bands force row level security")
    owner.execute("vacuum analyze fingerprint_bands")


def in_memory(hashes: Hashes) -> Contender:
    started = time.perf_counter()
    banded = Banded.of(hashes)
    built = time.perf_counter() - started

    async def find(wanted: bytes, radius: int, _: Snapshot) -> list[int]:
        return banded.near(wanted, radius)[0].tolist()

    return Contender("calotype, memory", built, find)


async def insert(database: Database, count: int) -> dict[str, list[float]]:
    """Note new fingerprints, each committed: the row of the index, and all that belongs to it."""
    chance = np.random.default_rng(9)
    similarity: Any = Similarity.__new__(Similarity)
    spent: dict[str, list[float]] = {"index row": [], "whole fingerprint": []}
    for _ in range(count):
        original, fingerprint = new_id(), _fingerprint(chance)
        async with database.transaction(_OURS) as tx:
            await tx.connection.execute(
                "insert into originals (id, scope_id, digest, size_bytes, object_key, state,"
                " media_type, width, height) values (%s, %s, %s, 1, %s, 'live', '', 1, 1)",
                [original, _TENANT, original.bytes, str(original)],
            )
        started = time.perf_counter()
        async with database.transaction(_OURS) as tx:
            await similarity.note(tx, original, fingerprint)
        spent["whole fingerprint"].append(1e3 * (time.perf_counter() - started))
        async with database.transaction(_OURS) as tx:
            await store.remove_bands(tx, original)
        started = time.perf_counter()
        async with database.transaction(_OURS) as tx:
            await tx.connection.execute(
                "insert into fingerprint_bands (original_id, scope_id, place, bits)"
                " values (%s, %s, %s::bit(16), %s::bit(256))",
                [original, _TENANT, f"{place_of(_TENANT):016b}", bits_of(fingerprint.phash)],
            )
        spent["index row"].append(1e3 * (time.perf_counter() - started))
    return spent


def _fingerprint(chance: np.random.Generator) -> Fingerprint:
    return Fingerprint(
        algorithm=FINGERPRINT_ALGORITHM, width=640, height=480, phash=chance.bytes(32),
        dhash=chance.bytes(32), turned=tuple(chance.bytes(32) for _ in range(7)),
        tiles=tuple(chance.bytes(11) for _ in range(32)), small=chance.bytes(3072), quality=90,
        thumbhash=chance.bytes(20), colour=0,
    )  # fmt: skip


# ── Peers ─────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def other_server(folder: Path) -> Generator[psycopg.Connection]:
    """A PostgreSQL with the same settings whose superuser is let in, who alone may add pgvector."""
    user = "nobody" if os.geteuid() == 0 else None
    folder.mkdir()
    if user:
        shutil.chown(folder, user)
    data = str(folder / "data")
    options = ["-A", "trust", "-U", "postgres", "-N", "--locale=C.UTF-8"]
    subprocess.run(
        [program("initdb"), "-D", data, *options], user=user, check=True, stdout=subprocess.DEVNULL
    )
    settings = ["listen_addresses=", f"unix_socket_directories={folder}", "shared_buffers=128MB"]
    told = [word for setting in settings for word in ("-c", setting)]
    server = subprocess.Popen(
        [program("postgres"), "-D", data, *told], user=user, stderr=subprocess.DEVNULL
    )
    try:
        with _reached(folder) as connection:
            connection.execute("create extension vector")
            yield connection
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


def _reached(folder: Path) -> psycopg.Connection:
    url = f"host={folder} user=postgres dbname=postgres"
    for _ in range(50):
        try:
            return psycopg.connect(url, autocommit=True)
        except psycopg.OperationalError:
            time.sleep(0.2)
    return psycopg.connect(url, autocommit=True)


def pgvector(owner: psycopg.Connection, hashes: Hashes, ef: int) -> Contender:
    """HNSW by Hamming distance, without policies and roles; it gives a number of neighbours."""
    started = time.perf_counter()
    owner.execute("drop table if exists peer")
    owner.execute("create table peer (id integer, bits bit(256))")
    bits = np.unpackbits(hashes, axis=1) + ord("0")
    with owner.cursor().copy("copy peer from stdin") as copy:
        for number, row in enumerate(bits):
            copy.write_row((number, row.tobytes().decode()))
    owner.execute("set maintenance_work_mem = '2GB'")
    owner.execute("create index on peer using hnsw (bits bit_hamming_ops)")
    owner.execute("vacuum analyze peer")
    owner.execute(f"set hnsw.ef_search = {ef}")
    built = time.perf_counter() - started

    async def find(wanted: bytes, radius: int, _: Snapshot) -> list[int]:
        text = f"{int.from_bytes(wanted):0256b}"
        cursor = owner.execute(
            "select id from (select id, bits <~> %(bits)s::bit(256) as apart"
            f" from peer order by apart limit {_NEIGHBOURS}) as near"
            " where apart <= %(radius)s",
            {"bits": text, "radius": radius},
            prepare=True,
        )
        return [row[0] for row in cursor.fetchall()]

    return Contender(f"pgvector HNSW, ef {ef}", built, find, owner)


def faiss_flat(hashes: Hashes) -> Contender:
    import faiss  # noqa: PLC0415

    faiss.omp_set_num_threads(1)
    index = faiss.IndexBinaryFlat(256)
    started = time.perf_counter()
    index.add(hashes)
    built = time.perf_counter() - started

    async def find(wanted: bytes, radius: int, _: Snapshot) -> list[int]:
        query = np.frombuffer(wanted, np.uint8)[None]
        return index.range_search(query, radius + 1)[2].tolist()

    return Contender("FAISS flat", built, find)


def faiss_hashes(hashes: Hashes) -> Contender:
    """16 maps of 16 bits; beyond 15 each bit of a key is turned once, as ours are."""
    import faiss  # noqa: PLC0415

    index = faiss.IndexBinaryMultiHash(256, 16, 16)
    started = time.perf_counter()
    index.add(hashes)
    built = time.perf_counter() - started

    async def find(wanted: bytes, radius: int, _: Snapshot) -> list[int]:
        index.nflip = int(radius > 15)
        query = np.frombuffer(wanted, np.uint8)[None]
        return index.range_search(query, radius + 1)[2].tolist()

    return Contender("FAISS multi-hash", built, find)


def usearch(hashes: Hashes, expansion: int) -> Contender:
    from usearch.index import Index  # noqa: PLC0415

    index = Index(ndim=256, metric="hamming", dtype="b1", connectivity=16, expansion_add=64)
    started = time.perf_counter()
    index.add(np.arange(len(hashes)), hashes, threads=2)
    built = time.perf_counter() - started
    index.expansion_search = expansion

    async def find(wanted: bytes, radius: int, _: Snapshot) -> list[int]:
        near = index.search(np.frombuffer(wanted, np.uint8), _NEIGHBOURS)
        return near.keys[near.distances <= radius].tolist()

    return Contender(f"usearch HNSW, ef {expansion}", built, find)


def imagededup(hashes: Hashes) -> Contender:
    """Its tree, which needs none of the neural networks that the package imports."""
    for name in (
        "imagededup.utils.models",
        "imagededup.utils.data_generator",
        "imagededup.methods.cnn",
    ):
        stub: Any = types.ModuleType(name)
        for each in ("CustomModel", "MobilenetV3", "DEFAULT_MODEL_NAME", "img_dataloader", "CNN"):
            setattr(stub, each, object)
        sys.modules[name] = stub
    from imagededup.handlers.search.bktree import BKTree  # noqa: PLC0415

    started = time.perf_counter()
    numbers = {place: int.from_bytes(row.tobytes()) for place, row in enumerate(hashes)}
    tree = BKTree(numbers, lambda a, b: (a ^ b).bit_count())
    built = time.perf_counter() - started

    async def find(wanted: bytes, radius: int, _: Snapshot) -> list[int]:
        return [place for place, _ in tree.search(int.from_bytes(wanted), radius)]

    return Contender("imagededup BK-tree", built, find)


# ── The run ───────────────────────────────────────────────────────────────────────────────────


async def compare(
    database: Database, contenders: Sequence[Contender], hashes: Hashes, queries: int, rounds: int
) -> None:
    """The same questions for everybody, each with some bits turned in what is stored."""
    chance = np.random.default_rng(3)
    words = hashes.view(np.uint64)
    for radius in RADII:
        asked: list[tuple[bytes, set[int]]] = []
        for _ in range(queries):
            stored = hashes[int(chance.integers(len(hashes)))]
            wanted = turned(stored, int(chance.integers(radius + 1)), chance)
            apart = np.bitwise_count(words ^ wanted.view(np.uint64)).sum(axis=1)
            asked.append((wanted.tobytes(), set(np.flatnonzero(apart <= radius).tolist())))
        for one in interleaved(contenders, rounds):
            async with database.snapshot(_OURS) as snapshot:
                await one.ask(asked, radius, snapshot)


@asynccontextmanager
async def connected(owner_url: str, login_url: str, folder: Path) -> AsyncGenerator[Place]:
    """Reach a database as its owner, and as the app does."""
    database = await Database.connect(login_url, connections=2, prepares=True)
    with psycopg.connect(owner_url, autocommit=True) as owner, other_server(folder) as beside:
        owner.execute("set search_path = calotype, public")
        try:
            yield Place(owner, database, beside)
        finally:
            await database.close()


async def run(options: argparse.Namespace, server: Embedded, folder: Path) -> None:
    rows: list[list[object]] = []
    inserted: list[list[object]] = []
    async with connected(server.owner_url, server.login_url, folder) as place:
        for count in options.sizes:
            for kind in options.kinds:
                hashes = hashes_of(kind, count, options.photos)
                contenders = [in_postgresql(place.owner, hashes), in_memory(hashes)]
                contenders += peers(place.beside, hashes, options)
                await compare(place.database, contenders, hashes, options.queries, options.rounds)
                rows += [one.row(kind, count, radius) for radius in RADII for one in contenders]
                spent = await insert(place.database, options.inserts)
                inserted += [
                    [kind, f"{count:,}", what, *map(float, np.percentile(times, [50, 99]))]
                    for what, times in spent.items()
                ]
                keep(rows, inserted)


def hashes_of(kind: str, count: int, photos: Path) -> Hashes:
    chance = np.random.default_rng(7)
    return random_hashes(count, chance) if kind == "random" else real_hashes(photos, count, chance)


def peers(
    beside: psycopg.Connection, hashes: Hashes, options: argparse.Namespace
) -> list[Contender]:
    if options.alone:
        return []
    found = [faiss_flat(hashes), faiss_hashes(hashes)]
    if len(hashes) <= options.largest_graph:
        found += [usearch(hashes, 512), pgvector(beside, hashes, 200)]
    if len(hashes) <= _TREE_SIZE:
        found.append(imagededup(hashes))
    return found


def keep(rows: Sequence[Sequence[object]], inserted: Sequence[Sequence[object]]) -> None:
    head = ["hashes", "of", "radius", "index", "p50 ms", "p99 ms", "CPU ms", "recall", "build s"]
    told = table(head, rows) + "\n\n"
    told += table(["hashes", "of", "inserted with commit", "p50 ms", "p99 ms"], inserted)
    record("near_duplicates", told, {"searches": rows, "inserts": inserted})


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--photos", type=Path, help="a folder with photographs as JPEG")
    options.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    options.add_argument("--kinds", nargs="+", default=["random", "augmented"])
    options.add_argument("--queries", type=int, default=60)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--inserts", type=int, default=200)
    options.add_argument("--largest-graph", type=int, default=1_000_000)
    options.add_argument("--alone", action="store_true", help="without the peers")
    options.add_argument("--work", type=Path, help="a folder on the disk to be measured")
    chosen = options.parse_args()
    with (
        tempfile.TemporaryDirectory(dir=chosen.work) as folder,
        embedded(Path(folder) / "postgres") as server,
    ):
        Path(folder).chmod(0o755)
        migrate(
            server.owner_url, parts(), login=login_of(server.login_url), phases=("before", "after")
        )
        asyncio.run(run(chosen, server, Path(folder) / "beside"))


if __name__ == "__main__":
    main()
