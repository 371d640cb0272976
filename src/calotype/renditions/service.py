"""The verbs of renditions: find and demand."""

from dataclasses import dataclass
from uuid import UUID

from calotype.database import Database, Snapshot
from calotype.imaging import Pixels
from calotype.renditions.model import Format, Preset, Recipe, Rendition
from calotype.storage import Objects, Spool


@dataclass(frozen=True, slots=True, kw_only=True)
class Renditions:
    """Makes each rendition once, however many ask for it on however many machines."""

    database: Database
    objects: Objects
    pixels: Pixels
    spool: Spool
    presets: tuple[Preset, ...]

    async def find(
        self, snapshot: Snapshot, original_id: UUID, recipe: Recipe, format: Format
    ) -> Rendition | None:
        """Return what has been made already."""
        raise NotImplementedError

    async def demand(
        self,
        *,
        original_id: UUID,
        scope_id: UUID,
        object_key: str,
        recipe: Recipe,
        format: Format = "avif",
    ) -> Rendition:
        """Return the rendition, made now if nobody has; slow, and no transaction may be open.

        What was made may be of another media type than asked for: an animation is kept in WebP, a
        picture with alpha in PNG, and an encoder that fails makes room for the next. A picture
        whose pixels cannot be decoded raises Unreadable.
        """
        raise NotImplementedError
