"""Anything a person, a clock or a crash may do, in any order, never loses a held picture."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from calotype.database import Transaction
from calotype.storage import Objects
from tests.conftest import Cluster
from tests.laws.crash.stage import staged
from tests.laws.machine.machine import Machine
from tests.storage.faults import FaultyObjects, Plan

HITS = {
    "upload", "upload by another tenant", "upload of similar bytes", "batch",
    "retry with the same key, another payload and another key",
    "upload to a failing store, met", "store that errs", "crash while uploading",
    "upload that falls asleep", "upload that woke up", "upload that slept too long",
    "upload that heals", "link", "unlink", "trash", "delete at once", "crash while deleting",
    "restore", "empty the trash", "crash while emptying the trash", "sweep", "reconcile", "scrub",
    "crash in sweep", "crash in reconcile", "crash in scrub", "sweep with a failing store",
    "reconcile with a failing store", "scrub with a failing store", "clock jump", "late landing",
    "bit flip that scrub found", "doctor", "wound up",
}  # fmt: skip


def explore(cluster: Cluster, folder: Path, wanted: settings) -> Counter[str]:
    """Run the machine on the real house; return how often each thing was done."""
    plan, faulty = Plan(), list[FaultyObjects]()

    def wrap(objects: Objects) -> Objects:
        faulty.append(FaultyObjects(objects, plan))
        return faulty[-1]

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        entering = stack.enter_async_context(staged(cluster, folder, wrap=wrap))
        names = {"runner": runner, "plan": plan, "faulty": faulty, "hits": Counter[str]()}
        here = type("Here", (Machine,), {**names, "stage": runner.run(entering)})
        try:
            run_state_machine_as_test(here, settings=wanted)
        finally:
            runner.run(stack.aclose())
    return here.hits


def chosen(examples: int, steps: int, **more: Any) -> settings:
    return settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, database=None,
        suppress_health_check=list(HealthCheck), **more,
    )  # fmt: skip


def test_no_order_of_events_loses_a_picture(empty_cluster: Cluster, tmp_path: Path) -> None:
    hits = explore(empty_cluster, tmp_path / "house", chosen(20, 30, derandomize=True))
    assert HITS - hits.keys() == set()


def test_a_house_that_lets_go_of_what_is_held_is_caught(
    empty_cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that cannot catch this would prove nothing."""

    async def condemn(tx: Transaction, originals: Sequence[UUID]) -> None:
        await tx.connection.execute(
            "update originals set state = 'condemned' where id = any(%s)", [list(originals)]
        )

    monkeypatch.setattr("calotype.originals.store.condemn_unreferenced", condemn)
    with pytest.raises(BaseException, match="Failing test case"):
        explore(
            empty_cluster, tmp_path / "house",
            chosen(50, 30, derandomize=True, phases=[Phase.generate]),
        )  # fmt: skip


@pytest.mark.slow
def test_no_order_of_events_loses_a_picture_however_long_one_tries(
    empty_cluster: Cluster, tmp_path: Path
) -> None:
    hits = explore(empty_cluster, tmp_path / "house", chosen(300, 60))
    assert HITS - hits.keys() == set()
