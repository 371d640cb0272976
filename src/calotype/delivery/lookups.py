"""Looking addresses up; a crowd that asks for the same one at once asks the database once."""

import asyncio
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from calotype.database import ANYBODY, Database
from calotype.delivery import store
from calotype.delivery.model import Found

_Address = tuple[UUID | None, bytes | None]
_Lookup = asyncio.Task[Found | None]


@dataclass(frozen=True, slots=True)
class Lookups:
    """Those who come while a question is under way share its answer."""

    database: Database
    under_way: dict[_Address, _Lookup] = field(default_factory=dict[_Address, _Lookup], repr=False)

    async def find(self, *, media: UUID | None, token: bytes | None) -> Found | None:
        address = (media, token)
        lookup = self.under_way.get(address)
        if lookup is None:
            lookup = asyncio.create_task(self._find(address))
            self.under_way[address] = lookup
            lookup.add_done_callback(partial(self._end, address))
        # Whoever goes away must not take the answer from those who stay.
        return await asyncio.shield(lookup)

    async def _find(self, address: _Address) -> Found | None:
        media, token = address
        async with self.database.snapshot(ANYBODY) as snapshot:
            return await store.find(snapshot, media=media, token=token)

    def _end(self, address: _Address, lookup: _Lookup) -> None:
        del self.under_way[address]
        if not lookup.cancelled():
            lookup.exception()
