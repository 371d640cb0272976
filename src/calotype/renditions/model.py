"""What renditions are, and what they are made by: presets and recipes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal, Self
from uuid import UUID

from calotype.imaging import Crop, FocalPoint, Order
from calotype.jobs import Job

Format = Literal["avif", "webp", "jpeg"]

FORMATS: tuple[Format, ...] = ("avif", "webp", "jpeg")
"""From the smallest files to those that everybody reads; one that fails is followed by the next."""

State = Literal["pending", "improving", "live", "failed", "deleting"]

_NUMBER = r"([\d.e+-]+)"
_KEY = re.compile(
    rf"w(\d+)(?:h(\d+)f{_NUMBER},{_NUMBER})?(?:c{_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER})?"
)


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


_PRESET = re.compile(r"([a-z0-9][a-z0-9-]{0,62}):(\d{1,5})(?:x(\d{1,5}))?")
_WHOLE = "original"
_LARGEST = 16_383


def presets_with(more: Iterable[str]) -> tuple[Preset, ...]:
    """Add presets such as `banner:1600` and `square:400x400`; one of a known name replaces it."""
    presets = [*PRESETS, *(_preset(text) for text in more)]
    return tuple({preset.name: preset for preset in presets}.values())


def _preset(text: str) -> Preset:
    match = _PRESET.fullmatch(text)
    sides = [int(side) for side in match.groups()[1:] if side] if match else []
    if match is None or match[1] == _WHOLE or not all(0 < side <= _LARGEST for side in sides):
        raise ValueError(f"{text!r} is no preset: say `banner:1600`, or `square:400x400`")
    return Preset(match[1], *sides)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a rendition is made, but for its format."""

    preset: Preset
    crop: Crop | None = None
    focal_point: FocalPoint | None = None

    @property
    def key(self) -> str:
        """Name the recipe by what it does: equal keys make equal pictures."""
        key = f"w{self.preset.width}"
        if self.preset.height is not None:
            point = self.focal_point or FocalPoint()
            key += f"h{self.preset.height}f{point.x:.4g},{point.y:.4g}"
        if self.crop is not None:
            crop = self.crop
            key += f"c{crop.left:.4g},{crop.top:.4g},{crop.width:.4g},{crop.height:.4g}"
        return key

    @classmethod
    def of_key(cls, key: str) -> Self:
        """Read what `key` wrote; the preset has lost its name."""
        match = _KEY.fullmatch(key)
        assert match is not None
        width, height, x, y, left, top, wide, high = match.groups()
        return cls(
            Preset("", int(width), int(height) if height else None),
            Crop(left=float(left), top=float(top), width=float(wide), height=float(high))
            if left
            else None,
            FocalPoint(x=float(x), y=float(y)) if x else None,
        )

    def order(self, form: Format, *, quick: bool) -> Order:
        """Say it in the words of imaging, which knows no presets."""
        return Order(
            format=form,
            width=self.preset.width,
            height=self.preset.height,
            crop=self.crop or Crop(),
            focal_point=self.focal_point or FocalPoint(),
            quick=quick,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """A picture made from an original by a recipe."""

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
    quick: bool
    """Made in haste; a better one takes its place before long."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to make one rendition, and the key under which its bytes will lie."""

    id: UUID
    original_id: UUID
    recipe: str
    format: Format
    object_key: str
    quick: bool


@dataclass(frozen=True, slots=True)
class Stats:
    """How many renditions are kept, and how large they are."""

    count: int = 0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Prepare(Job):
    """Make all renditions of an original before anybody asks."""

    name: ClassVar[str] = "renditions:prepare"
    original: UUID


@dataclass(frozen=True, slots=True)
class Improve(Job):
    """Replace a rendition that was made in haste by a smaller one that looks as good."""

    name: ClassVar[str] = "renditions:improve"
    rendition: UUID


@dataclass(frozen=True, slots=True)
class Sweep(Job):
    """Remove renditions that nobody can ask for any more, and end what was never finished."""

    name: ClassVar[str] = "renditions:sweep"
