"""Ids that sort by the time they were made (UUIDv7)."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Make an id that nothing else has and that sorts after those made before."""
    return uuid7()
