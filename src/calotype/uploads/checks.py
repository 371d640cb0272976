"""What doctor asks of the rows of uploads."""

from calotype.database import RowCheck

UPLOAD_CHECKS = (
    RowCheck(
        code="upload-without-media",
        severity="danger",
        message="This upload ended as done, but its media is not there.",
        query="""
        select id from uploads where not exists (select from media where media.id = media_id)
        """,
    ),
    RowCheck(
        code="original-unexamined",
        severity="warning",
        message="Nobody has looked at this original for an hour, and others do not get its pictures"
        " until then: is a worker running? It tries again every hour.",
        query="""
        select id from originals where state = 'live' and readable is null
            and changed_at < now() - interval '1 hour'
            and exists (select from original_references where original_id = originals.id)
        """,
    ),
)
