"""The world of the model: rows, objects, requests on their way, and whoever acts.

There is one content only, so everybody collides. A transaction is one step. A request to the
object store is two: it is sent, and it lands, however late and whether or not its sender lives.
"""

from typing import NamedTuple, Self

FIRST = "0"
SEEN = ("live", "condemned")
HELD = ("live", "quarantined")

Label = tuple[str, ...]


class Reference(NamedTuple):
    """This holder needs that row."""

    holder: str
    row: str
    leased: bool = False


class Rows(NamedTuple):
    """What a database says; `counts` is for those who count instead of referring."""

    states: frozenset[tuple[str, str]]
    references: frozenset[Reference]
    counts: frozenset[tuple[str, int]] = frozenset()

    def state(self, row: str) -> str | None:
        return next((state for found, state in self.states if found == row), None)

    def visible(self) -> str | None:
        return next((row for row, state in self.states if state in SEEN), None)

    def in_state(self, wanted: str) -> list[str]:
        return [row for row, state in self.states if state == wanted]

    def is_held(self, row: str) -> bool:
        return any(reference.row == row for reference in self.references)

    def write(self, row: str, state: str) -> Self:
        return self._replace(states=self.without(row).states | {(row, state)})

    def without(self, row: str) -> Self:
        return self._replace(states=frozenset(pair for pair in self.states if pair[0] != row))

    def hold(self, holder: str, row: str, *, leased: bool) -> Self:
        return self._replace(references=self.references | {Reference(holder, row, leased)})

    def let_go(self, reference: Reference) -> Self:
        return self._replace(references=self.references - {reference})

    def count(self, row: str) -> int:
        return dict(self.counts).get(row, 0)

    def recount(self, row: str, count: int) -> Self:
        others = frozenset(pair for pair in self.counts if pair[0] != row)
        return self._replace(counts=others | {(row, count)})


class Actor(NamedTuple):
    """Somebody, the step that they are at, and what they remember."""

    name: str
    at: str
    mind: tuple[object, ...] = ()


class World(NamedTuple):
    """One state of everything.

    The log ends with what everybody sees. What stands before it was committed earlier: a crash of
    the database may fall back to any of it, since nothing after the first was on disk for sure.
    """

    log: tuple[Rows, ...]
    objects: frozenset[str]
    actors: tuple[Actor, ...]
    acknowledged: frozenset[str]
    puts: frozenset[str] = frozenset()
    deletes: frozenset[tuple[str, int]] = frozenset()
    crashes_left: int = 0

    @property
    def rows(self) -> Rows:
        return self.log[-1]

    def commit(self, rows: Rows, *, durable: bool = True) -> Self:
        """A durable commit brings everything before it to the disk, too."""
        if rows == self.rows:
            return self
        return self._replace(log=(rows,) if durable else (*self.log, rows))

    def move(self, number: int, at: str, *, mind: tuple[object, ...] = ()) -> Self:
        actors = list(self.actors)
        actors[number] = Actor(actors[number].name, at, mind)
        return self._replace(actors=tuple(actors))
