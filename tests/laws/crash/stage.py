"""A stage: one house over one database and one folder, emptied, shut and opened again at will."""

import asyncio
import shutil
import struct
import zlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psycopg

from calotype.app import House, _furnish
from calotype.database import Caller, Database
from calotype.delivery import Wanted
from calotype.digest import Digest
from calotype.http import Received
from calotype.imaging import Pixels
from calotype.library import Description, Media
from calotype.originals import Finding, Level, Subset
from calotype.settings import Settings
from calotype.storage import Objects, Spool, open_objects
from tests.conftest import Cluster
from tests.laws.crash.boundaries import Watch, WatchedDatabase, WatchedObjects

_EMPTIED = (
    "journal", "duplicates", "decisions", "aliases", "duplicate_rules", "idempotency_keys",
    "uploads", "media", "original_references", "originals", "renditions", "tombstones",
    "stray_objects", "original_stats", "original_stat_changes", "sweeps",
    "procrastinate.procrastinate_events", "procrastinate.procrastinate_jobs",
)  # fmt: skip

_TIMES = {
    "originals": ("created_at", "changed_at", "verified_at", "lease_expires_at"),
    "original_references": ("lease_expires_at",),
    "renditions": ("created_at", "changed_at", "lease_expires_at"),
    "media": ("created_at", "deleted_at"),
    "stray_objects": ("first_seen_at", "last_seen_at"),
    "idempotency_keys": ("expires_at",),
    "sweeps": ("started_at",),
}

Wrap = Callable[[Objects], Objects]


