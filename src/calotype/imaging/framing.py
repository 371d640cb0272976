"""Framing: which part of a picture is shown, in fractions of the upright picture."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """A rectangle of the picture."""

    left: float
    top: float
    width: float
    height: float

    def to_json(self) -> dict[str, float]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        return cls(**{name: float(value[name]) for name in ("left", "top", "width", "height")})


@dataclass(frozen=True, slots=True, kw_only=True)
class FocalPoint:
    """What must stay in sight where a shape cuts something off."""

    x: float
    y: float

    def to_json(self) -> dict[str, float]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        return cls(x=float(value["x"]), y=float(value["y"]))
