"""Rules: pairs that are merged without asking, once an admin approved what that would do."""

import hashlib
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import structlog

from calotype.accounts import require_admin
from calotype.database import Caller, Database, Snapshot, Transaction
from calotype.errors import CalotypeError
from calotype.jobs import Jobs
from calotype.review import rule_store, store
from calotype.review.errors import PlanChanged, RuleMissing
from calotype.review.model import ApplyRules, Keep, Pair, Rule, RulePlan, Side
from calotype.review.settling import Settling

log = structlog.get_logger()

_MOST_PAIRS = 10_000
_SAMPLES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Makes, tries, approves and applies rules."""

    database: Database
    settling: Settling
    jobs: Jobs

    async def add(self, tx: Transaction, certainty: Literal["pixels", "near"], keep: Keep) -> Rule:
        """Make a rule, which does nothing yet."""
        require_admin(tx.caller)
        return await self.get(tx, await rule_store.add(tx, certainty, keep))

    async def get(self, snapshot: Snapshot, rule: UUID) -> Rule:
        require_admin(snapshot.caller)
        found = await rule_store.find(snapshot, rule)
        if found is None:
            raise RuleMissing
        return found

    async def list_rules(self, snapshot: Snapshot, *, after: UUID | None, limit: int) -> list[Rule]:
        require_admin(snapshot.caller)
        return await rule_store.list_rules(snapshot, after=after, limit=limit)

    async def count(self, snapshot: Snapshot) -> int:
        return await rule_store.count(snapshot)

    async def plan(self, snapshot: Snapshot, rule: Rule) -> RulePlan:
        """Tell what a rule would merge now."""
        pairs = await self._pairs(snapshot, rule)
        sides = await store.list_sides(
            snapshot, [each for pair in pairs for each in pair.originals]
        )
        gone = {_choice(pair, sides, rule.keep)[1] for pair in pairs}
        mark = hashlib.sha256(b"".join(pair.id.bytes for pair in pairs)).hexdigest()
        return RulePlan(
            pairs=len(pairs),
            bytes_to_win=sum(sides[each].size_bytes for each in gone),
            samples=tuple(pair.id for pair in pairs[:_SAMPLES]),
            mark=mark,
        )

    async def approve(self, tx: Transaction, rule: UUID, mark: str) -> Rule:
        """Let a rule act from now on, if it would still do what the dry run with *mark* said."""
        found = await self.get(tx, rule)
        plan = await self.plan(tx, found)
        if plan.mark != mark:
            raise PlanChanged
        await rule_store.approve(tx, rule, plan.pairs)
        await self.jobs.defer(tx, ApplyRules())
        return await self.get(tx, rule)

    async def remove(self, tx: Transaction, rule: UUID) -> None:
        """Make a rule stop; what it did stays in the journal."""
        require_admin(tx.caller)
        if not await rule_store.remove(tx, rule):
            raise RuleMissing

    async def apply(self, caller: Caller, _: ApplyRules) -> int:
        """Merge what approved rules speak of, a pair at a time; tells how many there were."""
        acting = Caller("service", caller.tenant)
        async with self.database.snapshot(acting) as snapshot:
            due = [
                (rule, pair)
                for rule in await rule_store.list_approved(snapshot)
                for pair in await self._pairs(snapshot, rule)
            ]
        return sum([await self._merge(acting, rule, pair) for rule, pair in due])

    async def _merge(self, acting: Caller, rule: Rule, pair: Pair) -> bool:
        """Merge one pair; one that somebody else settled meanwhile is left alone."""
        try:
            async with self.database.transaction(acting) as tx:
                sides = await store.list_sides(tx, pair.originals)
                keep, _ = _choice(pair, sides, rule.keep)
                await self.settling.settle(tx, pair.id, "same", keep=keep, rule=rule.id)
        except CalotypeError as error:
            log.info("review.rule_passed_over", pair=str(pair.id), reason=str(error))
            return False
        return True

    async def _pairs(self, snapshot: Snapshot, rule: Rule) -> list[Pair]:
        return await store.list_pairs(snapshot, rule.certainty, after=None, limit=_MOST_PAIRS)


def _choice(pair: Pair, sides: dict[UUID, Side], keep: Keep) -> tuple[UUID, UUID]:
    """Which original of a pair is kept, and which is not; ids sort by age."""
    older, newer = pair.originals
    if keep == "largest":
        kept = newer if sides[newer].worth > sides[older].worth else older
    else:
        kept = older if keep == "oldest" else newer
    return kept, older if kept == newer else newer
