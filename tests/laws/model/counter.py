"""The obvious way, which loses pictures: a counter, and at zero the object goes, then the row."""

from tests.laws.model.rules import Cast, Rules, Steps
from tests.laws.model.world import FIRST, Reference, World


def uploader(world: World, number: int, rules: Rules, _: Cast) -> Steps:
    """Ask first, then add one to what was found; else write the object, then the row."""
    name, at, mind = world.actors[number]
    key = rules.object_key(name)
    visible = world.rows.visible()
    match at:
        case "start":
            found = world.move(number, "found" if visible else "missed", mind=(visible,))
            yield (name, "looks and finds", visible or "nothing"), found
        case "found":
            yield (name, "adds one to", str(mind[0])), _counted(world, number, str(mind[0]))
        case "missed":
            sent = world._replace(puts=world.puts | {key})
            yield (name, "sends its PUT"), sent.move(number, "putting")
        case "putting" if key not in world.puts:
            rows = world.rows if visible else world.rows.write(name, "live")
            yield (name, "adds its row"), _counted(world.commit(rows), number, visible or name)
        case _:
            return
    yield (name, "dies"), world.move(number, "dead")


def _counted(world: World, number: int, row: str) -> World:
    """The foreign key refuses a row that is gone."""
    name = world.actors[number].name
    if world.rows.state(row) is None:
        return world.move(number, "refused")
    counted = world.rows.recount(row, world.rows.count(row) + 1).hold(name, row, leased=False)
    told = world.commit(counted)._replace(acknowledged=world.acknowledged | {name})
    return told.move(number, "acknowledged")


def owner(world: World, number: int, rules: Rules, _: Cast) -> Steps:
    """Delete the picture, take one off the counter, and at zero the object and the row."""
    name, at, *_ = world.actors[number]
    rows, sent = world.rows, (rules.object_key(FIRST), 0)
    match at:
        case "start":
            let_go = world.commit(rows.let_go(Reference(name, FIRST)))
            forgotten = let_go._replace(acknowledged=world.acknowledged - {name})
            yield (name, "deletes the picture"), forgotten.move(number, "deleted")
        case "deleted":
            left = max(0, rows.count(FIRST) - 1)
            counted = world.commit(rows.recount(FIRST, left))
            yield (
                (name, "counts down to", str(left)),
                counted.move(number, "done" if left else "zero"),
            )
        case "zero":
            deleting = world._replace(deletes=world.deletes | {sent})
            yield (name, "sends DELETE"), deleting.move(number, "waits")
        case "waits" if sent not in world.deletes:
            yield (name, "removes the row"), world.commit(rows.without(FIRST)).move(number, "done")
        case _:
            return
    yield (name, "dies"), world.move(number, "dead")
