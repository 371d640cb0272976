"""The journal: what was done, told to those whom it concerns, and undone once."""

from uuid import UUID, uuid4

import httpx
import pytest

from calotype.app import House
from calotype.database import Caller, new_id
from calotype.journal import Before, Undoing
from tests.conftest import Cluster
from tests.http.speaking import check_problem, of_new_tenant, with_key
from tests.review.conftest import ask, do

PERSON = UUID(int=1)


async def write(house: House, caller: Caller, action: str = "test:done", **before: str) -> UUID:
    entry = new_id()
    async with house.database.transaction(caller) as tx:
        await house.journal.write(tx, entry, action, {"things": 3}, before)
    return entry


async def entries(client: httpx.AsyncClient) -> list[str]:
    answer = await client.get("/api/journal")
    assert answer.status_code == 200, answer.text
    return [entry["id"] for entry in answer.json()["items"]]


async def test_an_entry_tells_what_was_done_and_until_when_it_can_be_undone(
    client: httpx.AsyncClient, house: House, editor: Caller
) -> None:
    entry = await write(house, editor)
    [told] = (await client.get("/api/journal")).json()["items"]
    assert (told["id"], told["action"], told["subjects"]) == (
        str(entry),
        "test:done",
        {"things": 3},
    )
    assert (told["personId"], told["undoable"], told["undoneAt"]) == (str(PERSON), True, None)
    assert told["expiresAt"] > told["createdAt"]


async def test_editors_read_what_they_did_and_admins_all_of_their_tenant(
    client: httpx.AsyncClient, house: House, editor: Caller
) -> None:
    entry = await write(house, editor)
    other = await with_key(client, "editor")
    assert await entries(other) == []
    check_problem(await other.post(f"/api/journal/{entry}/undo"), 404)
    assert await entries(await with_key(client, "admin")) == [str(entry)]
    strangers = await of_new_tenant(client, "others", "admin")
    assert await entries(strangers) == []
    check_problem(await strangers.post(f"/api/journal/{entry}/undo"), 404)
    check_problem(await client.post(f"/api/journal/{uuid4()}/undo"), 404)


async def test_pages_of_the_journal_show_everything_once(
    client: httpx.AsyncClient, house: House, editor: Caller
) -> None:
    written = [str(await write(house, editor)) for _ in range(5)]
    found, cursor = [], None
    for _ in range(3):
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/api/journal", params=asked)).json()
        assert (page["total"], page["totalIsExact"]) == (5, True)
        found += [entry["id"] for entry in page["items"]]
        cursor = page["nextCursor"]
    assert (found, cursor) == (written[::-1], None)


class Undone:
    """Remembers what was undone and let go of."""

    def __init__(self, house: House) -> None:
        self.entries: list[tuple[UUID, Before]] = []
        self.released: list[UUID] = []
        inverses = {"test:done": self.invert}
        self.undoing = Undoing(house.database, house.journal, inverses, self.release)

    async def invert(self, tx, entry: UUID, before: Before) -> None:
        self.entries.append((entry, before))

    async def release(self, tx, released) -> None:
        self.released += released


@pytest.fixture
def undone(house: House) -> Undone:
    return Undone(house)


async def test_undoing_calls_the_inverse_with_how_things_were_and_lets_go(
    house: House, editor: Caller, undone: Undone
) -> None:
    entry = await write(house, editor, name="old")
    async with house.database.transaction(editor) as tx:
        told = await undone.undoing.undo(tx, entry)
    assert (told.undoable, told.before) == (False, None)
    assert told.undone_at is not None
    assert undone.entries == [(entry, {"name": "old"})]
    assert undone.released == [entry]


async def test_of_two_who_undo_at_once_the_second_changes_nothing(
    house: House, editor: Caller, undone: Undone, empty_cluster: Cluster
) -> None:
    entry = await write(house, editor)

    async def also_undone(tx, entry: UUID, before: Before) -> None:
        async with house.database.transaction(editor) as other:
            await undone.undoing.undo(other, entry)

    slow = Undoing(house.database, house.journal, {"test:done": also_undone}, undone.release)
    with pytest.raises(Exception, match="undone before"):
        async with house.database.transaction(editor) as tx:
            await slow.undo(tx, entry)
    assert await ask(house, "select count(*) from journal where undone_at is not null") == [(1,)]


async def test_an_entry_that_is_too_old_is_closed_once_and_not_undone(
    house: House, editor: Caller, undone: Undone
) -> None:
    old, young = await write(house, editor), await write(house, editor)
    await do(house, f"update journal set expires_at = now() where id = '{old}'")
    with pytest.raises(Exception, match="not kept any more"):
        async with house.database.transaction(editor) as tx:
            await undone.undoing.undo(tx, old)
    assert [await undone.undoing.close_expired() for _ in range(2)] == [1, 0]
    assert undone.released == [old]
    assert undone.entries == []
    kept = await ask(house, "select id from journal where before is not null")
    assert kept == [(young,)]
