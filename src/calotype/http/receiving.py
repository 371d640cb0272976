"""A multipart body, streamed to a spool file while it is hashed."""

from collections.abc import AsyncGenerator, Generator, Iterable, Set
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

from calotype.digest import Digest
from calotype.errors import Invalid
from calotype.storage import Draft, Spool

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


@asynccontextmanager
async def receive_form(
    request: Request, spool: Spool, *, limit_bytes: int, lists: Set[str] = frozenset()
) -> AsyncGenerator[Received]:
    """Read a form with one part `file`; the spooled file is gone after the block unless moved.

    Fields named in *lists* may come more than once and are joined by commas.
    """
    with spool.draft() as draft:
        form = _Form(limit_bytes, lists)
        await _read(request, form, draft)
        digest = await draft.finish()
        yield Received(draft.path, digest, draft.size_bytes, form.file_name(), form.fields)


async def _read(request: Request, form: "_Form", draft: Draft) -> None:
    """Feed the body to the parser, and what is the file's to the draft."""
    parser = PushMultipartParser(
        _boundary(request), max_header_size=_FIELD_BYTES, max_segment_count=_PARTS
    )
    try:
        async for chunk in request.stream():
            if chunk:
                for piece in form.take(parser.parse(chunk)):
                    await draft.add(piece)
        parser.close()
    except (MultipartError, UnicodeError, ClientDisconnect) as error:
        raise _translated(error) from error


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

    limit_bytes: int
    lists: Set[str]
    fields: dict[str, str] = field(default_factory=dict[str, str])
    segment: MultipartSegment | None = None
    text: bytearray = field(default_factory=bytearray)
    file_bytes: int = 0

    def take(
        self, events: Iterable[MultipartSegment | bytes | bytearray | None]
    ) -> Generator[bytes | bytearray]:
        """Take what the parser found; yields what belongs to the file."""
        for event in events:
            if isinstance(event, MultipartSegment):
                self._begin(event)
            elif event is None:
                self._end()
            elif self._in_file():
                yield self._counted(event)
            else:
                self._add(event)

    def file_name(self) -> str:
        """Take the file's name out of the fields."""
        try:
            return self.fields.pop("file")
        except KeyError:
            raise FileMissing from None

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

    def _in_file(self) -> bool:
        assert self.segment is not None
        return self.segment.name == "file" and self.segment.filename is not None

    def _counted(self, piece: bytes | bytearray) -> bytes | bytearray:
        self.file_bytes += len(piece)
        if self.file_bytes > self.limit_bytes:
            raise BodyTooLarge
        return piece

    def _add(self, piece: bytes | bytearray) -> None:
        self.text += piece
        if len(self.text) > _FIELD_BYTES:
            raise BodyTooLarge("A field of the form is too long.")

    def _end(self) -> None:
        assert self.segment is not None
        name = self.segment.name or ""
        if name == "file":
            return
        text = self.text.decode()
        if name in self.fields and name not in self.lists:
            raise BodyBroken(f"The form has the field {name!r} twice.")
        self.fields[name] = f"{self.fields[name]},{text}" if name in self.fields else text
