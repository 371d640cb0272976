"""What Linux can do and tell, and Python has no name for."""

import ctypes
import os
import platform
from contextlib import suppress
from pathlib import Path

_IS_LINUX = platform.system() == "Linux"


def prctl(option: int, value: int = 0) -> int:
    """Ask for, or set, an attribute of this process; -1 where that is not possible."""
    if not _IS_LINUX:
        return -1
    unused = ctypes.c_ulong(0)
    return ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value), unused, unused, unused)


def give_memory_back() -> None:
    """Return to the system what the C library keeps of memory that was freed."""
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def resident_mb(pid: int) -> int:
    """How much memory a process holds now; 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


def syscall(number: int, *arguments: object) -> int:
    """Make the system call *number*; -1 when it is refused."""
    call = ctypes.CDLL(None).syscall
    call.restype = ctypes.c_long
    wide = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return call(ctypes.c_long(number), *wide)
