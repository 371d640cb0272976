"""What a child gives up before it looks at anybody's bytes."""

import resource
import signal
from contextlib import suppress

from calotype.imaging import landlock, loaders, seccomp
from calotype.imaging.linux import prctl
from calotype.imaging.model import Isolation, Limits

_DIE_WITH_PARENT = 1
_NO_NEW_PRIVILEGES = 38
_HAS_NO_NEW_PRIVILEGES = 39
_OPEN_FILES = 64


def confine(limits: Limits) -> Isolation:
    """Shut every lock that this platform has, and tell which ones are shut."""
    prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    loaders.allow_only_wanted()
    memory_limited = _limit(resource.RLIMIT_AS, limits.memory_mb << 20)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _limit(resource.RLIMIT_CORE, 0)
    # Only files that the server opened can be written to, and none without end.
    _limit(resource.RLIMIT_FSIZE, limits.written_mb << 20)
    prctl(_NO_NEW_PRIVILEGES, 1)
    # In this order, because the filter would not let Landlock be set up any more.
    landlock_version = landlock.install()
    filtered = seccomp.install()
    return Isolation(
        loaders=loaders.effective(),
        no_new_privileges=prctl(_HAS_NO_NEW_PRIVILEGES) == 1,
        seccomp=filtered,
        landlock=landlock_version,
        memory_limited=memory_limited,
    )


def limit_cpu(seconds: int) -> None:
    """Allow so much CPU time from now on; the limit counts since the process began."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(usage.ru_utime + usage.ru_stime)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + seconds + 1, hard))


def _limit(kind: int, value: int) -> bool:
    """Lower a limit for good; some platforms know it and do not let it be set."""
    with suppress(ValueError, OSError):
        resource.setrlimit(kind, (value, value))
        return True
    return False
