"""The protocol loses nothing in any order of events, and the model would see it if it did."""

import pytest

from tests.laws.model.rules import Cast, Rules
from tests.laws.model.search import Model

# Each of these has been used somewhere, or was proposed as a mend of another one.
KNOWN_BAD = {
    "a counter, the hash as key": (Rules(counts=True, key="hash"), Cast()),
    "a counter, a random key": (Rules(counts=True), Cast()),
    "DELETE inside the transaction": (Rules(collect="inside the transaction"), Cast()),
    "DELETE without a doomed state": (Rules(collect="without a doomed state"), Cast()),
    "four states, the hash as key": (Rules(key="hash"), Cast()),
    "uploads refused while deleting": (Rules(key="hash", refuses_while_deleting=True), Cast()),
    "rows read before the listing": (Rules(reconcile="rows first"), Cast(reconciler=True)),
    "no second statement": (Rules(rechecks=False), Cast()),
    "told before it is on disk": (Rules(acknowledges_durably=False), Cast(crashes=1)),
    "doomed before it is on disk": (Rules(dooms_durably=False), Cast(crashes=1)),
    "healed before it is on disk": (Rules(heals_durably=False), Cast(crashes=1, scrubber=True)),
}

# Who takes part, and how many states that must have been to mean anything.
SMALL = {
    "two uploaders": (Cast(uploaders=2, owner=False, crashes=1), 80_000),
    "a reconciler": (Cast(reconciler=True, releases=True, crashes=1), 35_000),
    "a scrubber": (Cast(scrubber=True, releases=True, crashes=1), 11_000),
}
LARGE = {
    "one uploader and everybody else": (
        Cast(reconciler=True, scrubber=True, releases=True, crashes=2),
        75_000,
    ),
    "two uploaders and an owner": (Cast(uploaders=2), 700_000),
    "two uploaders who let go again": (
        Cast(uploaders=2, owner=False, releases=True, crashes=2),
        90_000,
    ),
}


@pytest.mark.parametrize("name", KNOWN_BAD)
def test_the_model_catches_known_bad_protocols(name: str) -> None:
    verdict = Model(*KNOWN_BAD[name]).explore()
    print(f"{name}: {verdict}")
    assert verdict.violation is not None
    assert verdict.violation.startswith(("LOST", "DANGLING", "FORGOTTEN"))
    assert verdict.trace


@pytest.mark.parametrize("name", SMALL)
def test_nothing_is_lost_and_nothing_stays_behind(name: str) -> None:
    explore(*SMALL[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_nothing_is_lost_with_more_going_on(name: str) -> None:
    explore(*LARGE[name])


def explore(cast: Cast, at_least: int) -> None:
    verdict = Model(Rules(), cast).explore()
    print(f"{cast}: {verdict}")
    assert verdict.violation is None, str(verdict)
    assert verdict.states >= at_least
