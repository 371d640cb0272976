"""Stripped: a picture without its metadata, told as pieces of the original."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes of the original."""

    offset: int
    length: int

    def cut(self, start: int, stop: int) -> "Range":
        return Range(self.offset + start, stop - start)


@dataclass(frozen=True, slots=True)
class Literal:
    """Bytes that the original does not have."""

    data: bytes

    @property
    def length(self) -> int:
        return len(self.data)

    def cut(self, start: int, stop: int) -> "Literal":
        return Literal(self.data[start:stop])


@dataclass(frozen=True, slots=True)
class Zeros:
    """So many zero bytes; a kind of its own because there may be millions of them."""

    length: int

    def cut(self, start: int, stop: int) -> "Zeros":
        return Zeros(stop - start)


Piece = Range | Literal | Zeros


@dataclass(frozen=True, slots=True)
class Stripped:
    """The pieces that make the stripped file when they are served in order."""

    pieces: tuple[Piece, ...]

    @property
    def size_bytes(self) -> int:
        return sum(piece.length for piece in self.pieces)

    @property
    def end_of_ranges(self) -> int:
        """How long the original must be at least."""
        return max((p.offset + p.length for p in self.pieces if isinstance(p, Range)), default=0)

    def between(self, start: int, stop: int) -> Iterator[Piece]:
        """Cut the pieces of the bytes from *start* up to *stop*, as a Range request wants them."""
        position = 0
        for piece in self.pieces:
            first = max(start - position, 0)
            last = min(stop - position, piece.length)
            if first < last:
                yield piece.cut(first, last)
            position += piece.length

    def to_json(self) -> list[Any]:
        return [_to_json(piece) for piece in self.pieces]

    @classmethod
    def from_json(cls, value: Sequence[Any]) -> Self:
        return cls(tuple(_from_json(item) for item in value))


def _to_json(piece: Piece) -> list[int] | str | int:
    match piece:
        case Range(offset, length):
            return [offset, length]
        case Literal(data):
            return base64.b64encode(data).decode()
        case Zeros(length):
            return length


def _from_json(value: object) -> Piece:
    match value:
        case [int(offset), int(length)] if offset >= 0 and length > 0:
            return Range(offset, length)
        case str(text):
            return Literal(base64.b64decode(text, validate=True))
        case int(length) if length > 0:
            return Zeros(length)
        case _:
            message = f"{value!r} is no piece of a stripped picture"
            raise ValueError(message)
