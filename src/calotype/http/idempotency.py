"""The same request sent twice has one effect and one answer.

The answer is written in the transaction of the effect, so there is no state to be stuck in: a
process that dies leaves either both or nothing. A second request that runs on another node
meets the first one's row and repeats its answer.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from calotype.database import Caller, Database, Transaction, execute, one
from calotype.digest import Digest
from calotype.errors import Conflict, Invalid

NOBODY = UUID(int=0)


class KeyReused(Invalid):
    """This Idempotency-Key was used before, with another payload."""


@dataclass
class StillRunning(Conflict):
    """The first request with this Idempotency-Key is still running."""

    retry_after: int = 1

    def __post_init__(self) -> None:
        super().__init__()


class AnsweredMeanwhile(Conflict):
    """Another node answered the same request at the same time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered the first time."""

    status: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to answer a request; without a key every request has its own."""

    caller: Caller
    key: str | None
    payload: bytes

    @property
    def principal(self) -> UUID:
        return self.caller.person or NOBODY

    @property
    def names(self) -> dict[str, object]:
        return {"tenant": self.caller.tenant, "principal": self.principal, "key": self.key}


@dataclass(frozen=True, slots=True)
class _Answered:
    payload_hash: bytes
    status: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Remembers answers for a day."""

    database: Database
    running: set[tuple[UUID | None, UUID, str]] = field(
        default_factory=set[tuple[UUID | None, UUID, str]]
    )

    @asynccontextmanager
    async def turn(self, caller: Caller, key: str | None, *payload: str) -> AsyncGenerator[Turn]:
        """Take the turn for *key*; while it is held, the same request is told to wait."""
        turn = Turn(caller, key, Digest.of("\x00".join(payload).encode()).raw)
        if key is None:
            yield turn
            return
        mark = (caller.tenant, turn.principal, key)
        if mark in self.running:
            raise StillRunning
        self.running.add(mark)
        try:
            yield turn
        finally:
            self.running.discard(mark)

    async def recall(self, turn: Turn) -> Answer | None:
        """Return the answer that was given before, if there was one."""
        if turn.key is None:
            return None
        async with self.database.snapshot(turn.caller) as snapshot:
            found = await one(
                snapshot,
                _Answered,
                "select payload_hash, status, body from idempotency_keys where"
                " tenant_id = %(tenant)s and principal = %(principal)s and key = %(key)s"
                " and expires_at > now()",
                turn.names,
            )
        if found is None:
            return None
        if found.payload_hash != turn.payload:
            raise KeyReused
        return Answer(found.status, found.body)

    async def settle(self, tx: Transaction, turn: Turn, answer: Answer) -> None:
        """Write the answer down with its effect; whoever comes second is rolled back."""
        if turn.key is None:
            return
        settled = await execute(
            tx,
            """
            insert into idempotency_keys
                (tenant_id, principal, key, payload_hash, status, body, expires_at)
            values (%(tenant)s, %(principal)s, %(key)s, %(payload)s, %(status)s, %(body)s,
                now() + interval '24 hours')
            on conflict (tenant_id, principal, key) do update
                set payload_hash = excluded.payload_hash, status = excluded.status,
                    body = excluded.body, expires_at = excluded.expires_at
                where idempotency_keys.expires_at <= now()
            """,
            {
                **turn.names,
                "payload": turn.payload,
                "status": answer.status,
                "body": Jsonb(answer.body),
            },
        )
        if not settled:
            raise AnsweredMeanwhile
