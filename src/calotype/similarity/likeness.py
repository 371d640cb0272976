"""Likeness: what can be said of two pictures, and the figures that say it."""

from dataclasses import dataclass
from typing import Any, Literal

Certainty = Literal["near", "variant", "similar"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured, and the most that its rung allows."""

    name: str
    value: float
    limit: float

    @property
    def strain(self) -> float:
        """How much of what is allowed has been used; over 1 it speaks against the rung."""
        return self.value / self.limit if self.limit else 2.0 * (self.value > 0)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that was measured, least difference best."""

    figures: tuple[Figure, ...]

    @property
    def weakest(self) -> Figure:
        """The link that would break first."""
        return max(self.figures, key=lambda figure: figure.strain)

    @property
    def holds(self) -> bool:
        return self.weakest.strain <= 1

    def to_json(self) -> dict[str, Any]:
        told = [{"name": f.name, "value": f.value, "limit": f.limit} for f in self.figures]
        return {"figures": told, "weakest": self.weakest.name}


@dataclass(frozen=True, slots=True)
class Likeness:
    """What can be said of two pictures."""

    certainty: Certainty | None
    distance: int
    """Bits in which the pHashes differ, of 256, in the best orientation."""
    evidence: Evidence
    """For the rung that was reached; if there is none, against the one that was nearest."""
    orientation: int = 1
    """How the second picture has to be turned to lie as the first, as EXIF counts."""
