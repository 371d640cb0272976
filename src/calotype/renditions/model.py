"""What renditions are made by: presets and recipes."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from calotype.imaging import Crop, FocalPoint

Format = Literal["avif", "webp", "jpeg"]

FORMATS: tuple[Format, ...] = ("avif", "webp", "jpeg")
"""From the smallest file to the one that everybody reads."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A size by its name. With a height, what does not fit the shape is cut off."""

    name: str
    width: int
    height: int | None = None


PRESETS = (
    Preset("thumbnail", 150),
    Preset("small", 400),
    Preset("medium", 800),
    Preset("large", 1200),
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a rendition is made, but for its format."""

    preset: Preset
    crop: Crop | None = None
    focal_point: FocalPoint | None = None

    @property
    def key(self) -> str:
        """Name the recipe by what it does: equal keys make equal pictures."""
        size = f"w{self.preset.width}"
        if self.preset.height is not None:
            point = self.focal_point or FocalPoint(x=0.5, y=0.5)
            size += f"h{self.preset.height}f{point.x:.4g},{point.y:.4g}"
        if self.crop is None:
            return size
        crop = self.crop
        return f"{size}c{crop.left:.4g},{crop.top:.4g},{crop.width:.4g},{crop.height:.4g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """A picture made from an original by a recipe, in the format that it was made in."""

    id: UUID
    original_id: UUID
    scope_id: UUID
    recipe: str
    format: Format
    """What was asked for; `media_type` says what was made."""
    object_key: str
    media_type: str
    width: int
    height: int
    size_bytes: int
