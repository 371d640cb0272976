"""Answers that are asked for often, in memory: what everybody with an address may have."""

import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

_LIFE_SECONDS = 60.0
_OVERHEAD_BYTES = 1024
"""What an answer takes beside its body."""

Header = tuple[bytes, bytes]


class Key(NamedTuple):
    """An address with its signature, and the format where the address names none."""

    path: str
    query: bytes
    format: str


@dataclass(frozen=True, slots=True)
class HotAnswer:
    """A whole answer, and until when (Unix time) its signature holds, if it has one."""

    media: UUID
    headers: tuple[Header, ...]
    body: bytes
    etag: bytes
    signed_until: int | None
    for_strangers_only: bool

    @property
    def size_bytes(self) -> int:
        return len(self.body) + _OVERHEAD_BYTES


@dataclass(slots=True)
class HotAnswers:
    """A bounded memory: what changes is forgotten at once, and everything after a minute.

    While nobody tells what changes, nothing is remembered.
    """

    limit_bytes: int
    hears_of_changes: bool = False
    changes: int = 0
    _kept: OrderedDict[Key, tuple[float, HotAnswer]] = field(
        default_factory=OrderedDict[Key, tuple[float, HotAnswer]]
    )
    _of_media: dict[UUID, set[Key]] = field(default_factory=dict[UUID, set[Key]])
    _size_bytes: int = 0

    def find(self, key: Key) -> HotAnswer | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        until, answer = kept
        if until < time.monotonic():
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return answer

    def remember(self, key: Key, answer: HotAnswer, *, as_of: int) -> None:
        """Remember what was looked up when `changes` stood at *as_of*, unless it is old by now."""
        is_current = self.hears_of_changes and as_of == self.changes
        if not is_current or answer.size_bytes > self.limit_bytes:
            return
        self._drop(key)
        self._kept[key] = (time.monotonic() + _LIFE_SECONDS, answer)
        self._of_media.setdefault(answer.media, set()).add(key)
        self._size_bytes += answer.size_bytes
        while self._size_bytes > self.limit_bytes:
            self._drop(next(iter(self._kept)))

    def forget(self, media: UUID) -> None:
        self.changes += 1
        self._drop_all(self._of_media.get(media, ()))

    def hear(self, *, of_changes: bool) -> None:
        """Start over: whatever changed before, or changes while nobody listens, was missed."""
        self.hears_of_changes = of_changes
        self.changes += 1
        self._drop_all(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def _drop_all(self, keys: Iterable[Key]) -> None:
        for key in tuple(keys):
            self._drop(key)

    def _drop(self, key: Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is None:
            return
        answer = kept[1]
        self._size_bytes -= answer.size_bytes
        keys = self._of_media[answer.media]
        keys.discard(key)
        if not keys:
            del self._of_media[answer.media]
