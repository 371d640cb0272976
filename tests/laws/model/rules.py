"""Which protocol the actors follow; the defaults are the protocol as it is built."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tests.laws.model.world import Label, World

Steps = Iterator[tuple[Label, World]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Every flag that is not at its default is a known way to lose pictures."""

    key: Literal["random", "hash"] = "random"
    counts: bool = False
    collect: Literal["doomed first", "inside the transaction", "without a doomed state"] = (
        "doomed first"
    )
    refuses_while_deleting: bool = False
    reconcile: Literal["list first", "rows first"] = "list first"
    rechecks: bool = True
    acknowledges_durably: bool = True
    dooms_durably: bool = True
    heals_durably: bool = True

    def object_key(self, row: str) -> str:
        return "hash" if self.key == "hash" else f"key-{row}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who takes part, and how much may happen."""

    uploaders: int = 1
    owner: bool = True
    releases: bool = False
    reconciler: bool = False
    scrubber: bool = False
    crashes: int = 0

    @property
    def names(self) -> list[str]:
        uploaders = [f"uploader {number + 1}" for number in range(self.uploaders)]
        owner = ["owner"] * self.owner
        others = ["reconciler"] * self.reconciler + ["scrubber"] * self.scrubber
        return [*uploaders, *owner, "collector", *others]
