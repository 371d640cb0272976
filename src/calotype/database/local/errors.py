"""What goes wrong with the embedded PostgreSQL and its folder."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from calotype.errors import Conflict, Invalid, Unavailable


class DatabaseNotStarted(Unavailable):
    """The embedded PostgreSQL could not be started."""

    def __init__(self, because: str) -> None:
        self.because = because
        super().__init__(f"The embedded PostgreSQL could not be started: {because}")


class DataFolderUnusable(Invalid):
    """The data folder cannot be used."""

    def __init__(self, folder: Path, because: str) -> None:
        self.folder = folder
        self.because = because
        super().__init__(f"The data folder {folder} cannot be used: {because}")


class DatabaseOfAnotherVersion(Conflict):
    """The data folder was made by another major version of PostgreSQL."""

    def __init__(self, found: str, ours: str) -> None:
        self.found = found
        self.ours = ours
        super().__init__(
            f"The data folder holds a database of PostgreSQL {found}, and this calotype brings "
            f"PostgreSQL {ours}: make a backup with the calotype that made it, and restore that "
            "into an empty data folder with this one."
        )


class AlreadyServing(Conflict):
    """Another `calotype serve` uses this data folder."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        self.pid = pid
        process = f" (process {pid})" if pid else ""
        super().__init__(f"Another `calotype serve`{process} uses the data folder {folder}.")


@contextmanager
def using(folder: Path) -> Generator[None]:
    """Turn what the file system says about the folder into a sentence of ours."""
    try:
        yield
    except OSError as error:
        raise DataFolderUnusable(folder, str(error)) from error
