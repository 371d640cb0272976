"""Whatever is stopped, and wherever: no picture is lost, none is doubled, nothing is left behind."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from calotype.database import SYSTEM, Caller
from calotype.errors import CalotypeError
from calotype.originals import Keeping, Kept
from calotype.originals.keeping import Arrival
from tests.conftest import Cluster
from tests.laws.crash.boundaries import Interrupted, interrupt
from tests.laws.crash.cuts import Mains, mains
from tests.laws.crash.forks import forking
from tests.laws.crash.scenarios import SCENARIOS, Scenario
from tests.laws.crash.stage import Stage, connect_owner, staged
from tests.laws.crash.verdict import Said, judge

ALL = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda scenario: scenario.name)
A_SAMPLE = 0.08  # of all boundaries, where a real process dies in the fast lane


@pytest.fixture
async def stage(empty_cluster: Cluster, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(empty_cluster, tmp_path / "house") as opened:
        yield opened


async def prepare(stage: Stage, scenario: Scenario) -> set[UUID]:
    """Set the stage; return the media that is there and must not be lost."""
    await stage.empty()
    await scenario.prepare(stage)
    await stage.restart()
    return {row[0] for row in stage.ask("select id from media where original_id is not null")}


async def rehearse(stage: Stage, scenario: Scenario) -> list[str]:
    """Run the scenario in peace and return the boundaries that it came to."""
    before = await prepare(stage, scenario)
    said: Said = []
    await scenario.act(stage, partial(_note, said))
    reached = list(stage.watch.reached)
    await judge(stage, scenario, before, said)
    assert len(reached) >= scenario.boundaries
    return reached


def _note(said: Said, kind: str, media: UUID) -> None:
    said.append((kind, media))


@contextmanager
def blaming(scenario: Scenario, number: int, name: str) -> Iterator[None]:
    """Say with a failure where the operation was stopped."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"{scenario.name}, stopped at boundary {number}: {name}")
        raise


@ALL
async def test_an_interruption_at_any_boundary_loses_nothing(
    stage: Stage, scenario: Scenario
) -> None:
    await interrupt_everywhere(stage, scenario)


async def interrupt_everywhere(stage: Stage, scenario: Scenario) -> None:
    for number, name in enumerate(await rehearse(stage, scenario)):
        with blaming(scenario, number, name):
            before = await prepare(stage, scenario)
            said: Said = []
            stage.watch.act_at(number, interrupt)
            with suppress(Interrupted):
                await scenario.act(stage, partial(_note, said))
            await judge(stage, scenario, before, said)


