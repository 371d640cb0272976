"""The protocol as it is built, step by step: keep, release, collect, reap, reconcile, heal."""

from collections.abc import Callable

from tests.laws.model.rules import Cast, Rules, Steps
from tests.laws.model.world import FIRST, SEEN, Reference, Rows, World

# ── Keep ──────────────────────────────────────────────────────────────────────────────────────


def uploader(world: World, number: int, rules: Rules, cast: Cast) -> Steps:
    """Keep the bytes, take the leased reference over, and perhaps let go of it again."""
    name, at, *_ = world.actors[number]
    if at == "acknowledged":
        yield from release(world, number, rules) if cast.releases else ()
    elif act := _KEEPING.get(at):
        yield from act(world, number, rules)
        yield (name, "dies"), world.move(number, "dead")


def _begin(world: World, number: int, rules: Rules) -> Steps:
    name = world.actors[number].name
    if any(actor.mind[:1] == ("locked",) for actor in world.actors):
        return
    if rules.refuses_while_deleting and world.rows.in_state("deleting"):
        yield (name, "is refused"), world.move(number, "refused")
    elif world.rows.visible():
        yield from _join(world, number, rules)
    else:
        announced = world.commit(world.rows.write(name, "pending"), durable=False)
        yield (name, "adds a pending row"), announced.move(number, "announced")


def _join(world: World, number: int, _: Rules) -> Steps:
    """Hold what is visible, condemned or not; without it the client has to send again."""
    name = world.actors[number].name
    visible = world.rows.visible()
    if visible is None:
        yield (name, "is refused"), world.move(number, "refused")
    else:
        held = world.rows.write(visible, "live").hold(name, visible, leased=True)
        kept = world.commit(held, durable=False).move(number, "kept")
        yield (name, "attaches to", visible), kept


def _put(world: World, number: int, rules: Rules) -> Steps:
    """Whoever stops waiting for the answer dies here, and the request may land all the same."""
    name, at, *_ = world.actors[number]
    key = rules.object_key(name)
    if at == "announced":
        sent = world._replace(puts=world.puts | {key})
        yield (name, "sends its PUT"), sent.move(number, "putting")
    elif key not in world.puts:
        yield (name, "hears that it landed"), world.move(number, "stored")


def _finish(world: World, number: int, rules: Rules) -> Steps:
    name = world.actors[number].name
    if world.rows.state(name) != "pending":
        yield (name, "has lost its lease"), world.move(number, "joining")
    elif world.rows.visible():
        yield (name, "violates the unique index"), world.move(number, "beaten")
    else:
        live = world.rows.write(name, "live").hold(name, name, leased=True)
        healed = _heal(live, name)
        committed = world.commit(healed, durable=rules.heals_durably and healed != live)
        yield (name, "makes its row live"), committed.move(number, "kept")


def _heal(rows: Rows, sound: str) -> Rows:
    """Whoever held damaged bytes holds the sound ones; the damaged ones may go."""
    for damaged in rows.in_state("quarantined"):
        for reference in rows.references:
            if reference.row == damaged:
                rows = rows.let_go(reference).hold(reference.holder, sound, leased=reference.leased)
        rows = rows.write(damaged, "deleting")
    return rows


def _take_over(world: World, number: int, rules: Rules) -> Steps:
    """Only here is anything acknowledged."""
    name = world.actors[number].name
    leased = next((found for found in world.rows.references if found.holder == name), None)
    if leased is None:
        yield (name, "has lost its reference"), world.move(number, "refused")
        return
    owned = world.rows.let_go(leased).hold(name, leased.row, leased=False)
    committed = world.commit(owned, durable=rules.acknowledges_durably)
    told = committed._replace(acknowledged=world.acknowledged | {name})
    yield (name, "is acknowledged"), told.move(number, "acknowledged")


def _give_up(world: World, number: int, _: Rules) -> Steps:
    name = world.actors[number].name
    mine = world.rows.state(name) == "pending"
    given_up = world.commit(world.rows.write(name, "deleting")) if mine else world
    yield (name, "gives its row up"), given_up.move(number, "joining")


_KEEPING: dict[str, Callable[[World, int, Rules], Steps]] = {
    "start": _begin,
    "announced": _put,
    "putting": _put,
    "stored": _finish,
    "beaten": _give_up,
    "joining": _join,
    "kept": _take_over,
}


# ── Release ───────────────────────────────────────────────────────────────────────────────────


def owner(world: World, number: int, rules: Rules, _: Cast) -> Steps:
    """Holds the first original from the beginning, and lets go of it at some time."""
    if world.actors[number].at in {"start", "judged"}:
        yield from release(world, number, rules)


def release(world: World, number: int, rules: Rules) -> Steps:
    """Without a second statement the judgement is older than the lock."""
    name, at, mind = world.actors[number]
    reference = next(found for found in world.rows.references if found.holder == name)
    let_go = world.rows.let_go(reference)
    if not rules.rechecks and at != "judged":
        unheld = not let_go.is_held(reference.row)
        yield (
            (name, "judges: unheld" if unheld else "judges: held"),
            world.move(number, "judged", mind=(unheld,)),
        )
        return
    unheld = mind[0] if at == "judged" else not let_go.is_held(reference.row)
    rows = _condemned(let_go, reference) if unheld else let_go
    forgotten = world.commit(rows)._replace(acknowledged=world.acknowledged - {name})
    yield (name, "releases", reference.row), forgotten.move(number, "gone")


