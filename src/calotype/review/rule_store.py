"""The table `duplicate_rules`; one function, one statement."""

from typing import Literal, LiteralString
from uuid import UUID

from calotype.database import Snapshot, Transaction, execute, new_id, one, rows, value
from calotype.review.model import Keep, Rule

_SELECT: LiteralString = """
    select id, certainty, keep, made_at, approved_at, approved_pairs
    from duplicate_rules where tenant_id = current_tenant()
"""


async def add(tx: Transaction, certainty: Literal["pixels", "near"], keep: Keep) -> UUID:
    rule = new_id()
    await execute(
        tx,
        "insert into duplicate_rules (id, tenant_id, certainty, keep, made_by)"
        " values (%(id)s, current_tenant(), %(certainty)s, %(keep)s, current_person())",
        {"id": rule, "certainty": certainty, "keep": keep},
    )
    return rule


async def find(snapshot: Snapshot, rule: UUID) -> Rule | None:
    return await one(snapshot, Rule, _SELECT + "and id = %(id)s", {"id": rule})


async def list_rules(snapshot: Snapshot, *, after: UUID | None, limit: int) -> list[Rule]:
    return await rows(
        snapshot,
        Rule,
        _SELECT
        + "and (%(after)s::uuid is null or id < %(after)s) order by id desc limit %(limit)s",
        {"after": after, "limit": limit},
    )


async def count(snapshot: Snapshot) -> int:
    query = "select count(*) from duplicate_rules where tenant_id = current_tenant()"
    return await value(snapshot, query, {})


async def list_approved(snapshot: Snapshot) -> list[Rule]:
    """Rules that may act, in the order in which they were approved."""
    return await rows(
        snapshot, Rule, _SELECT + "and approved_at is not null order by approved_at, id", {}
    )


async def approve(tx: Transaction, rule: UUID, pairs: int) -> None:
    await execute(
        tx,
        "update duplicate_rules set approved_at = now(), approved_by = current_person(),"
        " approved_pairs = %(pairs)s where id = %(id)s",
        {"id": rule, "pairs": pairs},
    )


async def remove(tx: Transaction, rule: UUID) -> bool:
    query = "delete from duplicate_rules where id = %(id)s"
    return bool(await execute(tx, query, {"id": rule}))
