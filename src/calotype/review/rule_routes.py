"""`/api/duplicates/rules`: what is merged without asking, once an admin approved it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from calotype.database import Database, Transaction
from calotype.http import (
    Asking,
    ListQuery,
    Nothing,
    OnlyOnce,
    Page,
    decode_cursor,
    page,
    provide,
    responses,
)
from calotype.review.rules import Rules
from calotype.review.wire import ApprovalIn, DryRunOut, RuleIn, RuleOut, dry_run_out

router = APIRouter(prefix="/api/duplicates/rules", tags=["duplicates"])

Ruling = Annotated[Rules, Depends(provide(Rules))]
Rows = Annotated[Database, Depends(provide(Database))]


@router.get("", summary="List rules", responses=responses(403, 422))
async def list_rules(
    caller: Asking, rules: Ruling, database: Rows, asked: Annotated[ListQuery, Query()]
) -> Page[RuleOut]:
    """Rules of the tenant, newest first."""
    limit, after = asked.limit, decode_cursor(asked.cursor)
    async with database.snapshot(caller) as snapshot:
        found = await rules.list_rules(snapshot, after=after, limit=limit + 1)
        total = await rules.count(snapshot)
    last = found[limit - 1].id if len(found) > limit else None
    return page([RuleOut.model_validate(rule) for rule in found], limit, last, total)


@router.post("", status_code=201, summary="Make a rule", responses=responses(400, 403, 422))
async def add_rule(said: RuleIn, rules: Ruling, once: OnlyOnce) -> DryRunOut:
    """Make a rule and try it: it does nothing until an admin approves what this answers."""

    async def effect(tx: Transaction) -> DryRunOut:
        rule = await rules.add(tx, said.certainty, said.keep)
        return dry_run_out(rule, await rules.plan(tx, rule))

    return await once.answer(said, DryRunOut, effect)


@router.get("/{rule_id}/dry-run", summary="Try a rule", responses=responses(403, 404, 422))
async def try_rule(rule_id: UUID, caller: Asking, rules: Ruling, database: Rows) -> DryRunOut:
    """What a rule would merge now."""
    async with database.snapshot(caller) as snapshot:
        rule = await rules.get(snapshot, rule_id)
        return dry_run_out(rule, await rules.plan(snapshot, rule))


@router.post(
    "/{rule_id}/approve", summary="Approve a rule", responses=responses(400, 403, 404, 409, 422)
)
async def approve_rule(rule_id: UUID, said: ApprovalIn, rules: Ruling, once: OnlyOnce) -> RuleOut:
    """Let a rule act on what its dry run named, and on what comes later."""

    async def effect(tx: Transaction) -> RuleOut:
        return RuleOut.model_validate(await rules.approve(tx, rule_id, said.mark))

    return await once.answer(said, RuleOut, effect)


@router.delete(
    "/{rule_id}", status_code=204, summary="Remove a rule", responses=responses(403, 404, 422)
)
async def remove_rule(rule_id: UUID, rules: Ruling, once: OnlyOnce) -> Response:
    """Stop a rule; what it merged can be undone in the journal."""

    async def effect(tx: Transaction) -> Nothing:
        await rules.remove(tx, rule_id)
        return Nothing()

    await once.answer(None, Nothing, effect)
    return Response(status_code=204)
