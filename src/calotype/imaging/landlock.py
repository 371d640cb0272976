"""Landlock with no rule at all: no path can be opened, whatever the system call is called."""

import ctypes
import os
import platform

from calotype.imaging.linux import syscall

_CREATE, _RESTRICT = 444, 446
"""The same numbers on every machine."""
_ASK_VERSION = 1

_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_NEWEST_FILE_RIGHTS = 16
"""How many kinds of access to files a version knows of."""
_FROM_NETWORK, _NETWORK_RIGHTS = 4, 0b11
_FROM_SCOPES, _SCOPES = 6, 0b11
"""Sockets in the abstract namespace, and signals to processes outside."""

_BYTES_BEFORE_NETWORK, _BYTES_BEFORE_SCOPES, _BYTES = 8, 16, 24


class _Rules(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    )


def install() -> int:
    """Shut the lock for this thread and those it will start; answer with its version or 0."""
    if platform.system() != "Linux":
        return 0
    version = max(syscall(_CREATE, None, 0, _ASK_VERSION), 0)
    return version if version and _restrict(version) else 0


def _restrict(version: int) -> bool:
    files = (1 << _FILE_RIGHTS.get(version, _NEWEST_FILE_RIGHTS)) - 1
    network = _NETWORK_RIGHTS if version >= _FROM_NETWORK else 0
    scopes = _SCOPES if version >= _FROM_SCOPES else 0
    rules = _Rules(files, network, scopes)
    ruleset = syscall(_CREATE, ctypes.byref(rules), _size_bytes(version), 0)
    if ruleset < 0:
        return False
    try:
        return syscall(_RESTRICT, ruleset, 0) == 0
    finally:
        os.close(ruleset)


def _size_bytes(version: int) -> int:
    if version >= _FROM_SCOPES:
        return _BYTES
    return _BYTES_BEFORE_SCOPES if version >= _FROM_NETWORK else _BYTES_BEFORE_NETWORK
