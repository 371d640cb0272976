"""Digest: the name of bytes, and how it is computed while they stream past."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, ClassVar, Self

from calotype.errors import Invalid

_CHUNK_BYTES = 1 << 20


class BadDigest(Invalid):
    """A SHA-256 digest is 64 hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Digest:
    """The 32 bytes of a SHA-256: equal digests mean equal bytes."""

    raw: bytes

    algorithm: ClassVar[str] = "sha256"

    @classmethod
    def of(cls, data: bytes) -> Self:
        return cls(hashlib.sha256(data).digest())

    @classmethod
    def of_stream(cls, stream: BinaryIO) -> Self:
        """Read *stream* to its end, never holding more than a chunk of it."""
        return cls.of_chunks(iter(lambda: stream.read(_CHUNK_BYTES), b""))

    @classmethod
    def of_chunks(cls, chunks: Iterable[bytes]) -> Self:
        state = hashlib.sha256()
        for chunk in chunks:
            state.update(chunk)
        return cls(state.digest())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Validate what somebody else calls a SHA-256."""
        try:
            raw = bytes.fromhex(text)
        except ValueError as error:
            raise BadDigest from error
        if len(raw) != hashlib.sha256().digest_size or len(text) != 2 * len(raw):
            raise BadDigest
        return cls(raw)

    def __str__(self) -> str:
        return self.raw.hex()


class Hasher:
    """Takes bytes as they stream past and ends with their digest."""

    __slots__ = ("_state",)

    def __init__(self) -> None:
        self._state = hashlib.sha256()

    def update(self, chunk: bytes | memoryview) -> None:
        self._state.update(chunk)

    def digest(self) -> Digest:
        return Digest(self._state.digest())
