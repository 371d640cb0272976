"""Framing: which part of a picture is shown, in fractions of the upright picture."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """A rectangle of the picture."""

    left: float = 0.0
    top: float = 0.0
    width: float = 1.0
    height: float = 1.0

    def to_json(self) -> dict[str, float]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        return cls(**{name: float(value[name]) for name in ("left", "top", "width", "height")})


@dataclass(frozen=True, slots=True, kw_only=True)
class FocalPoint:
    """What must stay in sight where a shape cuts something off."""

    x: float = 0.5
    y: float = 0.5

    def to_json(self) -> dict[str, float]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        return cls(x=float(value["x"]), y=float(value["y"]))


WHOLE = Crop()
CENTRE = FocalPoint()


@dataclass(frozen=True, slots=True, order=True)
class Area:
    """A rectangle of a picture of a certain size, in its pixels."""

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def of(cls, crop: Crop, width: int, height: int) -> Self:
        return cls(crop.left * width, crop.top * height, crop.width * width, crop.height * height)

    def shaped(self, aspect: float, x: float, y: float) -> "Area":
        """Cut to *aspect* so that the point stays as near to the middle as it can."""
        width = min(self.width, self.height * aspect)
        height = min(self.height, self.width / aspect)
        return Area(
            min(max(x - width / 2, self.left), self.left + self.width - width),
            min(max(y - height / 2, self.top), self.top + self.height - height),
            width,
            height,
        )

    def scaled(self, scale: float) -> tuple[int, int, int, int]:
        """Left, top, width and height in whole pixels of the picture at that scale."""
        left, top = round(self.left * scale), round(self.top * scale)
        return left, top, max(1, round(self.width * scale)), max(1, round(self.height * scale))
