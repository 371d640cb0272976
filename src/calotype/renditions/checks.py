"""What doctor asks of the rows of renditions, and what it looks for in the store."""

from calotype.database import RowCheck
from calotype.originals import Check

RENDITION_MISSING = Check(
    code="rendition-missing",
    severity="warning",
    message="The object of this rendition is not in the store, or not whole. Once repaired, it is"
    " made anew when it is asked for.",
)

RENDITION_CHECKS = (
    RowCheck(
        code="rendition-orphaned",
        severity="warning",
        message="The original of this rendition is gone.",
        query="""
        select r.id from renditions r left join originals o on o.id = r.original_id
        where r.state <> 'deleting' and (o.id is null or o.state = 'deleting')
        """,
        repair="""
        update renditions set state = 'deleting', changed_at = now(), lease_expires_at = null
        where state <> 'deleting' and not exists (
            select from originals o where o.id = original_id and o.state <> 'deleting')
        """,
    ),
    RowCheck(
        code="rendition-troubled",
        severity="warning",
        message="An encoder failed on this picture, and another format is shown instead, or none:"
        " the log says why. Once repaired, it is tried again when it is asked for.",
        query="""
        select id from renditions
        where state in ('live', 'failed') and trouble is not null
        """,
        repair="""
        update renditions set state = 'deleting', changed_at = now(), lease_expires_at = null
        where state in ('live', 'failed') and trouble is not null
        """,
    ),
    RowCheck(
        code="rendition-stale",
        severity="warning",
        message="What was begun or given up more than a day ago is still there: is a worker"
        " running?",
        query="""
        select id from renditions
        where (state in ('pending', 'improving') and lease_expires_at < now() - interval '1 day')
            or (state = 'deleting' and changed_at < now() - interval '1 day')
        """,
    ),
)