class Stage:
    """Everything is real; only the boundaries are watched, and the owner may move the clock.

    The neighbour is a second house over the same rows and bytes, which nobody watches.
    """

    def __init__(
        self, cluster: Cluster, folder: Path, database: Database, pixels: Pixels, wrap: Wrap
    ) -> None:
        self.cluster = cluster
        self.folder = folder
        self.watch = Watch()
        self.owner = connect_owner(cluster.owner_url)
        self.objects: Objects
        self.house: House
        self._database = database
        self._pixels = pixels
        self._wrap = wrap
        self.objects_folder = folder / "objects"
        self._is_open = False

    async def open(self) -> None:
        """Build the house as a new process would: nothing is remembered but rows and bytes."""
        self.watch.forget()
        self.objects = open_objects(self.objects_folder.as_uri())
        database = WatchedDatabase(
            self._database.pool, self._database.separate_roles, watch=self.watch
        )
        self.house = self._furnished(database, WatchedObjects(self._wrap(self.objects), self.watch))
        self.neighbour = self._furnished(self._database, self.objects)
        self._is_open = True
        tenants = self.neighbour.accounts.tenants
        self.editor, self.stranger = [
            Caller(role="editor", tenant=await tenants.ensure(slug), person=UUID(int=1))
            for slug in ("default", "other")
        ]

    def _furnished(self, database: Database, objects: Objects) -> House:
        settings = Settings(
            data=self.folder, service_key="service", secret_keys=("a secret key",),
            orphan_grace="0h", _env_file=None,
        )  # fmt: skip
        spool = Spool(self.folder / "spool")
        return _furnish(settings, database, objects, self._pixels, self._pixels, spool)

    async def shut(self) -> None:
        if self._is_open:
            await self.house.renditions.close()
            await self.neighbour.renditions.close()
            await self.objects.close()
            await self.house.accounts.close()
            await self.neighbour.accounts.close()
            self._is_open = False

    async def restart(self) -> None:
        await self.shut()
        await self.open()

    async def empty(self) -> None:
        """Begin anew: no rows, no bytes, two tenants."""
        await self.shut()
        for table in _EMPTIED:
            self.owner.execute(f"delete from {table}")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.objects_folder.mkdir(parents=True)
        await self.open()
        await self.house.sweeper.ensure_epoch()
        self.watch.forget()

    def pass_time(self, hours: float) -> None:
        """Move everything that happened into the past, but what is being changed just now."""
        for table, columns in _TIMES.items():
            changes = ", ".join(
                f"{column} = {column} - make_interval(secs => %(seconds)s)" for column in columns
            )
            self.owner.execute(
                f"update {table} set {changes} where ctid = any(array("
                f"select ctid from {table} for update skip locked))",
                {"seconds": hours * 3600},
            )

    def arrive(self, data: bytes) -> Received:
        """Lay bytes into the spool, as the door does."""
        file = self.house.uploads.spool.new_path()
        file.write_bytes(data)
        return Received(file, Digest.of(data), len(data), "arrival.jpg", {})

    async def upload(
        self, data: bytes, *, key: str | None = None, caller: Caller | None = None,
        house: House | None = None,
    ) -> UUID:  # fmt: skip
        answer = await (house or self.house).uploads.receive(
            caller or self.editor, self.arrive(data), Description(name="arrival"), key=key,
            show=show,
        )  # fmt: skip
        return UUID(answer.body["id"])

    async def delete(self, media: UUID, caller: Caller | None = None) -> None:
        async with self.house.database.transaction(caller or self.editor) as tx:
            await self.house.library.delete(tx, media)

    async def restore(self, media: UUID, caller: Caller | None = None) -> None:
        async with self.house.database.transaction(caller or self.editor) as tx:
            await self.house.library.restore(tx, media)

    async def delete_at_once(self, media: UUID, caller: Caller | None = None) -> None:
        """Delete as an installation does that keeps no trash."""
        async with self.house.database.transaction(caller or self.editor) as tx:
            await replace(self.house.library, trash_days=0).delete(tx, media)

    def list_media(self) -> list[UUID]:
        return [row[0] for row in self.ask("select id from media order by id")]

    def flip_a_bit(self, original: UUID | None = None) -> None:
        """Damage stored bytes where they lie; of all originals if none is named."""
        keys = self.ask(
            "select object_key from originals where state = 'live' and (id = %s or %s::uuid is null)",
            original, original,
        )  # fmt: skip
        for (key,) in keys:
            file = self.objects_folder / key
            data = file.read_bytes()
            middle = len(data) // 2
            file.write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])

    async def empty_trash(self) -> None:
        """Let go of all that is in the trash, however long it has been there."""
        self.owner.execute("update media set deleted_at = deleted_at - interval '31 days'")
        await self.house.library.empty_trash()

    async def serve(self, media: UUID, caller: Caller | None = None) -> bytes:
        """Read a picture as delivery would send it to its owner."""
        wanted = Wanted(path=f"/m/{media}", media=media)
        delivery = await self.house.deliveries.find(caller or self.editor, wanted)
        return b"".join([piece async for piece in self.objects.read(delivery.object_key)])

    async def findings(self, level: Level = "head") -> list[Finding]:
        return [finding async for finding in self.house.doctor.examine(level, Subset())]

    def ask(self, query: str, *values: object) -> list[tuple]:
        """Ask as the owner, who sees the rows of all tenants."""
        return self.owner.execute(query, values).fetchall()

    async def stored_keys(self) -> set[str]:
        return await self._keys("o")

    async def rendition_keys(self) -> set[str]:
        return await self._keys("r")

    async def _keys(self, folder: str) -> set[str]:
        return {found.key async for page in self.objects.list_pages(folder) for found in page}


def picture(seed: int, twist: int = 0) -> bytes:
    """A small grey PNG; another twist changes one pixel of it."""
    lines = [
        bytes([0, *((seed * 37 + x * 5 + y * 11) % 256 for x in range(24))]) for y in range(16)
    ]
    lines[0] = bytes([0, twist]) + lines[0][2:]
    header = struct.pack(">IIBBBBB", 24, 16, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(lines))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )


def show(media: Media, known: object) -> dict[str, object]:
    return {"id": str(media.id), "deduplicated": known}


def connect_owner(url: str) -> psycopg.Connection:
    connection = psycopg.connect(url, autocommit=True)
    connection.execute("set search_path = calotype, procrastinate, public")
    connection.execute("select set_config('calotype.role', 'system', false)")
    return connection


@asynccontextmanager
async def staged(
    cluster: Cluster, folder: Path, *, wrap: Wrap = lambda objects: objects, connections: int = 6
) -> AsyncGenerator[Stage]:
    database = await Database.connect(cluster.login_url, connections=connections)
    pixels = Pixels(1)
    stage = Stage(cluster, folder, database, pixels, wrap)
    try:
        yield stage
    finally:
        await stage.shut()
        await asyncio.to_thread(stage.owner.close)
        await pixels.close()
        await database.close()
