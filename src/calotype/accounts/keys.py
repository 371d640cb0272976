"""API keys: made, listed, revoked, and recognised by their secret."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from calotype.accounts import store
from calotype.accounts.errors import ExpiryPast, KeyMissing
from calotype.accounts.model import ApiKey, KeyHolder, KeyRole, NewKey, fit_name
from calotype.accounts.permissions import require_admin, require_grant
from calotype.accounts.secret import KEY_PREFIX, hash_secret, new_secret
from calotype.database import ANYBODY, Database, Snapshot, Transaction
from calotype.errors import CalotypeError

log = structlog.get_logger()

_EXACT_TO = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a tenant; each is a principal of its own and owns what it makes."""

    database: Database
    notes: dict[UUID, asyncio.Task[None]] = field(default_factory=dict[UUID, asyncio.Task[None]])

    async def create(
        self, tx: Transaction, role: KeyRole, name: str = "", expires_at: datetime | None = None
    ) -> NewKey:
        """Make a key of the caller's tenant; its secret is kept nowhere."""
        require_grant(tx.caller, role)
        if expires_at is not None and expires_at <= datetime.now(UTC):
            raise ExpiryPast
        secret = new_secret(KEY_PREFIX)
        key = await store.add_key(tx, hash_secret(secret), role, fit_name(name), expires_at)
        log.info("accounts.key_made", key=str(key.id), role=role)
        return NewKey(key, secret)

    async def list_keys(
        self, snapshot: Snapshot, *, after: UUID | None = None, limit: int
    ) -> tuple[list[ApiKey], int]:
        """Return keys in the order in which they were made, and how many there are."""
        require_admin(snapshot.caller)
        return await store.list_keys(snapshot, after, limit), await store.count_keys(snapshot)

    async def revoke(self, tx: Transaction, key_id: UUID) -> ApiKey:
        """Make a key useless from now on; revoking it again changes nothing."""
        require_admin(tx.caller)
        revoked = await store.revoke_key(tx, key_id)
        if revoked is None:
            raise KeyMissing
        log.info("accounts.key_revoked", key=str(key_id))
        return revoked

    async def find(self, secret: str) -> KeyHolder | None:
        """Return whom a secret stands for, if its key is valid."""
        async with self.database.snapshot(ANYBODY) as snapshot:
            found = await store.find_key(snapshot, hash_secret(secret))
        if found is not None:
            self._note_use(found)
        return found

    def _note_use(self, key: KeyHolder) -> None:
        """Have the use written down, at most once a minute and while nobody waits for it."""
        fresh = key.last_used_at and datetime.now(UTC) - key.last_used_at < _EXACT_TO
        if fresh or key.id in self.notes:
            return
        note = asyncio.create_task(self._write_use(key.id))
        self.notes[key.id] = note
        note.add_done_callback(lambda _: self.notes.pop(key.id))

    async def _write_use(self, key_id: UUID) -> None:
        try:
            async with self.database.transaction(ANYBODY) as tx:
                await store.note_key_use(tx, key_id)
        except CalotypeError as error:
            log.warning("accounts.key_use_unwritten", key=str(key_id), error=str(error))

    async def settle(self) -> None:
        """Wait until every use so far is written down."""
        await asyncio.gather(*self.notes.values())
