"""The tables `duplicates`, `decisions` and `aliases`; one function, one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from calotype.database import Snapshot, Transaction, execute, new_id, one, rows, value
from calotype.review.model import Alias, Found, Looks, Pair, Side, Verdict

_PAIR: LiteralString = (
    "d.id, d.first_id, d.second_id, d.certainty, d.distance, d.evidence, d.found_at"
)
# Policies of `media` say which pictures the caller may see; a pair is seen with both of them.
_OPEN: LiteralString = """
    from duplicates d
    where d.tenant_id = current_tenant() and d.open
        and (%(certainty)s::text is null or d.certainty = %(certainty)s)
        and exists (select from media where original_id = d.first_id and deleted_at is null)
        and exists (select from media where original_id = d.second_id and deleted_at is null)
"""


@dataclass(frozen=True, slots=True)
class Judgement:
    """How many pairs at a distance were the same, of how many that were decided."""

    distance: int
    same: int
    decided: int


# ── The queue ─────────────────────────────────────────────────────────────────────────────────


async def add_pair(tx: Transaction, original: UUID, found: Found) -> int:
    """Queue a pair, unless it waits already or somebody decided on these two files before."""
    first, second = sorted((original, found.original_id))
    return await execute(
        tx,
        """
        insert into duplicates
            (id, tenant_id, first_id, second_id, certainty, distance, evidence)
        select %(id)s, current_tenant(), a.id, b.id, %(certainty)s, %(distance)s, %(evidence)s
        from originals a, originals b
        where a.id = %(first)s and b.id = %(second)s and a.state = 'live' and b.state = 'live'
            and not exists (select from decisions where tenant_id = current_tenant()
                and first_digest = least(a.digest, b.digest)
                and second_digest = greatest(a.digest, b.digest))
        on conflict (tenant_id, first_id, second_id) do update set certainty = excluded.certainty,
            distance = excluded.distance, evidence = excluded.evidence where duplicates.open
        """,
        {
            "id": new_id(),
            "first": first,
            "second": second,
            "certainty": found.certainty,
            "distance": found.distance,
            "evidence": Jsonb(found.evidence),
        },
    )


async def find_pair(snapshot: Snapshot, pair: UUID) -> Pair | None:
    query: LiteralString = "select " + _PAIR + _OPEN + " and d.id = %(id)s"
    return await one(snapshot, Pair, query, {"id": pair, "certainty": None})


async def list_pairs(
    snapshot: Snapshot, certainty: Looks | None, *, after: UUID | None, limit: int
) -> list[Pair]:
    """Pairs that wait for a verdict and whose pictures the caller sees, newest first."""
    return await rows(
        snapshot,
        Pair,
        "select " + _PAIR + _OPEN + " and (%(after)s::uuid is null or d.id < %(after)s)"
        " order by d.id desc limit %(limit)s",
        {"certainty": certainty, "after": after, "limit": limit},
    )


async def count_pairs(snapshot: Snapshot, certainty: Looks | None, up_to: int) -> int:
    return await value(
        snapshot,
        "select count(*) from (select 1" + _OPEN + " limit %(limit)s) as counted",
        {"certainty": certainty, "limit": up_to + 1},
    )


async def close_pair(tx: Transaction, pair: UUID) -> bool:
    """Take a pair out of the queue; False for whoever comes second."""
    query = "update duplicates set open = false where id = %(id)s and open"
    return bool(await execute(tx, query, {"id": pair}))


async def open_pair(tx: Transaction, pair: UUID) -> None:
    await execute(tx, "update duplicates set open = true where id = %(id)s", {"id": pair})


async def list_sides(snapshot: Snapshot, originals: Sequence[UUID]) -> dict[UUID, Side]:
    found = await rows(
        snapshot,
        Side,
        "select id, digest, width, height, size_bytes, media_type, object_key from originals"
        " where id = any(%(ids)s) and scope_id = current_tenant()",
        {"ids": list(originals)},
    )
    return {side.id: side for side in found}


# ── Decisions ─────────────────────────────────────────────────────────────────────────────────


async def add_decision(
    tx: Transaction, pair: Pair, digests: tuple[bytes, bytes], verdict: Verdict, rule: UUID | None
) -> None:
    first, second = sorted(digests)
    await execute(
        tx,
        """
        insert into decisions (tenant_id, first_digest, second_digest, verdict, certainty,
            distance, rule_id, person_id)
        values (current_tenant(), %(first)s, %(second)s, %(verdict)s, %(certainty)s, %(distance)s,
            %(rule)s, current_person())
        on conflict (tenant_id, first_digest, second_digest) do update
            set verdict = excluded.verdict, decided_at = now()
        """,
        {
            "first": first,
            "second": second,
            "verdict": verdict,
            "certainty": pair.certainty,
            "distance": pair.distance,
            "rule": rule,
        },
    )


async def remove_decision(tx: Transaction, digests: tuple[bytes, bytes]) -> None:
    first, second = sorted(digests)
    await execute(
        tx,
        "delete from decisions where tenant_id = current_tenant()"
        " and first_digest = %(first)s and second_digest = %(second)s",
        {"first": first, "second": second},
    )


async def list_judgements(snapshot: Snapshot) -> list[Judgement]:
    """What people decided about pairs of shapes that agree, by distance; rules do not count."""
    return await rows(
        snapshot,
        Judgement,
        """
        select distance, count(*) filter (where verdict = 'same') as same, count(*) as decided
        from decisions where tenant_id = current_tenant() and rule_id is null
            and certainty in ('near', 'variant')
        group by distance order by distance
        """,
        {},
    )


# ── Aliases ───────────────────────────────────────────────────────────────────────────────────


async def add_alias(tx: Transaction, digest: bytes, kept: UUID, pair: Pair) -> None:
    await execute(
        tx,
        """
        insert into aliases (tenant_id, digest, kept_id, certainty, distance)
        values (current_tenant(), %(digest)s, %(kept)s, %(certainty)s, %(distance)s)
        on conflict (tenant_id, digest) do update set kept_id = excluded.kept_id,
            certainty = excluded.certainty, distance = excluded.distance, made_at = now()
        """,
        {
            "digest": digest,
            "kept": kept,
            "certainty": pair.certainty,
            "distance": pair.distance,
        },
    )


async def remove_alias(tx: Transaction, digest: bytes) -> None:
    query = "delete from aliases where tenant_id = current_tenant() and digest = %(digest)s"
    await execute(tx, query, {"digest": digest})


async def move_aliases(
    tx: Transaction, source: UUID, target: UUID, only: Sequence[bytes] | None = None
) -> list[bytes]:
    """Let what is answered with *source* be answered with *target*; name the files."""
    cursor = await tx.connection.execute(
        "update aliases set kept_id = %(target)s where tenant_id = current_tenant()"
        " and kept_id = %(source)s and (%(only)s::bytea[] is null or digest = any(%(only)s))"
        " returning digest",
        {"source": source, "target": target, "only": None if only is None else list(only)},
    )
    return [row[0] for row in await cursor.fetchall()]


async def find_alias(snapshot: Snapshot, digest: bytes) -> Alias | None:
    return await one(
        snapshot,
        Alias,
        "select kept_id, certainty, distance from aliases"
        " where tenant_id = current_tenant() and digest = %(digest)s",
        {"digest": digest},
    )


# ── The threshold ─────────────────────────────────────────────────────────────────────────────


async def own_near_distance(snapshot: Snapshot) -> int | None:
    """What the tenant has chosen for itself."""
    return await value(
        snapshot,
        "select (settings ->> 'nearDistance')::integer from tenants where id = current_tenant()",
        {},
    )


async def choose_near_distance(tx: Transaction, distance: int | None) -> None:
    chosen: Mapping[str, Any] = {} if distance is None else {"nearDistance": distance}
    await execute(
        tx,
        "update tenants set settings = settings - 'nearDistance' || %(chosen)s"
        " where id = current_tenant()",
        {"chosen": Jsonb(chosen)},
    )
