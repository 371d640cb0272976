"""What lies where in the folder of the embedded PostgreSQL, and whose it is."""

import hashlib
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from calotype.database.local.errors import DataFolderUnusable
from calotype.database.local.files import hand_over

PORT = 5432
_LONGEST_SOCKET_BYTES = 103
_PLAIN = re.compile(r"[\w./+@~ -]+")


@dataclass(frozen=True, slots=True)
class Layout:
    """The folder; everything in it belongs to the owner of the folder, even if root made it."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> Self:
        """Make the folder, closed to everybody else."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        layout = cls(folder.resolve())
        if os.geteuid() not in {0, layout.owner[0]}:
            raise DataFolderUnusable(folder, "it belongs to another user")
        layout.folder.chmod(0o700)
        layout.make(layout.log)
        return layout

    @property
    def owner(self) -> tuple[int, int]:
        found = self.folder.stat()
        return found.st_uid, found.st_gid

    @property
    def cluster(self) -> Path:
        """Everything that the first start makes; it is there as a whole or not at all."""
        return self.folder / "cluster"

    @property
    def unfinished(self) -> Path:
        return self.folder / "cluster.unfinished"

    @property
    def data(self) -> Path:
        return self.cluster / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def users(self) -> Path:
        """Shared by everybody who uses the server, and had alone by the one who stops it."""
        return self.folder / "users.lock"

    @property
    def alive(self) -> Path:
        """Had by the one who starts PostgreSQL, then by PostgreSQL until its last process ends."""
        return self.folder / "alive.lock"

    def make(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        hand_over(folder)

    def give_to(self, uid: int, gid: int) -> None:
        """Make somebody else the owner of the folder and of everything in it."""
        for root, folders, files in os.walk(self.folder):
            for name in folders + files:
                os.chown(Path(root, name), uid, gid, follow_symlinks=False)
        os.chown(self.folder, uid, gid)

    def make_socket_folder(self) -> Path:
        """Make a closed folder for the socket: here, or a short one elsewhere if the path is long."""
        here = self.folder / "socket"
        chosen = here if _can_hold_socket(here) else self._short_folder()
        if not _can_hold_socket(chosen):
            raise DataFolderUnusable(chosen, "its path is too long for a socket; set TMPDIR")
        chosen.mkdir(mode=0o700, exist_ok=True)
        found = chosen.lstat()
        closed = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
        if not closed or found.st_uid not in {os.geteuid(), self.owner[0]}:
            raise DataFolderUnusable(chosen, "somebody else made it or can enter it")
        if os.geteuid() == 0:
            os.chown(chosen, *self.owner)
        # A killed server leaves its socket, and beside it a record like postmaster.pid.
        for left_over in chosen.iterdir():
            left_over.unlink()
        return chosen

    def _short_folder(self) -> Path:
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()).resolve() / f"calotype-{name}"


def _can_hold_socket(folder: Path) -> bool:
    """Neither too long for the system nor with characters that mean something to libpq."""
    socket = str(folder / f".s.PGSQL.{PORT}")
    return len(os.fsencode(socket)) <= _LONGEST_SOCKET_BYTES and bool(_PLAIN.fullmatch(socket))
