"""The system calls that a child may make once it is warm: compute, answer, and nothing else."""

import ctypes
import os
import platform
import struct
from collections.abc import Sequence
from errno import ENOSYS, EPERM

from calotype.imaging.linux import prctl, syscall

_PLAIN = {
    # bytes of descriptors that are open already
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "pread64": (17, 67),
    "pwrite64": (18, 68),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "recvfrom": (45, 207),
    "recvmsg": (47, 212),
    "lseek": (8, 62),
    "close": (3, 57),
    "fstat": (5, 80),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "dup": (32, 23),
    "dup3": (292, 24),
    "poll": (7, None),
    "ppoll": (271, 73),
    "select": (23, None),
    "pselect6": (270, 72),
    "pipe2": (293, 59),
    "eventfd2": (290, 19),
    # memory
    "mmap": (9, 222),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "mprotect": (10, 226),
    "madvise": (28, 233),
    "mincore": (27, 232),
    "brk": (12, 214),
    "membarrier": (324, 283),
    # threads, which decoders start as they please
    "futex": (202, 98),
    "futex_waitv": (449, 449),
    "set_robust_list": (273, 99),
    "get_robust_list": (274, 100),
    "set_tid_address": (218, 96),
    "rseq": (334, 293),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120),
    "getcpu": (309, 168),
    "exit": (60, 93),
    "exit_group": (231, 94),
    # signals to oneself
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    # the time, and who one is
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "times": (100, 153),
    "getrusage": (98, 165),
    "getrlimit": (97, 163),
    "setrlimit": (160, 164),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "gettid": (186, 178),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "sysinfo": (99, 179),
    "uname": (63, 160),
    "getrandom": (318, 278),
}
"""Name to number, on x86_64 and on aarch64."""

_CLONE = (56, 220)
_CLONE3 = (435, 435)
_FCNTL = (72, 25)
_TGKILL = (234, 131)
_PRCTL = (157, 167)
_PRLIMIT = (302, 261)
_SECCOMP = (317, 277)

_THREAD = 0x10000
_HARMLESS_FCNTL = (0, 1, 2, 3, 4, 1030)
"""Duplicating, and reading and setting flags; F_SETOWN for one could send signals."""
_HARMLESS_PRCTL = (15, 16, 21, 39)
"""Naming a thread, and asking for seccomp and for no_new_privs."""

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Which column, and what the kernel calls the machine."""

_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16
_FILTER_MODE, _ALL_THREADS = 1, 1
_GET_SECCOMP, _BY_FILTER = 21, 2

_Instruction = bytes


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def install() -> bool:
    """Shut the lock for all threads of this process; False where there is none."""
    if platform.machine() not in _MACHINES:
        return False
    column, machine = _MACHINES[platform.machine()]
    code = b"".join(_program(column, machine))
    program = _Program(len(code) // 8, code)
    number = _SECCOMP[column]
    if syscall(number, _FILTER_MODE, _ALL_THREADS, ctypes.byref(program)) != 0:
        return False
    return prctl(_GET_SECCOMP) == _BY_FILTER


def _program(column: int, machine: int) -> list[_Instruction]:
    numbers = [pair[column] for pair in _PLAIN.values()]
    plain = [_rule(number, [_return(_ALLOW)]) for number in numbers if number is not None]
    special = [
        _rule(_CLONE[column], _when(_ANY_BIT, 0, [_THREAD])),
        # The C library falls back to clone, whose flags a filter can see.
        _rule(_CLONE3[column], [_return(_REFUSE | ENOSYS)]),
        _rule(_FCNTL[column], _when(_EQUAL, 1, _HARMLESS_FCNTL)),
        _rule(_PRCTL[column], _when(_EQUAL, 0, _HARMLESS_PRCTL)),
        _rule(_TGKILL[column], _when(_EQUAL, 0, [os.getpid()])),
        _rule(_PRLIMIT[column], _when(_EQUAL, 0, [0])),
    ]
    check = [_load(_MACHINE_AT), _jump(_EQUAL, machine, 1, 0), _return(_REFUSE | EPERM)]
    rules = [line for rule in plain + special for line in rule]
    return [*check, _load(_NUMBER_AT), *rules, _return(_REFUSE | EPERM)]


def _rule(number: int, verdict: list[_Instruction]) -> list[_Instruction]:
    """Pass over *verdict* unless the system call is this one."""
    return [_jump(_EQUAL, number, 0, len(verdict)), *verdict]


def _when(test: int, argument: int, values: Sequence[int]) -> list[_Instruction]:
    """Allow it only when an argument passes the test with one of *values*."""
    lines = [_load(_ARGUMENTS_AT + 8 * argument)]
    for value in values:
        lines += [_jump(test, value, 0, 1), _return(_ALLOW)]
    return [*lines, _return(_REFUSE | EPERM)]


def _load(offset: int) -> _Instruction:
    return struct.pack("=HBBI", _LOAD, 0, 0, offset)


def _jump(test: int, value: int, if_so: int, if_not: int) -> _Instruction:
    return struct.pack("=HBBI", test, if_so, if_not, value)


def _return(verdict: int) -> _Instruction:
    return struct.pack("=HBBI", _RETURN, 0, 0, verdict)
