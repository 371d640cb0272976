"""Walking through folders: every file once, whatever its name and however many names it has."""

import asyncio
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from calotype.scan.model import Entry, Failure, Walked

_Identity = tuple[int, int]


async def walk(folders: Iterable[Path]) -> Walked:
    """List all regular files; hidden folders are looked into, symbolic links are not followed."""
    return await _Walk().through(folders)


class _Walk:
    """One walk, which remembers where it has been."""

    def __init__(self) -> None:
        self._found = Walked()
        self._seen: set[_Identity] = set()

    async def through(self, folders: Iterable[Path]) -> Walked:
        waiting = [os.fspath(folder) for folder in reversed(list(folders))]
        while waiting:
            waiting.extend(reversed(list(self._look_into(waiting.pop()))))
            # So that whoever interrupts is heard.
            await asyncio.sleep(0)
        return self._found

    def _look_into(self, folder: str) -> Iterator[str]:
        """Note the files of a folder, and return the folders in it."""
        try:
            if not self._is_new(Path(folder).stat()):
                return
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            self._fail(folder, error)
            return
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield entry.path
            else:
                self._note(entry)

    def _note(self, entry: "os.DirEntry[str]") -> None:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            self._fail(entry.path, error)
            return
        if not stat.S_ISREG(status.st_mode):
            return
        if status.st_nlink > 1 and not self._is_new(status):
            self._found.hard_links += 1
            return
        self._found.entries.append(
            Entry(entry.path, status.st_size, status.st_mtime_ns, status.st_ino)
        )

    def _is_new(self, status: os.stat_result) -> bool:
        identity = status.st_dev, status.st_ino
        if identity in self._seen:
            return False
        self._seen.add(identity)
        return True

    def _fail(self, path: str, error: OSError) -> None:
        self._found.failures.append(Failure.of(path, error))
