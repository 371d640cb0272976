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
)
