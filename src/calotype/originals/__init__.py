"""Originals: every distinct file, kept once, for as long as something refers to it."""

from calotype.originals.checks import ORIGINAL_CHECKS, STORE_CHECKS, Check, Finding
from calotype.originals.doctor import (
    Doctor,
    Level,
    Probe,
    Subset,
    repairable,
)
from calotype.originals.errors import (
    KeepContended,
    NothingToRepair,
    OriginalMissing,
    OriginalStillNamed,
    ReferenceLost,
    RepairHalted,
    SizesDiffer,
    StoreForeign,
)
from calotype.originals.keeping import Keeping
from calotype.originals.model import (
    CATALOGUE_SCOPE,
    Examined,
    Facts,
    Holder,
    Kept,
    Original,
    Reconciled,
    Stats,
    SweepPlan,
    Swept,
)
from calotype.originals.scrubbing import Scrubber
from calotype.originals.service import Originals
from calotype.originals.sweeping import ORIGINALS, KeySpace, Sweeper

__all__ = [
    "CATALOGUE_SCOPE",
    "ORIGINALS",
    "ORIGINAL_CHECKS",
    "STORE_CHECKS",
    "Check",
    "Doctor",
    "Examined",
    "Facts",
    "Finding",
    "Holder",
    "KeepContended",
    "Keeping",
    "Kept",
    "KeySpace",
    "Level",
    "NothingToRepair",
    "Original",
    "OriginalMissing",
    "OriginalStillNamed",
    "Originals",
    "Probe",
    "Reconciled",
    "ReferenceLost",
    "RepairHalted",
    "Scrubber",
    "SizesDiffer",
    "Stats",
    "StoreForeign",
    "Subset",
    "SweepPlan",
    "Sweeper",
    "Swept",
    "repairable",
]
