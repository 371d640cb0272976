"""Runs a program as PostgreSQL wants it: never as root, and on its own if asked to.

It is a script for a bare interpreter: `launch.py WHO HOW FOLDER PROGRAM ARGUMENT...`, where WHO
is `self`, `namespace` or `UID:GID`, HOW is `attached` or `detached`, and FOLDER is where the
program works. PostgreSQL refuses to run as root, and root often cannot become somebody else who
reaches the folder: the folders above it may be closed. There are two ways out:

- a user namespace, in which root has the number of an ordinary user; to everybody outside it is
  still root's, so that it reaches root's files, though without any of root's privileges;
- another user, who keeps of root's privileges only the one to search folders, and that only if a
  folder on the way is closed.
"""

import ctypes
import os
import pwd
import signal
import struct
import sys
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2


def main(who: str, how: str, folder: str, *command: str) -> None:
    if who == "namespace":
        enter_namespace()
    elif who != "self":
        become(*map(int, who.split(":")), needed=(Path(folder), Path(command[0])))
    os.chdir(folder)
    if how == "detached":
        detach()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.execv(command[0], command)


def detach() -> None:
    """Leave the caller: its terminal, its process group and its duty to wait for us."""
    if os.fork():
        os._exit(0)
    os.setsid()


def enter_namespace() -> None:
    """Take an ordinary user's number; it must have a name, or initdb refuses."""
    uid, gid = os.geteuid(), os.getegid()
    inside = next(user for user in pwd.getpwall() if user.pw_uid not in {0, uid})
    _call("unshare", _CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{inside.pw_uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{inside.pw_gid} {gid} 1")


def become(uid: int, gid: int, needed: tuple[Path, ...]) -> None:
    """Be another user for good, with a way through to the paths that are needed."""
    _call("prctl", _PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    closed = next((place for path in needed for place in _closed(path)), None)
    if closed and not _keep(_CAP_DAC_READ_SEARCH) and not _keep(_CAP_DAC_OVERRIDE):
        sys.exit(
            f"PostgreSQL refuses to run as root, and user {pwd.getpwuid(uid).pw_name} may not pass "
            f"through {closed}: allow that (chmod o+x) or choose another folder."
        )


def _closed(path: Path) -> list[Path]:
    return [place for place in (*reversed(path.parents), path) if not os.access(place, os.X_OK)]


def _keep(capability: int) -> bool:
    """Keep one of root's privileges, and no other, beyond the start of the program."""
    bit = 1 << capability
    try:
        header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
        _call("capset", header, struct.pack("=6I", bit, bit, bit, 0, 0, 0))
        _call("prctl", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0)
    except OSError:
        return False
    return True


def _call(function: str, *arguments: int | bytes) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc[function](*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{function}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(f"{sys.argv[4]} cannot run as {sys.argv[1]} in {sys.argv[3]}: {error}")
