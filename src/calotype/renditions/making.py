"""From claims to renditions: render, put, show; what cannot be finished is given up."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
from prometheus_client import Counter

from calotype.database import Caller, Database
from calotype.digest import Digest
from calotype.errors import Unavailable
from calotype.imaging import MOST_ORDERS, NotRendered, Outcome, Pixels, Rendered, Unreadable
from calotype.jobs import Jobs
from calotype.originals import Original
from calotype.renditions import store
from calotype.renditions.model import FORMATS, Claim, Format, Improve, Recipe, Rendition
from calotype.storage import Objects, Spool, disk_trouble

_NewPath = Callable[[], Path]
_Wish = tuple[Claim, Format]

log = structlog.get_logger()

_MADE = Counter(
    "calotype_renditions", "Renditions by the format asked for and what came of it.",
    ["format", "outcome"],
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What came of a claim in one format: a file in the spool, or why there is none."""

    claim: Claim
    form: Format
    file: Path
    outcome: Outcome
    trouble: str | None = None
    """Why the format that was asked for could not be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """Carries out claims."""

    database: Database
    objects: Objects
    pixels: Pixels
    spool: Spool
    jobs: Jobs

    async def make(
        self, caller: Caller, original: Original, claims: Sequence[Claim]
    ) -> list[Rendition]:
        """Make what was claimed, all sizes from one decode; return what is live now."""
        try:
            async with self._renewed(caller, claims):
                return await self._make(caller, original, claims)
        except BaseException:
            await asyncio.shield(self._give_up(caller, claims))
            raise

    async def _make(
        self, caller: Caller, original: Original, claims: Sequence[Claim]
    ) -> list[Rendition]:
        with disk_trouble(), self.spool.paths() as new_path:
            async with self.spool.at_hand(self.objects, original.object_key) as source:
                attempts = await self._render(source, new_path, claims)
            for attempt in attempts:
                await self._put(attempt)
        return await self._show(caller, original, attempts)

    async def _render(
        self, source: Path, new_path: _NewPath, claims: Sequence[Claim]
    ) -> list[_Attempt]:
        """Render all at once; a format that fails makes room for the one after it."""
        wishes: list[_Wish] = [(claim, claim.format) for claim in claims]
        attempts: list[_Attempt] = []
        for start in range(0, len(wishes), MOST_ORDERS):
            attempts += await self._attempt(source, new_path, wishes[start : start + MOST_ORDERS])
        return [await self._settle(source, new_path, attempt) for attempt in attempts]

    async def _attempt(
        self, source: Path, new_path: _NewPath, wishes: Sequence[_Wish]
    ) -> list[_Attempt]:
        orders = [Recipe.of_key(c.recipe).order(form, quick=c.quick) for c, form in wishes]
        into = [new_path() for _ in wishes]
        try:
            outcomes = await self.pixels.render(source, orders, into)
        except Unreadable as error:
            if len(wishes) > 1:
                # One of them may have taken the others down with it.
                alone = [await self._attempt(source, new_path, [wish]) for wish in wishes]
                return [attempt for attempts in alone for attempt in attempts]
            outcomes = [NotRendered(str(error))]
        return [
            _Attempt(*wish, file, outcome)
            for wish, file, outcome in zip(wishes, into, outcomes, strict=True)
        ]

    async def _settle(self, source: Path, new_path: _NewPath, first: _Attempt) -> _Attempt:
        """Fall back from format to format until one can be made."""
        attempt = first
        for form in FORMATS[FORMATS.index(first.form) + 1 :]:
            if isinstance(attempt.outcome, Rendered):
                break
            log.error(
                "renditions.format_failed", original=str(first.claim.original_id),
                format=attempt.form, reason=attempt.outcome.reason,
            )  # fmt: skip
            (attempt,) = await self._attempt(source, new_path, [(first.claim, form)])
        if isinstance(first.outcome, NotRendered):
            return replace(attempt, trouble=first.outcome.reason)
        return attempt

    async def _put(self, attempt: _Attempt) -> None:
        if isinstance(attempt.outcome, Rendered):
            digest = await asyncio.to_thread(_digest_of, attempt.file)
            await self.objects.put(
                attempt.claim.object_key, attempt.file,
                size_bytes=attempt.outcome.size_bytes, digest=digest,
            )  # fmt: skip

    async def _show(
        self, caller: Caller, original: Original, attempts: Sequence[_Attempt]
    ) -> list[Rendition]:
        """Make the rows live, now that the bytes are there; remember what could not be made."""
        shown: list[Rendition] = []
        async with self.database.transaction(caller, durable=False) as tx:
            await store.share_original(tx, original.id)
            for attempt in attempts:
                _MADE.labels(attempt.claim.format, _told(attempt)).inc()
                if isinstance(attempt.outcome, NotRendered):
                    await store.fail(tx, attempt.claim.id, attempt.outcome.reason)
                    continue
                await store.retire(tx, attempt.claim)
                live = await store.make_live(tx, attempt.claim, attempt.outcome, attempt.trouble)
                shown += [live] if live else []
            for hasty in (each for each in shown if each.quick):
                await self.jobs.defer(tx, Improve(rendition=hasty.id))
        return shown

    @asynccontextmanager
    async def _renewed(self, caller: Caller, claims: Sequence[Claim]) -> AsyncGenerator[None]:
        """Renew the leases for as long as it takes, and miss a time or two."""
        ids = [claim.id for claim in claims]

        async def renew() -> None:
            while True:
                await asyncio.sleep(store.RENEW_SECONDS)
                with suppress(Unavailable):
                    async with self.database.transaction(caller, durable=False) as tx:
                        await store.renew(tx, ids)

        renewing = asyncio.create_task(renew())
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def _give_up(self, caller: Caller, claims: Sequence[Claim]) -> None:
        """Let others try at once; where even that fails, the lease ends by itself."""
        with suppress(Unavailable):
            async with self.database.transaction(caller) as tx:
                await store.give_up(tx, [claim.id for claim in claims])


def _digest_of(file: Path) -> Digest:
    with disk_trouble(), file.open("rb") as opened:
        return Digest.of_stream(opened)


def _told(attempt: _Attempt) -> str:
    if isinstance(attempt.outcome, NotRendered):
        return "failed"
    return "other format" if attempt.trouble else "made"