async def test_a_house_that_writes_rows_before_bytes_is_caught(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A matrix that cannot catch this would prove nothing."""

    async def keep(self: Keeping, caller: Caller, arrival: Arrival) -> Kept | None:
        begun = await self._begin(caller, arrival, None)
        if isinstance(begun, Kept):
            return begun
        kept = await self._finish(caller, arrival, begun)
        await self._put(caller, arrival, begun)
        return kept

    monkeypatch.setattr(Keeping, "keep", keep)
    with pytest.raises(AssertionError, match="object-missing"):
        await interrupt_everywhere(stage, SCENARIOS["upload of new bytes"])


async def sweep_meanwhile(stage: Stage) -> "asyncio.Task[None]":
    """Let all leases expire and remove everything that may be removed.

    What waits for a row that the sleeper holds goes on when the sleeper does.
    """

    async def sweep() -> None:
        for _ in range(2):
            await stage.neighbour.sweeper.sweep()
            await stage.neighbour.sweeper.reconcile()

    stage.pass_time(1)
    sweeping = asyncio.create_task(sweep())
    await asyncio.wait({sweeping}, timeout=0.3)
    return sweeping


UPLOADS = pytest.mark.parametrize(
    "scenario", [s for s in SCENARIOS.values() if s.uploads], ids=lambda scenario: scenario.name
)


@pytest.mark.parametrize("name", ["upload of new bytes", "upload beside a rival"])
async def test_an_upload_that_sleeps_beyond_its_lease_loses_nothing(
    stage: Stage, name: str
) -> None:
    await sleep_everywhere(stage, SCENARIOS[name])


@pytest.mark.slow
@UPLOADS
async def test_an_upload_that_sleeps_anywhere_loses_nothing(
    stage: Stage, scenario: Scenario
) -> None:
    await sleep_everywhere(stage, scenario)


async def sleep_everywhere(stage: Stage, scenario: Scenario) -> None:
    for number, name in enumerate(await rehearse(stage, scenario)):
        with blaming(scenario, number, name):
            before = await prepare(stage, scenario)
            said: Said = []
            sweeps: list[asyncio.Task[None]] = []

            async def sleep(sweeps: list[asyncio.Task[None]] = sweeps) -> None:
                sweeps.append(await sweep_meanwhile(stage))

            stage.watch.act_at(number, sleep)
            with suppress(CalotypeError):
                await scenario.act(stage, partial(_note, said))
            await asyncio.gather(*sweeps)
            await judge(stage, scenario, before, said)


def some(share: float) -> Callable[[list[str]], list[int]]:
    """Choose boundaries evenly, and the last one, where the effect is there but not its echo."""
    step = round(1 / share)
    return lambda names: sorted({*range(step // 2, len(names), step), len(names) - 1})


async def kill_everywhere(stage: Stage, scenario: Scenario, share: float) -> None:
    names = await rehearse(stage, scenario)
    async with forking() as forks:
        for number in some(share)(names):
            with blaming(scenario, number, names[number]):
                before = await prepare(stage, scenario)
                said = await forks.kill_at(stage, scenario, number)
                await judge(stage, scenario, before, said)


async def stop_everywhere(stage: Stage, scenario: Scenario, share: float) -> None:
    names = await rehearse(stage, scenario)
    async with forking() as forks:
        for number in some(share)(names):
            with blaming(scenario, number, names[number]):
                before = await prepare(stage, scenario)
                await forks.stop_at(stage, scenario, number)
                sweeping = await sweep_meanwhile(stage)
                said = await forks.go_on(stage)
                await sweeping
                await judge(stage, scenario, before, said)


@pytest.mark.parametrize("name", ["upload of new bytes", "sweep"])
async def test_a_process_that_is_killed_loses_nothing(stage: Stage, name: str) -> None:
    await kill_everywhere(stage, SCENARIOS[name], A_SAMPLE)


async def test_a_process_that_sleeps_beyond_its_lease_loses_nothing(stage: Stage) -> None:
    await stop_everywhere(stage, SCENARIOS["upload of new bytes"], A_SAMPLE)


@pytest.mark.slow
@ALL
async def test_a_process_that_is_killed_anywhere_loses_nothing(
    stage: Stage, scenario: Scenario
) -> None:
    await kill_everywhere(stage, scenario, 1)


@pytest.mark.slow
@ALL
async def test_a_process_that_sleeps_anywhere_loses_nothing(
    stage: Stage, scenario: Scenario
) -> None:
    await stop_everywhere(stage, scenario, 1)


@pytest.fixture(scope="module")
def power(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mains]:
    with mains(tmp_path_factory.mktemp("mains") / "postgres") as supplied:
        yield supplied


@pytest.fixture
async def powered(power: Mains, tmp_path: Path) -> AsyncIterator[Stage]:
    power.cluster.empty()
    async with staged(power.cluster, tmp_path / "house") as opened:
        yield opened


async def test_a_power_cut_takes_what_was_not_durable_and_nothing_else(
    power: Mains, powered: Stage
) -> None:
    """Without this, the other tests with power cuts would prove nothing."""
    await powered.empty()
    for durable in (True, False):
        async with powered.neighbour.database.transaction(SYSTEM, durable=durable) as tx:
            await tx.connection.execute(
                "insert into stray_objects (object_key, size_bytes) values (%s, 1)", [str(durable)]
            )
    await cut(power, powered)
    assert powered.ask("select object_key from stray_objects") == [("True",)]


async def cut(power: Mains, stage: Stage) -> None:
    await asyncio.to_thread(power.cut)
    stage.owner.close()
    stage.owner = connect_owner(power.cluster.owner_url)


async def cut_everywhere(
    power: Mains, stage: Stage, scenario: Scenario, wanted: Callable[[str], bool]
) -> int:
    """Cut the power at every boundary that is *wanted*; tell how many acknowledged after it."""
    acknowledged = 0
    for number, name in enumerate(await rehearse(stage, scenario)):
        if not wanted(name):
            continue
        with blaming(scenario, number, name):
            before = await prepare(stage, scenario)
            said: Said = []
            stage.watch.act_at(number, partial(cut, power, stage))
            with suppress(CalotypeError):
                await scenario.act(stage, partial(_note, said))
            acknowledged += len(said)
            await judge(stage, scenario, before, said)
    return acknowledged


async def test_a_power_cut_after_the_last_commit_loses_nothing(
    power: Mains, powered: Stage
) -> None:
    scenario = SCENARIOS["upload of new bytes"]
    acknowledged = await cut_everywhere(
        power, powered, scenario, lambda name: name == "Uploads.receive: after commit"
    )
    assert acknowledged == 1


@pytest.mark.slow
@UPLOADS
async def test_a_power_cut_anywhere_loses_nothing(
    power: Mains, powered: Stage, scenario: Scenario
) -> None:
    await cut_everywhere(power, powered, scenario, lambda _: True)
