"""What doctor asks of the rows of similarity."""

from calotype.database import RowCheck

SIMILARITY_CHECKS = (
    RowCheck(
        code="fingerprint-missing",
        severity="warning",
        message="This original has had no fingerprint for an hour, so that nothing is found to look"
        " like it: is a worker running? It tries again every hour.",
        query="""
        select id from originals where state = 'live' and readable
            and changed_at < now() - interval '1 hour'
            and not exists (select from fingerprints where original_id = originals.id)
            and exists (select from original_references where original_id = originals.id)
        """,
    ),
    RowCheck(
        code="fingerprint-unsearched",
        severity="warning",
        message="Searches do not find this fingerprint, although it is no placeholder.",
        query="""
        select original_id from fingerprints f where not hub
            and not exists (select from fingerprint_bands b where b.original_id = f.original_id)
        """,
        repair="""
        delete from fingerprints f where not hub
            and not exists (select from fingerprint_bands b where b.original_id = f.original_id)
        """,
    ),
)
