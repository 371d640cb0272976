"""A route whose request may be sent twice: one effect, and the same answer both times."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Self, TypeVar

from fastapi import Depends, Header, Request
from pydantic import ConfigDict

from calotype.database import Database, Transaction
from calotype.errors import Conflict
from calotype.http.asking import Asking
from calotype.http.idempotency import Answer, Idempotency, Turn
from calotype.http.providing import provide
from calotype.http.wire import Wire


class Told(Wire):
    """An answer that may be repeated to whoever sends its request again."""

    model_config = ConfigDict(extra="ignore")

    def without_secrets(self) -> Self:
        return self


class Nothing(Told):
    """An answer without a body."""


ToldBody = TypeVar("ToldBody", bound=Told)
Effect = Callable[[Transaction], Awaitable[ToldBody]]


@dataclass(frozen=True, slots=True)
class Once:
    """Has an effect once per Idempotency-Key; the answer is repeated without its secrets."""

    request: Request
    caller: Asking
    database: Annotated[Database, Depends(provide(Database))]
    idempotency: Annotated[Idempotency, Depends(provide(Idempotency))]
    idempotency_key: Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)] = None

    async def answer(
        self, said: Wire | None, kind: type[ToldBody], effect: Effect[ToldBody]
    ) -> ToldBody:
        """Carry *effect* out in a transaction, or repeat what was answered the first time."""
        address = f"{self.request.url.path}?{self.request.url.query}"
        body = said.model_dump_json(exclude_unset=True) if said else ""
        payload = (self.request.method, address, body)
        async with self.idempotency.turn(self.caller, self.idempotency_key, *payload) as turn:
            answered = await self.idempotency.recall(turn)
            if answered is None:
                answered = await self._act(turn, effect)
            return answered if isinstance(answered, Told) else kind.model_validate(answered.body)

    async def _act(self, turn: Turn, effect: Effect[ToldBody]) -> ToldBody | Answer:
        """Commit effect and answer together; if another node was first, its answer is the one."""
        try:
            async with self.database.transaction(self.caller) as tx:
                answer = await effect(tx)
                kept = answer.without_secrets().model_dump(mode="json", by_alias=True)
                await self.idempotency.settle(tx, turn, Answer(200, kept))
                return answer
        except Conflict:
            answered = await self.idempotency.recall(turn)
            if answered is None:
                raise
            return answered


OnlyOnce = Annotated[Once, Depends()]
