"""How the readers of each format put together what remains of a picture."""

from collections.abc import Iterable, Mapping

from calotype.imaging.stripped import Literal, Piece, Range, Stripped, Zeros

_MAX_PIECES = 2000


class Malformed(Exception):
    """The structure cannot be followed with certainty."""


class Assembly:
    """Pieces in the order of the new file; neighbouring ranges become one."""

    def __init__(self, original_bytes: int) -> None:
        self._original_bytes = original_bytes
        self._pieces: list[Piece] = []

    def keep(self, start: int, end: int) -> None:
        """Take over the bytes of the original from *start* up to *end*."""
        if not 0 <= start <= end <= self._original_bytes:
            raise Malformed
        last = self._pieces[-1] if self._pieces else None
        if isinstance(last, Range) and last.offset + last.length == start:
            self._pieces[-1] = Range(last.offset, end - last.offset)
        elif start < end:
            self._pieces.append(Range(start, end - start))

    def write(self, data: bytes) -> None:
        self._pieces.append(Literal(data))

    def blank(self, length: int) -> None:
        if length:
            self._pieces.append(Zeros(length))

    def finish(self) -> Stripped:
        if len(self._pieces) > _MAX_PIECES:
            raise Malformed
        return Stripped(tuple(self._pieces))


def in_place(
    size_bytes: int, kept: Iterable[tuple[int, int]], rewritten: Mapping[int, bytes]
) -> Stripped:
    """Put *rewritten* at its offsets, and zeros wherever nothing is *kept*."""
    assembly = Assembly(size_bytes)
    position = 0
    spans = [(start, end, b"") for start, end in _merged(kept)]
    spans += [(start, start + len(data), data) for start, data in rewritten.items()]
    for start, end, data in sorted(spans):
        if start < position:
            raise Malformed
        assembly.blank(start - position)
        if data:
            assembly.write(data)
        else:
            assembly.keep(start, end)
        position = end
    if position > size_bytes:
        raise Malformed
    assembly.blank(size_bytes - position)
    return assembly.finish()


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(span for span in spans if span[0] != span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
