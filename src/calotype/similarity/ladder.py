"""The ladder of certainty: on which rung two fingerprints stand, and the evidence for it."""

from dataclasses import dataclass
from typing import Any, Literal

from calotype.imaging import Fingerprint

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
        return self.value / self.limit if self.limit else float(self.value > 0)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that was measured, least distance best."""

    figures: tuple[Figure, ...]

    @property
    def weakest(self) -> Figure:
        """The link that would break first."""
        return max(self.figures, key=lambda figure: figure.strain)

    def to_json(self) -> dict[str, Any]:
        told = [{"name": f.name, "value": f.value, "limit": f.limit} for f in self.figures]
        return {"figures": told, "weakest": self.weakest.name}


@dataclass(frozen=True, slots=True)
class Likeness:
    """What can be said of two pictures."""

    certainty: Certainty | None
    distance: int
    """Bits in which the pHashes differ, of 256; of the best orientation for `similar`."""
    evidence: Evidence


def compare(a: Fingerprint, b: Fingerprint, near_distance: int) -> Likeness:
    """Say on which rung *a* and *b* stand; the same, whichever comes first."""
    distance = bits_apart(a.phash, b.phash)
    figures = (
        Figure("phash", distance, near_distance),
        Figure("dhash", bits_apart(a.dhash, b.dhash), near_distance),
    )
    evidence = Evidence(figures)
    near = evidence.weakest.strain <= 1
    return Likeness("near" if near else None, distance, evidence)


def bits_apart(a: bytes, b: bytes) -> int:
    return (int.from_bytes(a) ^ int.from_bytes(b)).bit_count()
