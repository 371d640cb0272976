"""What doctor asks of the rows of originals and references, and what it looks for in the store."""

from dataclasses import dataclass
from typing import LiteralString

from calotype.database import RowCheck, Severity
from calotype.originals.epoch import FOREIGN_STORE


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    code: str
    severity: Severity
    subject: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Something that doctor looks for elsewhere than in rows."""

    code: str
    severity: Severity
    message: str

    def found(self, subject: str) -> Finding:
        return Finding(self.code, self.severity, subject, self.message)


EPOCH_DIFFERS = Check(code="epoch-differs", severity="danger", message=FOREIGN_STORE)
OBJECT_MISSING = Check(
    code="object-missing",
    severity="danger",
    message="The object of this original is not in the store.",
)
OBJECT_DAMAGED = Check(
    code="object-damaged",
    severity="danger",
    message="The object of this original does not have its bytes.",
)
OBJECT_STRAY = Check(
    code="object-stray",
    severity="warning",
    message="This object has no row; reconcile removes it after a second look.",
)
STORE_CHECKS = (EPOCH_DIFFERS, OBJECT_MISSING, OBJECT_DAMAGED, OBJECT_STRAY)

# What must be added to the statistics, so that they say what the rows say.
_DRIFT: LiteralString = """
with counted as (
    select scope_id, count(*) as originals, sum(size_bytes) as bytes,
        count(*) filter (where state = 'condemned') as orphans,
        coalesce(sum(size_bytes) filter (where state = 'condemned'), 0) as orphan_bytes,
        0 as references_held, 0 as logical_bytes
    from originals where state in ('live', 'condemned') group by scope_id
    union all
    select r.tenant_id, 0, 0, 0, 0, count(*), sum(o.size_bytes)
    from original_references r join originals o on o.id = r.original_id group by r.tenant_id
), noted as (
    select scope_id, originals, bytes, orphans, orphan_bytes, references_held, logical_bytes
    from original_stats
    union all
    select scope_id, originals, bytes, orphans, orphan_bytes, references_held, logical_bytes
    from original_stat_changes
), differences as (
    select * from counted
    union all
    select scope_id, -originals, -bytes, -orphans, -orphan_bytes, -references_held, -logical_bytes
    from noted
), drift as (
    select scope_id, sum(originals), sum(bytes), sum(orphans), sum(orphan_bytes),
        sum(references_held), sum(logical_bytes)
    from differences group by scope_id
    having (sum(originals), sum(bytes), sum(orphans), sum(orphan_bytes), sum(references_held),
        sum(logical_bytes)) <> (0, 0, 0, 0, 0, 0)
)
"""

ORIGINAL_CHECKS = (
    RowCheck(
        code="reference-dangling",
        severity="danger",
        message="A reference points at an original that is neither live nor quarantined.",
        query="""
        select r.id from original_references r
        left join originals o on o.id = r.original_id
        where o.state is null or o.state not in ('live', 'quarantined')
        """,
    ),
    RowCheck(
        code="condemned-referenced",
        severity="danger",
        message="A condemned original is held by a reference.",
        query="""
        select id from originals where state = 'condemned'
            and exists (select from original_references where original_id = originals.id)
        """,
        repair="""
        update originals set state = 'live', changed_at = now() where state = 'condemned'
            and exists (select from original_references where original_id = originals.id)
        """,
    ),
    RowCheck(
        code="live-unreferenced",
        severity="warning",
        message="A live original has had no reference for more than an hour.",
        query="""
        select id from originals
        where state = 'live' and changed_at < now() - interval '1 hour'
            and not exists (select from original_references where original_id = originals.id)
        """,
    ),
    RowCheck(
        code="pending-stale",
        severity="warning",
        message="An upload ended long ago and nobody reaped it: is a worker running?",
        query="""
        select id from originals
        where state = 'pending' and lease_expires_at < now() - interval '1 day'
        """,
    ),
    RowCheck(
        code="deleting-stale",
        severity="warning",
        message="An object could not be removed for more than a day: sweep says why.",
        query="""
        select id from originals
        where state = 'deleting' and changed_at < now() - interval '1 day'
        """,
    ),
    RowCheck(
        code="visible-twice",
        severity="danger",
        message="The same bytes are visible twice in one scope.",
        query="""
        select min(id::text) from originals where state in ('live', 'condemned')
        group by scope_id, algorithm, digest having count(*) > 1
        union all
        select 'the index originals_visible' where not exists (
            select from pg_index where indexrelid = to_regclass('calotype.originals_visible')
                and indisunique and indisvalid)
        """,
    ),
    RowCheck(
        code="holder-unregistered",
        severity="danger",
        message="This table can hold an original and is not listed in holder_kinds.",
        query="""
        select distinct conrelid::regclass from pg_constraint
        where confrelid = 'calotype.originals'::regclass and contype = 'f'
            and conrelid <> 'calotype.original_references'::regclass
            and conrelid not in (select ('calotype.' || table_name)::regclass from holder_kinds)
        """,
    ),
    RowCheck(
        code="quarantined",
        severity="danger",
        message="The bytes of this original are damaged or missing; the same file, uploaded"
        " again, heals it.",
        query="""
        select id from originals where state = 'quarantined'
            and exists (select from original_references where original_id = originals.id)
        """,
    ),
    RowCheck(
        code="scrub-behind",
        severity="warning",
        message="This original was not read and verified for more than 30 days.",
        query="""
        select id from originals where state = 'live'
            and coalesce(verified_at, created_at) < now() - interval '30 days'
        """,
    ),
    RowCheck(
        code="sweep-halted",
        severity="warning",
        message="The last sweep stopped because it was not certain: `calotype sweep --dry-run`.",
        query="""
        select halted_because from
            (select halted_because from sweeps order by started_at desc limit 1) as last_sweep
        where halted_because is not null
        """,
    ),
    RowCheck(
        code="stats-drifted",
        severity="warning",
        message="The statistics of this scope differ from a count of the rows.",
        query=_DRIFT + "select scope_id from drift",
        repair=_DRIFT
        + """
        insert into original_stat_changes
            (scope_id, originals, bytes, orphans, orphan_bytes, references_held, logical_bytes)
        select * from drift
        """,
    ),
)
