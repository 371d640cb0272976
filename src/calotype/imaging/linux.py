"""The two system calls of Linux that Python has no name for."""

import ctypes
import platform

_IS_LINUX = platform.system() == "Linux"


def prctl(option: int, value: int = 0) -> int:
    """Ask for, or set, an attribute of this process; -1 where that is not possible."""
    if not _IS_LINUX:
        return -1
    unused = ctypes.c_ulong(0)
    return ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value), unused, unused, unused)


def syscall(number: int, *arguments: object) -> int:
    """Make the system call *number*; -1 when it is refused."""
    call = ctypes.CDLL(None).syscall
    call.restype = ctypes.c_long
    wide = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return call(ctypes.c_long(number), *wide)
