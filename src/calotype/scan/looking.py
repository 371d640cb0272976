"""Looking at files: which are pictures, which hold the same bytes, and what each looks like."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePath

from calotype.digest import Digest
from calotype.errors import Invalid
from calotype.imaging import Fingerprint, ImagingUnavailable, Pixels, Unreadable, recognise
from calotype.scan.model import Content, Entry, Failure, Known, Picture
from calotype.scan.progress import Watcher
from calotype.scan.store import Cache
from calotype.scan.turns import in_turns

_HEAD_BYTES = 256
"""By so much of a file its kind is recognised."""
_PROMISING = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".heic", ".avif"}
)
_READERS = 8
_ATTEMPTS = 3


class Looking:
    """One look at many files; what the cache knows is not looked at again."""

    def __init__(self, pixels: Pixels, cache: Cache, watcher: Watcher, children: int) -> None:
        self._pixels = pixels
        self._cache = cache
        self._watcher = watcher
        self._children = children
        self.failures: list[Failure] = []
        self.others = 0

    async def at(self, entries: Sequence[Entry]) -> list[Content]:
        """Return every readable picture, those with equal bytes together."""
        watcher = self._watcher
        watcher.begin("Looking for pictures", len(entries))
        known = await in_turns(entries, self._admit, _READERS, watcher)
        shared = _of_shared_size(known)
        watcher.begin("Comparing bytes", len(shared))
        hashed = await in_turns(shared, self._hash, self._children, watcher)
        contents = _by_content({each.id: each for each in (*known, *hashed)}.values())
        watcher.begin("Looking at pictures", len(contents))
        looked = await in_turns(contents, self._look, self._children, watcher)
        self._cache.save()
        return looked

    async def _admit(self, entry: Entry) -> Known | None:
        """Take a file if its first bytes say that it is a picture."""
        known = self._cache.find(entry)
        if known is not None:
            return known
        try:
            head = await asyncio.to_thread(_head, entry.path)
        except OSError as error:
            self.failures.append(Failure.of(entry.path, error))
            return None
        if recognise(head) is not None:
            return self._cache.add(entry)
        if _promises_picture(entry.path):
            reason = "it is not a picture, whatever its name says" if head else "the file is empty"
            self._fail([entry], reason)
        else:
            self.others += 1
        return None

    async def _hash(self, known: Known) -> Known:
        """Learn the digest; a file that cannot be read will say so when it is looked at."""
        if known.digest is None:
            with suppress(OSError):
                digest = await asyncio.to_thread(_digest, known.entry)
                self._cache.note_digest(known.id, digest.raw)
                return replace(known, digest=digest.raw)
        return known

    async def _look(self, content: Sequence[Known]) -> Content | None:
        """Look at one of several files with equal bytes, for all of them."""
        refused = next((each.refusal for each in content if each.refusal), None)
        seen = next((each for each in content if each.is_fingerprinted), None)
        try:
            seen = seen or await self._fingerprinted(content[0], refused)
        except (Invalid, ImagingUnavailable) as error:
            self._fail([each.entry for each in content], str(error))
            return None
        except OSError as error:
            self.failures.append(Failure.of(content[0].entry.path, error))
            return await self._look(content[1:]) if content[1:] else None
        pictures = [
            Picture(each.entry, seen.id, seen.width or 0, seen.height or 0) for each in content
        ]
        return sorted(pictures, key=lambda picture: picture.rank)

    async def _fingerprinted(self, known: Known, refused: str | None) -> Known:
        if refused:
            raise Unreadable(refused)
        try:
            found = await self._patiently(known.entry)
            _check_unchanged(known.entry)
        except Invalid as refusal:
            self._cache.note_refusal(known.id, str(refusal))
            raise
        self._cache.note_fingerprint(known.id, found)
        return replace(known, width=found.width, height=found.height)

    async def _patiently(self, entry: Entry) -> Fingerprint:
        """Try again when a child was ended from outside, which is not the picture's fault."""
        for _ in range(_ATTEMPTS - 1):
            with suppress(ImagingUnavailable):
                return await self._pixels.fingerprint(Path(entry.path))
        return await self._pixels.fingerprint(Path(entry.path))

    def _fail(self, entries: Iterable[Entry], reason: str) -> None:
        self.failures += [Failure(entry.path, reason) for entry in entries]


def _of_shared_size(known: Iterable[Known]) -> list[Known]:
    """Only these can hold the same bytes as another."""
    known = list(known)
    sizes = Counter(each.entry.size_bytes for each in known)
    return [each for each in known if sizes[each.entry.size_bytes] > 1]


def _by_content(known: Iterable[Known]) -> list[list[Known]]:
    contents: defaultdict[bytes | int, list[Known]] = defaultdict(list)
    for each in known:
        contents[each.digest or each.id].append(each)
    return list(contents.values())


def _head(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(_HEAD_BYTES)


def _digest(entry: Entry) -> Digest:
    with Path(entry.path).open("rb") as file:
        digest = Digest.of_stream(file)
    _check_unchanged(entry)
    return digest


def _check_unchanged(entry: Entry) -> None:
    """Nothing may be remembered of a file that somebody was writing to."""
    status = Path(entry.path).stat()
    if (status.st_size, status.st_mtime_ns) != (entry.size_bytes, entry.modified_ns):
        raise OSError("it changed while it was read")


def _promises_picture(path: str) -> bool:
    """Whether the name says so; hidden files may be notes of a system about a picture."""
    name = PurePath(path)
    return name.suffix.lower() in _PROMISING and not name.name.startswith(".")
