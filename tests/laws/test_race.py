"""Many processes race for few pictures: nothing that was acknowledged is ever lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Cluster
from tests.laws.race import known_bad
from tests.laws.race.players import LOSSES, Result, Role
from tests.laws.race.soak import EVERYBODY, Soak, shared_folder
from tests.laws.race.way import Tally, Way

WRITERS: dict[Role, int] = {"writer": 8}
SWEPT: dict[Role, int] = {**WRITERS, "collector": 2}
KNOWN_BAD: dict[str, tuple[type[Way], dict[Role, int]]] = {
    "a counter": (known_bad.CounterWay, WRITERS),
    "the hash as key": (known_bad.HashKeyWay, SWEPT),
    "DELETE inside the transaction": (known_bad.DeleteInsideWay, SWEPT),
    "rows read before the listing": (known_bad.RowsFirstWay, EVERYBODY),
    "no second statement": (known_bad.OneStatementWay, SWEPT),
    "the tenant of a session": (known_bad.SessionTenantWay, SWEPT),
}
_CAUGHT_WITHIN_SECONDS = 30
_SHORT_SECONDS = 15
_LONG_SECONDS = 60
_MOST_ROUNDS = 12
_OFTEN = 1_000


@pytest.mark.parametrize("name", KNOWN_BAD)
async def test_the_race_catches_known_bad_ways(
    name: str, empty_cluster: Cluster, tmp_path: Path
) -> None:
    way, players = KNOWN_BAD[name]
    with shared_folder(tmp_path) as folder:
        soak = Soak(empty_cluster.login_url, folder, way, players)
        result = await soak.run(_CAUGHT_WITHIN_SECONDS, stops_when_caught=True)
    report(name, result)
    assert result.trouble is None, result.trouble
    assert any(result.tally[loss] for loss in LOSSES)


@pytest.fixture
def soak(empty_cluster: Cluster, tmp_path: Path) -> Iterator[Soak]:
    """The real thing, with everybody."""
    with shared_folder(tmp_path) as folder:
        yield Soak(empty_cluster.login_url, folder, Way, EVERYBODY)


async def test_a_short_race_loses_nothing(soak: Soak) -> None:
    tally = await race(soak, _SHORT_SECONDS)
    assert min(tally["rescues"], tally["lost leases"], tally["collected"]) > 0


@pytest.mark.slow
async def test_a_long_race_loses_nothing(soak: Soak) -> None:
    """As many rounds as it takes to have tried what it is about a thousand times."""
    tally, tried = Tally(), 0
    for _ in range(_MOST_ROUNDS):
        tally += await race(soak, _LONG_SECONDS)
        tried = min(tally["rescues"], tally["lost leases"] + tally["lost references"])
        if tried >= _OFTEN:
            break
    assert tried >= _OFTEN


async def race(soak: Soak, seconds: float) -> Tally:
    """Race, and look at everything once it is quiet."""
    result = await soak.run(seconds)
    report("the real thing", result)
    assert result.trouble is None, result.trouble
    assert await soak.unsound(result.held) == []
    assert await soak.come_to_rest() == []
    for trouble in (*LOSSES, "collisions", "refused references", "database errors"):
        assert result.tally[trouble] == 0, trouble
    return result.tally


def report(name: str, result: Result) -> None:
    told = ", ".join(f"{count:,} {what}" for what, count in sorted(result.tally.items()) if count)
    print(f"{name}: {told}")
