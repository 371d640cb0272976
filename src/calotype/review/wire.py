"""What review says and is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from calotype.http import ListQuery, Told, Wire
from calotype.library import Media, MediaOut, Showing
from calotype.review.calibration import WANTED, Calibration
from calotype.review.model import (
    Checked,
    Decided,
    Keep,
    Looks,
    Match,
    Pair,
    Rule,
    RulePlan,
    Rung,
    Side,
    Verdict,
)
from calotype.similarity import WIDEST, Group

NearDistance = Annotated[int, Field(ge=0, le=WIDEST)]


class DigestQuestion(Wire):
    """A file that is asked about by its name alone."""

    sha256: Annotated[str, StringConstraints(max_length=200)]
    size_bytes: Annotated[int, Field(ge=1, lt=1 << 63)]


class MatchOut(Wire):
    """Media that the file may repeat."""

    media: MediaOut
    certainty: Rung
    distance: int = Field(description="Bits of the pHash that differ, of 256.")
    evidence: dict[str, Any]


class CheckedOut(Wire):
    """What a file repeats, of what you may see."""

    duplicate: bool = Field(description="Whether the certainty is `bytes`, `pixels` or `near`.")
    certainty: Rung | None
    matches: list[MatchOut]
    capped: bool = Field(description="More looks like this than was looked at.")


class PictureOut(Wire):
    """One picture of a pair."""

    original_id: UUID
    media_type: str
    width: int
    height: int
    size_bytes: int
    media: list[MediaOut] = Field(description="What you may see of it.")


class PairOut(Wire):
    """Two pictures that look alike."""

    id: UUID
    certainty: Looks
    distance: int
    evidence: dict[str, Any]
    found_at: datetime
    pictures: list[PictureOut]


class PairsQuery(ListQuery):
    """Which pairs to list."""

    certainty: Looks | None = None


class GroupOut(Wire):
    """Originals of which each looks like every other."""

    original_ids: list[UUID] = Field(description="The centre first.")
    weakest: list[UUID] = Field(description="The two that are furthest apart.")
    distance: float = Field(description="How far apart these two are.")

    @classmethod
    def of(cls, group: Group[UUID]) -> "GroupOut":
        weakest = group.weakest
        return cls(
            original_ids=list(group.members),
            weakest=[weakest.first, weakest.second],
            distance=weakest.distance,
        )


class PlaceholderOut(Wire):
    """A picture that so much looks like that it says nothing."""

    original_id: UUID
    media: list[MediaOut]


class VerdictIn(Wire):
    """What the two pictures are to each other."""

    verdict: Verdict
    keep: UUID | None = Field(
        default=None,
        description="With `same`: the original to keep, or media of it; by default the better one.",
    )


class DecidedOut(Told):
    """What became of a pair."""

    id: UUID
    verdict: Verdict
    kept_original_id: UUID | None
    journal_id: UUID = Field(description="The entry of the journal that undoes this.")


class ThresholdIn(Wire):
    """How far apart near duplicates of this tenant may be."""

    near_distance: NearDistance | None = Field(description="`null`: as the installation has it.")


class ThresholdOut(Told):
    """How far apart near duplicates may be."""

    near_distance: int


class StepOut(Wire):
    """What a threshold would have been right about."""

    distance: int
    same: int
    decided: int
    precision: float


class CalibrationOut(Wire):
    """The widest threshold that is right often enough, by the decisions made so far."""

    near_distance: int
    wanted_precision: float
    threshold: int | None
    decisions: int
    steps: list[StepOut]


class RuleIn(Wire):
    """Which pairs to merge, and what to keep of each."""

    certainty: Literal["pixels", "near"]
    keep: Keep = "largest"


class ApprovalIn(Wire):
    """Which dry run is approved."""

    mark: Annotated[str, StringConstraints(max_length=64)]


class RuleOut(Told):
    """A rule; it acts once it is approved."""

    id: UUID
    certainty: Literal["pixels", "near"]
    keep: Keep
    made_at: datetime
    approved_at: datetime | None
    approved_pairs: int | None


class DryRunOut(Told):
    """What a rule would merge now."""

    rule: RuleOut
    pairs: int
    bytes_to_win: int
    samples: list[UUID] = Field(description="Some of the pairs.")
    mark: str = Field(description="Send it to approve this, and nothing else.")


@dataclass(frozen=True, slots=True)
class Telling:
    """How review is told to one caller."""

    showing: Showing

    def checked(self, checked: Checked) -> CheckedOut:
        return CheckedOut(
            duplicate=checked.duplicate,
            certainty=checked.certainty,
            matches=[self._match(match) for match in checked.matches],
            capped=checked.capped,
        )

    def _match(self, match: Match) -> MatchOut:
        return MatchOut(
            media=self.showing.show(match.media),
            certainty=match.certainty,
            distance=match.distance,
            evidence=dict(match.evidence),
        )

    def pair(self, pair: Pair, sides: Mapping[UUID, Side], media: Sequence[Media]) -> PairOut:
        return PairOut(
            id=pair.id,
            certainty=pair.certainty,
            distance=pair.distance,
            evidence=dict(pair.evidence),
            found_at=pair.found_at,
            pictures=[self._picture(sides[each], media) for each in pair.originals],
        )

    def _picture(self, side: Side, media: Sequence[Media]) -> PictureOut:
        return PictureOut(
            original_id=side.id,
            media_type=side.media_type,
            width=side.width,
            height=side.height,
            size_bytes=side.size_bytes,
            media=self._media(side.id, media),
        )

    def placeholder(self, original: UUID, media: Sequence[Media]) -> PlaceholderOut:
        return PlaceholderOut(original_id=original, media=self._media(original, media))

    def _media(self, original: UUID, media: Sequence[Media]) -> list[MediaOut]:
        return [self.showing.show(each) for each in media if each.original_id == original]


def decided_out(pair: UUID, decided: Decided) -> DecidedOut:
    return DecidedOut(
        id=pair,
        verdict=decided.verdict,
        kept_original_id=decided.kept_id,
        journal_id=decided.journal_id,
    )


def calibration_out(calibration: Calibration, near_distance: int) -> CalibrationOut:
    return CalibrationOut(
        near_distance=near_distance,
        wanted_precision=WANTED,
        threshold=calibration.threshold,
        decisions=calibration.decisions,
        steps=[StepOut.model_validate(step) for step in calibration.steps],
    )


def dry_run_out(rule: Rule, plan: RulePlan) -> DryRunOut:
    return DryRunOut(
        rule=RuleOut.model_validate(rule),
        pairs=plan.pairs,
        bytes_to_win=plan.bytes_to_win,
        samples=list(plan.samples),
        mark=plan.mark,
    )
