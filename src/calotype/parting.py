"""How a part ends when the process that started it does."""

import ctypes
import os
import platform
import signal

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent ends, however that comes about."""
    if platform.system() != "Linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == 1 and "CALOTYPE_SUPERVISED" in os.environ:
        raise SystemExit(1)
