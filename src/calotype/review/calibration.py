"""Calibration: how far apart pictures may be that people call the same."""

from collections.abc import Sequence
from dataclasses import dataclass

from calotype.review.store import Judgement

WANTED = 0.99


@dataclass(frozen=True, slots=True)
class Step:
    """What a threshold at *distance* would have been right about."""

    distance: int
    same: int
    decided: int

    @property
    def precision(self) -> float:
        return self.same / self.decided


@dataclass(frozen=True, slots=True)
class Calibration:
    """The widest threshold that is right often enough, by the decisions made so far."""

    steps: tuple[Step, ...]

    @classmethod
    def of(cls, judgements: Sequence[Judgement]) -> "Calibration":
        """Add up what was decided at each distance and below it."""
        same = decided = 0
        steps: list[Step] = []
        for each in sorted(judgements, key=lambda judgement: judgement.distance):
            same, decided = same + each.same, decided + each.decided
            steps.append(Step(each.distance, same, decided))
        return cls(tuple(steps))

    @property
    def decisions(self) -> int:
        return self.steps[-1].decided if self.steps else 0

    @property
    def threshold(self) -> int | None:
        """None as long as no distance has been right often enough."""
        return max((s.distance for s in self.steps if s.precision >= WANTED), default=None)
