"""The composition root: builds every tool and slice once, from settings."""

import asyncio
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from calotype.accounts import Accounts, Issuer
from calotype.accounts.routes import SessionCookie
from calotype.accounts.tasks import tidy_task
from calotype.connectors import fetch_key_set
from calotype.database import (
    DATABASE_CHECKS,
    SYSTEM,
    Database,
    Embedded,
    Part,
    SchemaBehind,
    Transaction,
    embedded,
    own_part,
    rows,
)
from calotype.delivery import Deliveries, HotAnswers, Lookups
from calotype.http import Idempotency
from calotype.imaging import ALLOWED_LOADERS, Pixels
from calotype.jobs import JOB_CHECKS, Jobs, Task, procrastinate_part
from calotype.journal import Journal, Release, Undoing
from calotype.journal.tasks import journal_task
from calotype.library import LIBRARY_CHECKS, Addresses, Library
from calotype.library.tasks import library_tasks
from calotype.originals import (
    ORIGINAL_CHECKS,
    ORIGINALS,
    Check,
    Doctor,
    Finding,
    Keeping,
    Originals,
    Probe,
    Scrubber,
    Sweeper,
)
from calotype.originals.tasks import originals_tasks
from calotype.renditions import (
    KEY_SPACE,
    RENDITION_CHECKS,
    RENDITION_MISSING,
    Making,
    Renditions,
    Upkeep,
)
from calotype.renditions.tasks import renditions_tasks
from calotype.review import (
    REVIEW_CHECKS,
    Checking,
    Compare,
    Comparing,
    Queue,
    Rules,
    Settling,
)
from calotype.review.tasks import review_tasks
from calotype.settings import Settings
from calotype.similarity import SIMILARITY_CHECKS, Similarity
from calotype.similarity.tasks import similarity_tasks
from calotype.storage import Objects, Spool, open_objects
from calotype.uploads import UPLOAD_CHECKS, Uploads
from calotype.uploads.tasks import uploads_tasks

LOADERS_DIFFER = Check(
    code="loaders-differ",
    severity="danger",
    message="This decoder is allowed or missing by mistake.",
)
ALL_CHECKS = (
    *DATABASE_CHECKS, *ORIGINAL_CHECKS, *RENDITION_CHECKS, *SIMILARITY_CHECKS, *LIBRARY_CHECKS,
    *REVIEW_CHECKS, *UPLOAD_CHECKS, *JOB_CHECKS,
)  # fmt: skip
_STRAY_DAYS = 1.0


@dataclass(frozen=True, slots=True)
class Urls:
    """How the database is reached: to migrate, to work, and past a pooler."""

    owner: str
    login: str
    direct: str
    server: Embedded | None = None


@contextmanager
def database_urls(settings: Settings) -> Generator[Urls]:
    """Point at the database of the settings, or have one of one's own for the block."""
    if settings.database_url is not None:
        login = settings.database_url
        owner = settings.database_owner_url or login
        yield Urls(owner, login, settings.database_direct_url or login)
        return
    with embedded((settings.data / "postgres").resolve()) as server:
        yield Urls(server.owner_url, server.login_url, server.login_url, server)


