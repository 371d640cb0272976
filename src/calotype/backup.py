"""Backup and restore: the database in a file, and a list of the objects that belong to it.

The objects themselves are written once and never changed, so whatever copies files copies them;
the list says which ones, and what each must be.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from calotype import __version__
from calotype.app import House, Urls
from calotype.database import dump, is_new, load, login_of, make_roles
from calotype.errors import Conflict, Invalid

_DUMP = "database.dump"
_OBJECTS = "objects.jsonl"
_ABOUT = "about.json"


class BackupThere(Conflict):
    """The folder of the backup is not empty."""


class NoBackup(Invalid):
    """There is no backup in this folder."""


class DatabaseInUse(Conflict):
    """This database has calotype's tables already; a backup is restored into a new one."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup holds."""

    originals: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore brought back, and which objects the store does not have."""

    originals: int
    missing: tuple[str, ...]


def back_up(urls: Urls, folder: Path) -> BackedUp:
    """Write a backup into an empty *folder*; database and list are of the same moment.

    Nobody else may read it. The keys that sign addresses are not in it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BackupThere
    for name in (_DUMP, _OBJECTS, _ABOUT):
        (folder / name).touch(mode=0o600)
    count = size_bytes = 0
    with (folder / _OBJECTS).open("w") as listed:

        def note(row: dict[str, Any]) -> None:
            nonlocal count, size_bytes
            listed.write(json.dumps(row) + "\n")
            count += 1
            size_bytes += row["size_bytes"]

        dump(urls.owner, folder / _DUMP, _KEPT_OBJECTS, note)
    about = {"version": __version__, "made_at": datetime.now(UTC).isoformat()}
    (folder / _ABOUT).write_text(json.dumps(about))
    return BackedUp(count, size_bytes)


_KEPT_OBJECTS = """
    select object_key, size_bytes, algorithm, encode(digest, 'hex') as digest
    from calotype.originals where state in ('live', 'condemned', 'quarantined') order by id
"""


def load_backup(urls: Urls, folder: Path) -> None:
    """Load the database of a backup into a new one."""
    if not (folder / _DUMP).is_file():
        raise NoBackup
    if not is_new(urls.owner):
        raise DatabaseInUse
    make_roles(urls.owner, login=login_of(urls.login))
    load(urls.owner, folder / _DUMP)


async def compare(house: House, folder: Path) -> Restored:
    """Give the restored database a mark of its own, and look which objects the store lacks.

    The mark halts collection until `doctor --repair epoch-differs` has found every object:
    what was kept after the backup was made must not be taken for litter.
    """
    await house.sweeper.renew_epoch()
    listed = 0
    missing: list[str] = []
    with (folder / _OBJECTS).open() as lines:
        for line in lines:
            entry = json.loads(line)
            listed += 1
            if not await _is_there(house, entry):
                missing.append(entry["object_key"])
    return Restored(listed, tuple(missing))


async def _is_there(house: House, entry: dict[str, Any]) -> bool:
    found = await house.objects.find(entry["object_key"])
    return found is not None and found.size_bytes == entry["size_bytes"]
