"""Orders: which pictures are to be made of a picture, and what came of each."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from calotype.imaging.formats import MEDIA_TYPES
from calotype.imaging.framing import CENTRE, WHOLE, Crop, FocalPoint

Format = Literal["avif", "webp", "jpeg", "png"]

MOST_ORDERS = 20
"""How many pictures can be ordered at once: each needs an open file in the child."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One picture: no wider than this, cut to a shape if it has a height, never enlarged.

    `quick` spends less time and more bytes, where the format knows a way.
    """

    format: Format
    width: int
    height: int | None = None
    crop: Crop = WHOLE
    focal_point: FocalPoint = CENTRE
    quick: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        return cls(
            format=value["format"],
            width=value["width"],
            height=value["height"],
            crop=Crop.from_json(value["crop"]),
            focal_point=FocalPoint.from_json(value["focal_point"]),
            quick=value["quick"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A picture that was made; its media type is another than ordered where that cannot hold it."""

    media_type: str
    width: int
    height: int
    size_bytes: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class NotRendered:
    """A picture that its encoder did not make, and what it said."""

    reason: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


Outcome = Rendered | NotRendered


def read_outcome(value: Mapping[str, Any]) -> Outcome:
    """Believe no more than what a picture could make a captured child say."""
    if "reason" in value:
        return NotRendered(str(value["reason"]))
    rendered = Rendered(
        media_type=str(value["media_type"]),
        width=int(value["width"]),
        height=int(value["height"]),
        size_bytes=int(value["size_bytes"]),
    )
    if rendered.media_type not in MEDIA_TYPES or min(rendered.width, rendered.height) < 1:
        raise ValueError(rendered.media_type)
    return rendered
