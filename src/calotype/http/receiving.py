"""A multipart body, streamed to a spool file while it is hashed."""

import asyncio
import os
from collections.abc import AsyncGenerator, Iterable, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path

from multipart import (
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
)
from starlette.requests import ClientDisconnect, Request

from calotype.digest import Digest, Hasher
from calotype.errors import Invalid
from calotype.storage import Spool, disk_trouble

_WRITE_BYTES = 1 << 20
_FIELD_BYTES = 1 << 16
_PARTS = 100


class BodyBroken(Invalid):
    """The body cannot be read."""


class BodyTooLarge(Invalid):
    """The body is larger than is allowed."""


class FileMissing(Invalid):
    """The form has no part `file` with a file in it."""


@dataclass(frozen=True, slots=True)
class Received:
    """A file in the spool, and the fields that came with it."""

    file: Path
    digest: Digest
    size_bytes: int
    file_name: str
    fields: dict[str, str]


@dataclass(slots=True)
class _Sink:
    """Where the bytes of the file part go: the hash and the spool, a mebibyte at a time."""

    path: Path
    descriptor: int
    hasher: Hasher = field(default_factory=Hasher)
    size_bytes: int = 0
    waiting: list[bytes] = field(default_factory=list[bytes])
    waiting_bytes: int = 0

    def add(self, chunk: bytes) -> bool:
        """Take *chunk* and tell whether it is time to drain."""
        self.waiting.append(chunk)
        self.waiting_bytes += len(chunk)
        self.size_bytes += len(chunk)
        return self.waiting_bytes >= _WRITE_BYTES

    async def drain(self) -> None:
        chunks, self.waiting, self.waiting_bytes = self.waiting, [], 0
        if not chunks:
            return
        writing = asyncio.create_task(asyncio.to_thread(self._write, chunks))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            # The thread goes on; the file must not be closed under it.
            await asyncio.wait([writing])
            raise

    def _write(self, chunks: list[bytes]) -> None:
        """Hash and write piece by piece: joined they would be copied, and leave the cache."""
        with disk_trouble():
            for chunk in chunks:
                self.hasher.update(chunk)
                view = memoryview(chunk)
                while view:
                    view = view[os.write(self.descriptor, view) :]


@asynccontextmanager
async def receive_form(
    request: Request, spool: Spool, *, limit_bytes: int, lists: Set[str] = frozenset()
) -> AsyncGenerator[Received]:
    """Read a form with one part `file`; the spooled file is gone after the block unless moved.

    Fields named in *lists* may come more than once and are joined by commas.
    """
    path = spool.new_path()
    with disk_trouble():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        sink = _Sink(path, descriptor)
        fields = await _read(request, _Form(sink, limit_bytes, lists))
        await sink.drain()
        if "file" not in fields:
            raise FileMissing
        file_name = fields.pop("file")
        digest = sink.hasher.digest()
        yield Received(path, digest, sink.size_bytes, file_name, fields)
    finally:
        os.close(descriptor)
        path.unlink(missing_ok=True)


async def _read(request: Request, form: "_Form") -> dict[str, str]:
    """Feed the body to the parser; return the fields, with the file's name as `file`."""
    parser = PushMultipartParser(
        _boundary(request), max_header_size=_FIELD_BYTES, max_segment_count=_PARTS
    )
    try:
        async for chunk in request.stream():
            if chunk and form.take(parser.parse(chunk)):
                await form.sink.drain()
        parser.close()
    except (MultipartError, UnicodeError, ClientDisconnect) as error:
        raise _translated(error) from error
    return form.fields


def _boundary(request: Request) -> str:
    header = Message()
    header["Content-Type"] = request.headers.get("content-type", "")
    boundary = header.get_boundary()
    if header.get_content_type() != "multipart/form-data" or not boundary:
        raise BodyBroken("The body must be multipart/form-data with a boundary.")
    return boundary


def _translated(error: Exception) -> BodyBroken | BodyTooLarge:
    if isinstance(error, ParserLimitReached):
        return BodyTooLarge("The form has too many parts, or a part's header is too long.")
    return BodyBroken(f"The body cannot be read: {error}" if str(error) else "")


@dataclass(slots=True)
class _Form:
    """What has been read of the form so far."""

    sink: _Sink
    limit_bytes: int
    lists: Set[str]
    fields: dict[str, str] = field(default_factory=dict[str, str])
    segment: MultipartSegment | None = None
    text: bytearray = field(default_factory=bytearray)

    def take(self, events: Iterable[MultipartSegment | bytes | bytearray | None]) -> bool:
        """Take what the parser found; tell whether the sink wants to drain."""
        full = False
        for event in events:
            if isinstance(event, MultipartSegment):
                self._begin(event)
            elif event is None:
                self._end()
            else:
                full = self._add(bytes(event)) or full
        return full

    def _begin(self, segment: MultipartSegment) -> None:
        self.segment = segment
        self.text.clear()
        if segment.filename is None:
            return
        if segment.name != "file":
            raise FileMissing(f"The file must be the part `file`, not {segment.name!r}.")
        if "file" in self.fields:
            raise BodyBroken("The form has more than one part `file`.")
        self.fields["file"] = segment.filename

    def _add(self, data: bytes) -> bool:
        assert self.segment is not None
        if self.segment.name == "file" and self.segment.filename is not None:
            if self.sink.size_bytes + len(data) > self.limit_bytes:
                raise BodyTooLarge
            return self.sink.add(data)
        self.text += data
        if len(self.text) > _FIELD_BYTES:
            raise BodyTooLarge("A field of the form is too long.")
        return False

    def _end(self) -> None:
        assert self.segment is not None
        name = self.segment.name or ""
        if name == "file":
            return
        text = self.text.decode()
        if name in self.fields and name not in self.lists:
            raise BodyBroken(f"The form has the field {name!r} twice.")
        self.fields[name] = f"{self.fields[name]},{text}" if name in self.fields else text
