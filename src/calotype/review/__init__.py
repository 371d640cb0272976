"""Review: what repeats what, before it is sent and after; verdicts, and rules that act on them."""

from calotype.review.calibration import Calibration
from calotype.review.checking import Checking
from calotype.review.checks import REVIEW_CHECKS
from calotype.review.comparing import Comparing
from calotype.review.errors import (
    AlreadyDecided,
    DuplicateMissing,
    EmptyFile,
    KeepUnknown,
    PlanChanged,
    RuleMissing,
)
from calotype.review.model import Checked, Compare, Decided, Found, Match, Pair, Rule, RulePlan
from calotype.review.queueing import Queue, Shown
from calotype.review.rules import Rules
from calotype.review.settling import Settling
from calotype.review.store import Judgement

__all__ = [
    "REVIEW_CHECKS",
    "AlreadyDecided",
    "Calibration",
    "Checked",
    "Checking",
    "Compare",
    "Comparing",
    "Decided",
    "DuplicateMissing",
    "EmptyFile",
    "Found",
    "Judgement",
    "KeepUnknown",
    "Match",
    "Pair",
    "PlanChanged",
    "Queue",
    "Rule",
    "RuleMissing",
    "RulePlan",
    "Rules",
    "Settling",
    "Shown",
]
