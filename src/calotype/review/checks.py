"""What doctor asks of the rows of review and of the journal."""

from calotype.database import RowCheck

REVIEW_CHECKS = (
    RowCheck(
        code="journal-unheld",
        severity="danger",
        message="This entry of the journal cannot be undone: nothing holds the original that was"
        " merged.",
        query="""
        select id from journal j where before ? 'gone' and expires_at > now() and not exists (
            select from original_references r where r.holder_kind = 'journal'
                and r.holder_id = j.id and r.original_id = (j.before ->> 'gone')::uuid)
        """,
    ),
    RowCheck(
        code="journal-overdue",
        severity="warning",
        message="This entry of the journal holds an original although it cannot be undone any more:"
        " is a worker running?",
        query="""
        select r.holder_id from original_references r
        left join journal j on j.id = r.holder_id and j.before is not null
            and j.expires_at > now() - interval '1 day'
        where r.holder_kind = 'journal' and j.id is null
        """,
    ),
)
