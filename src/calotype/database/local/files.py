"""Files that are closed to others and belong to the owner of the folder they are in."""

import os
from pathlib import Path
from typing import BinaryIO


def create(path: Path) -> BinaryIO:
    """Make the file anew; what lay there, be it a link to elsewhere, is not written through."""
    path.unlink(missing_ok=True)
    made = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    hand_over(path)
    return made


def hand_over(path: Path) -> None:
    """Let what root made belong to the owner of the folder that it is in."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