def _condemned(rows: Rows, reference: Reference) -> Rows:
    """Nobody can come back for what is quarantined: it goes at once."""
    state = rows.state(reference.row)
    after = {"live": "condemned", "quarantined": "deleting"}.get(state or "")
    return rows.write(reference.row, after) if after else rows


# ── Collect and reap ──────────────────────────────────────────────────────────────────────────


def collector(world: World, number: int, rules: Rules, _: Cast) -> Steps:
    """Leases end whenever it pleases and there is no grace: time protects nobody."""
    yield from _reap(world)
    if rules.collect == "doomed first":
        yield from _doom(world, rules)
        yield from _remove(world, number, rules, "deleting")
    elif rules.collect == "without a doomed state":
        yield from _remove(world, number, rules, "condemned")
    else:
        yield from _remove_inside(world, number, rules)


def _reap(world: World) -> Steps:
    rows = world.rows
    for row in rows.in_state("pending"):
        yield ("collector", "reaps", row), world.commit(rows.write(row, "deleting"))
    for reference in rows.references:
        if reference.leased:
            let_go = rows.let_go(reference)
            held = let_go.is_held(reference.row)
            reaped = let_go if held else _condemned(let_go, reference)
            yield ("collector", "reaps the lease of", reference.holder), world.commit(reaped)


def _doom(world: World, rules: Rules) -> Steps:
    rows = world.rows
    for row in rows.in_state("condemned"):
        if not rules.rechecks or not rows.is_held(row):
            doomed = world.commit(rows.write(row, "deleting"), durable=rules.dooms_durably)
            yield ("collector", "dooms", row), doomed


def _remove(world: World, number: int, rules: Rules, state: str) -> Steps:
    """The bytes, then the row; whoever sends a DELETE may stop waiting for it."""
    match world.actors[number].mind:
        case ():
            for row in world.rows.in_state(state):
                if not world.rows.is_held(row):
                    yield from _send_delete(world, number, rules, row)
        case ("waits", row, key, attempt):
            if (key, attempt) not in world.deletes:
                yield ("collector", "hears that", key, "is gone"), _idle(world, number, "sure", row)
            yield ("collector", "stops waiting for", key), _idle(world, number)
        case ("sure", row):
            rows = world.rows
            may_go = rows.state(row) == state and not rows.is_held(row)
            buried = world.commit(rows.without(row)) if may_go else world
            yield ("collector", "buries", row), _idle(buried, number)


def _send_delete(world: World, number: int, rules: Rules, row: str) -> Steps:
    key = rules.object_key(row)
    for attempt in (0, 1):
        if (key, attempt) not in world.deletes:
            sent = world._replace(deletes=world.deletes | {(key, attempt)})
            yield (
                ("collector", "sends DELETE", key),
                _idle(sent, number, "waits", row, key, attempt),
            )
            return


def _remove_inside(world: World, number: int, rules: Rules) -> Steps:
    """The row stays locked while the object is removed; an abort only unlocks it."""
    match world.actors[number].mind:
        case ():
            for row in world.rows.in_state("condemned"):
                key = rules.object_key(row)
                sent = world._replace(deletes=world.deletes | {(key, 0)})
                yield (
                    ("collector", "locks", row, "and sends DELETE"),
                    _idle(sent, number, "locked", row, key),
                )
        case ("locked", row, key):
            if (key, 0) not in world.deletes:
                committed = world.commit(world.rows.without(row))
                yield ("collector", "removes", row, "and commits"), _idle(committed, number)
            yield ("collector", "aborts"), _idle(world, number)


def _idle(world: World, number: int, *mind: object) -> World:
    return world.move(number, "start", mind=mind)


# ── Reconcile and scrub ───────────────────────────────────────────────────────────────────────


def reconciler(world: World, number: int, rules: Rules, _: Cast) -> Steps:
    """One look is enough here: that there are two, a day apart, protects nobody either."""
    _, at, mind = world.actors[number]
    keys = frozenset(rules.object_key(row) for row, _ in world.rows.states)
    listing = rules.reconcile == "list first"
    if at == "start" or (at == "rested" and world.objects - keys):
        at = "looking"
    match at:
        case "looking":
            noted = world.objects if listing else keys
            yield (
                ("reconciler", "lists" if listing else "reads all rows"),
                world.move(number, "noted", mind=(noted,)),
            )
        case "noted":
            strays = mind[0] - keys if listing else world.objects - mind[0]
            yield ("reconciler", "compares"), _chasing(world, number, strays)
        case "strays":
            for key in mind[0]:
                sent = world._replace(deletes=world.deletes | {(key, 2)})
                yield ("reconciler", "sends DELETE", key), _chasing(sent, number, mind[0] - {key})
        case _:
            return


def _chasing(world: World, number: int, strays: frozenset[str]) -> World:
    return world.move(number, "strays", mind=(strays,)) if strays else world.move(number, "rested")


def scrubber(world: World, number: int, _: Rules, __: Cast) -> Steps:
    """Takes the first original for damaged, once."""
    if world.actors[number].at == "start" and world.rows.state(FIRST) in SEEN:
        after = "deleting" if world.rows.state(FIRST) == "condemned" else "quarantined"
        judged = world.commit(world.rows.write(FIRST, after))
        yield ("scrubber", "makes", FIRST, after), judged.move(number, "done")