def parts() -> list[Part]:
    """Every PostgreSQL schema that calotype needs."""
    return [own_part(), procrastinate_part()]


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything that was built, for the doors to use."""

    settings: Settings
    database: Database
    objects: Objects
    accounts: Accounts
    addresses: Addresses
    idempotency: Idempotency
    originals: Originals
    sweeper: Sweeper
    scrubber: Scrubber
    doctor: Doctor
    renditions: Renditions
    upkeep: Upkeep
    library: Library
    similarity: Similarity
    journal: Journal
    undoing: Undoing
    checking: Checking
    comparing: Comparing
    queue: Queue
    settling: Settling
    rules: Rules
    uploads: Uploads
    deliveries: Deliveries
    hot: HotAnswers

    @property
    def by_kind(self) -> dict[type[Any], Any]:
        """What routes may ask for."""
        provided = (
            self.settings, self.database, self.accounts, self.addresses, self.idempotency,
            self.originals, self.renditions, self.library, self.uploads, self.deliveries, self.hot,
            self.journal, self.undoing, self.checking, self.comparing, self.queue, self.settling,
            self.rules,
            SessionCookie(secure=self.settings.public_url.startswith("https:")),
        )  # fmt: skip
        return {type(part): part for part in provided} | {Objects: self.objects}

    @property
    def tasks(self) -> list[Task[Any]]:
        return [
            *originals_tasks(self.sweeper, self.scrubber),
            *renditions_tasks(self.renditions, self.upkeep),
            *library_tasks(self.library),
            *uploads_tasks(self.uploads),
            *similarity_tasks(self.similarity),
            *review_tasks(self.comparing, self.rules),
            journal_task(self.undoing),
            tidy_task(self.accounts),
        ]


@asynccontextmanager
async def build(
    settings: Settings, login_url: str, *, connections: int, children: int = 1
) -> AsyncGenerator[House]:
    """Build the house for the block; take it down in the opposite order."""
    async with AsyncExitStack() as stack:
        database = await Database.connect(
            login_url, connections=connections, prepares=settings.database_url is None
        )
        stack.push_async_callback(database.close)
        await check_schema(database)
        objects = await asyncio.to_thread(open_objects, settings.objects_url)
        stack.push_async_callback(objects.close)
        readers, decoders = Pixels(children), Pixels(children)
        stack.push_async_callback(readers.close)
        stack.push_async_callback(decoders.close)
        spool = await asyncio.to_thread(Spool, settings.data / "spool")
        house = _furnish(settings, database, objects, readers, decoders, spool)
        stack.push_async_callback(house.accounts.close)
        stack.push_async_callback(house.renditions.close)
        yield house


def _furnish(
    settings: Settings,
    database: Database,
    objects: Objects,
    readers: Pixels,
    decoders: Pixels,
    spool: Spool,
) -> House:
    keys = settings.signing_keys
    accounts = Accounts(
        database, secret_keys=keys, service_key=settings.service_key, issuer=_issuer(settings)
    )
    originals = Originals(Keeping(database, objects))
    grace = int(settings.orphan_grace.total_seconds())
    sweeper = Sweeper(
        database, objects, grace_seconds=grace, stray_days=_STRAY_DAYS,
        key_spaces=(ORIGINALS, KEY_SPACE),
    )  # fmt: skip
    scrubber = Scrubber(database, objects)
    jobs = Jobs.to_defer()
    making = Making(
        database=database, objects=objects, pixels=decoders, spool=spool, jobs=jobs
    )  # fmt: skip
    renditions = Renditions(
        database=database, originals=originals, making=making, jobs=jobs,
        presets=settings.presets, eager=settings.renditions == "eager",
    )  # fmt: skip
    upkeep = Upkeep(database, objects, sweeper)
    library = Library(database, originals, trash_days=settings.trash_days)
    addresses = Addresses(keys, settings.public_url.rstrip("/"), settings.presets)
    idempotency = Idempotency(database)
    similarity = Similarity(
        database=database, objects=objects, originals=originals, decoders=decoders, jobs=jobs,
        spool=spool, afterwards=Compare,
    )  # fmt: skip
    journal = Journal(settings.trash_days)
    comparing = Comparing(
        database=database, objects=objects, spool=spool, similarity=similarity, decoders=decoders,
        jobs=jobs, near_distance=settings.near_distance,
    )  # fmt: skip
    checking = Checking(
        database=database, originals=originals, library=library, similarity=similarity,
        comparing=comparing, readers=readers, decoders=decoders, spool=spool,
        limit_bytes=settings.max_upload,
    )  # fmt: skip
    settling = Settling(originals=originals, library=library, journal=journal)
    uploads = Uploads(
        database=database, objects=objects, originals=originals, library=library,
        idempotency=idempotency, renditions=renditions, readers=readers, decoders=decoders,
        jobs=jobs, spool=spool, limit_bytes=settings.max_upload,
    )  # fmt: skip
    probes = (
        Probe(check=LOADERS_DIFFER, look=lambda: _check_loaders(decoders)),
        Probe(check=RENDITION_MISSING, look=upkeep.look, level="head", repair=upkeep.forget_lost),
    )
    doctor = Doctor(database, sweeper, scrubber, ALL_CHECKS, probes)
    return House(
        settings=settings, database=database, objects=objects, accounts=accounts,
        addresses=addresses, idempotency=idempotency, originals=originals, sweeper=sweeper,
        scrubber=scrubber, doctor=doctor, renditions=renditions, upkeep=upkeep, library=library,
        uploads=uploads, similarity=similarity,
        deliveries=_deliveries(settings, database, addresses, objects, renditions),
        hot=HotAnswers(settings.hot_memory),
        journal=journal, undoing=Undoing(database, journal, settling.inverses, _let_go(originals)),
        checking=checking, comparing=comparing, settling=settling,
        queue=Queue(library=library, similarity=similarity, comparing=comparing),
        rules=Rules(database=database, settling=settling, jobs=jobs),
    )  # fmt: skip


def _deliveries(
    settings: Settings,
    database: Database,
    addresses: Addresses,
    objects: Objects,
    renditions: Renditions,
) -> Deliveries:
    in_folder = objects.local_path("o") is not None
    return Deliveries(
        lookups=Lookups(database), addresses=addresses, renditions=renditions,
        presets={preset.name: preset for preset in renditions.presets},
        is_proxied=settings.accel == "nginx" and in_folder,
    )  # fmt: skip


async def check_schema(database: Database) -> None:
    """Refuse a database that lacks what this program needs."""
    needed = {(p.schema, m.name) for p in parts() for m in p.migrations if m.phase == "before"}
    async with database.snapshot(SYSTEM) as snapshot:
        applied = await rows(
            snapshot, _Applied,
            "select part, name from calotype.migrations where to_regclass('calotype.media')"
            " is not null", {},
        )  # fmt: skip
    if needed - {(row.part, row.name) for row in applied}:
        raise SchemaBehind


@dataclass(frozen=True, slots=True)
class _Applied:
    part: str
    name: str


def _let_go(originals: Originals) -> Release:
    """The journal lies below originals, so it is told how what it holds is released."""

    async def release(tx: Transaction, entries: Sequence[UUID]) -> int:
        return await originals.release(tx, "journal", entries)

    return release


def _issuer(settings: Settings) -> Issuer | None:
    url = settings.jwks_url
    if url is None:
        return None
    return Issuer(
        name=settings.jwt_issuer, audience=settings.jwt_audience,
        fetch_jwks=lambda: fetch_key_set(url),
    )  # fmt: skip


async def _check_loaders(pixels: Pixels) -> Sequence[Finding]:
    """Ask a child which formats it would decode."""
    found = set((await pixels.isolation()).loaders)
    return [LOADERS_DIFFER.found(loader) for loader in sorted(found ^ set(ALLOWED_LOADERS))]
