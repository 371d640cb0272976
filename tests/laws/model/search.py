"""Exploring every state that the actors can reach, and judging each."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from tests.laws.model import built, counter
from tests.laws.model.rules import Cast, Rules, Steps
from tests.laws.model.world import FIRST, HELD, Actor, Label, Rows, World

Act = Callable[[World, int, Rules, Cast], Steps]

_BUILT: dict[str, Act] = {
    "uploader": built.uploader,
    "owner": built.owner,
    "collector": built.collector,
    "reconciler": built.reconciler,
    "scrubber": built.scrubber,
}
_COUNTER: dict[str, Act] = {"uploader": counter.uploader, "owner": counter.owner}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a search found: everything that can happen, and the first that must not."""

    states: int
    steps: int
    ends: int
    violation: str | None
    trace: tuple[str, ...]

    def __str__(self) -> str:
        told = f"{self.states:,} states, {self.steps:,} steps, {self.ends:,} ends: "
        return told + "\n    ".join([self.violation or "safe", *self.trace])


@dataclass(frozen=True, slots=True)
class Model:
    """One protocol, played by one cast."""

    rules: Rules
    cast: Cast

    def explore(self) -> Verdict:
        """Breadth first, so that the trace of a violation is a shortest one."""
        start = self.start()
        came_from: dict[World, World | None] = {start: None}
        waiting = deque([start])
        steps = ends = 0
        leaking: World | None = None
        while waiting:
            world = waiting.popleft()
            if self.violation(world):
                return self._verdict(world, came_from, steps, ends)
            following = {after for _, after in self.steps(world)} - {world}
            steps += len(following)
            if not following:
                ends += 1
                leaking = leaking or (world if self.leak(world) else None)
            for after in following:
                if after not in came_from:
                    came_from[after] = world
                    waiting.append(after)
        return self._verdict(leaking, came_from, steps, ends)

    def _verdict(
        self, bad: World | None, came_from: dict[World, World | None], steps: int, ends: int
    ) -> Verdict:
        """A leak counts only where nothing worse can happen."""
        if bad is None:
            return Verdict(len(came_from), steps, ends, None, ())
        trouble = self.violation(bad) or self.leak(bad)
        return Verdict(len(came_from), steps, ends, trouble, tuple(self._trace(bad, came_from)))

    def start(self) -> World:
        """One live original held by its owner, or nothing at all."""
        rows = Rows(frozenset(), frozenset())
        if self.cast.owner:
            rows = rows.write(FIRST, "live").hold("owner", FIRST, leased=False)
        return World(
            log=(rows.recount(FIRST, 1) if self.rules.counts else rows,),
            objects=frozenset(self.rules.object_key(row) for row, _ in rows.states),
            actors=tuple(Actor(name, "start") for name in self.cast.names),
            acknowledged=frozenset({"owner"} if self.cast.owner else ()),
            crashes_left=self.cast.crashes,
        )

    def steps(self, world: World) -> Steps:
        """Everything that may happen next."""
        yield from _landings(world)
        yield from _database_crashes(world)
        acts = _COUNTER if self.rules.counts else _BUILT
        for number, actor in enumerate(world.actors):
            if act := acts.get(actor.name.split()[0]):
                yield from act(world, number, self.rules, self.cast)

    def violation(self, world: World) -> str | None:
        """Whatever is referred to has its bytes, and whatever was acknowledged is referred to."""
        rows = world.rows
        for holder, row, _ in rows.references:
            if rows.state(row) not in HELD:
                return f"DANGLING: {holder} refers to {row}, which is {rows.state(row)}"
            if self.rules.object_key(row) not in world.objects:
                return f"LOST: {holder} refers to {row}, whose object is gone"
        owners = {reference.holder for reference in rows.references if not reference.leased}
        forgotten = sorted(world.acknowledged - owners)
        return f"FORGOTTEN: {forgotten[0]} was acknowledged" if forgotten else None

    def leak(self, world: World) -> str | None:
        """At rest nothing is kept that nobody needs, but strays where nobody reconciles."""
        needed = {row for _, row, _ in world.rows.references}
        idle = sorted({row for row, _ in world.rows.states} - needed)
        if idle:
            return f"LEAK: {idle[0]} stays {world.rows.state(idle[0])} for ever"
        strays = sorted(world.objects - {self.rules.object_key(row) for row in needed})
        if strays and self.cast.reconciler:
            return f"LEAK: {strays[0]} stays in the store for ever"
        return None

    def _trace(self, world: World, came_from: dict[World, World | None]) -> Iterator[str]:
        path = [world]
        while before := came_from[path[-1]]:
            path.append(before)
        path.reverse()
        for before, after in pairwise(path):
            yield " ".join(_label(self.steps(before), after))


def _label(steps: Steps, wanted: World) -> Label:
    return next(label for label, after in steps if after == wanted)


def _landings(world: World) -> Steps:
    for key in world.puts:
        landed = world._replace(objects=world.objects | {key}, puts=world.puts - {key})
        yield ("PUT", key, "lands"), landed
    for sent in world.deletes:
        landed = world._replace(objects=world.objects - {sent[0]}, deletes=world.deletes - {sent})
        yield ("DELETE", sent[0], "lands"), landed


def _database_crashes(world: World) -> Steps:
    """Any number of the last commits that did not wait for the disk are lost."""
    if world.crashes_left:
        for kept, rows in enumerate(world.log[:-1], start=1):
            lost = str(len(world.log) - kept)
            crashed = world._replace(log=(rows,), crashes_left=world.crashes_left - 1)
            yield ("the database crashes and loses", lost, "commits"), crashed
