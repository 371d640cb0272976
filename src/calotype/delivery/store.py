"""What delivery asks of the database; one function, one statement."""

from uuid import UUID

from calotype.database import Snapshot, one
from calotype.delivery.model import Found


async def find(snapshot: Snapshot, *, media: UUID | None, token: bytes | None) -> Found | None:
    """Look an address up, whoever asks; who may have the picture is decided with the answer."""
    return await one(
        snapshot,
        Found,
        "select * from find_picture(%(media)s, %(token)s)",
        {"media": media, "token": token},
    )
