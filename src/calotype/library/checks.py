"""What doctor asks of the rows of the library."""

from calotype.database import RowCheck

LIBRARY_CHECKS = (
    RowCheck(
        code="media-unheld",
        severity="danger",
        message="This media has an original but no reference that holds it.",
        query="""
        select id from media where original_id is not null and not exists (
            select from original_references r where r.holder_kind = 'media'
                and r.holder_id = media.id and r.original_id = media.original_id)
        """,
        repair="""
        insert into original_references (id, original_id, tenant_id, holder_kind, holder_id)
        select gen_random_uuid(), m.original_id, m.tenant_id, 'media', m.id
        from media m join originals o on o.id = m.original_id and o.state = 'live'
        where not exists (
            select from original_references r where r.holder_kind = 'media'
                and r.holder_id = m.id and r.original_id = m.original_id)
        on conflict do nothing
        """,
    ),
    RowCheck(
        code="reference-without-holder",
        severity="warning",
        message="A reference is held by media that no longer needs it, or by nothing.",
        query="""
        select r.id from original_references r
        left join media m on m.id = r.holder_id and m.original_id = r.original_id
        where r.holder_kind = 'media' and m.id is null
        """,
    ),
    RowCheck(
        code="media-processing-long",
        severity="warning",
        message="This media has been `processing` for more than an hour: is a worker running?",
        query="""
        select id from media where state = 'processing' and deleted_at is null
            and created_at < now() - interval '1 hour'
        """,
    ),
)
