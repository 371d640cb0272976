"""What a child can no longer do, tried by a process that is locked in like one."""

import platform
import subprocess
import sys
import textwrap

import pytest

from calotype.imaging import ALLOWED_LOADERS

linux_only = pytest.mark.skipif(
    platform.system() != "Linux" or platform.machine() not in {"x86_64", "aarch64"},
    reason="the locks are those of Linux",
)

TRIES = {
    "read a file": "open('/etc/hosts')",
    "write a file": "open('/tmp/calotype-tries', 'w')",
    "list a folder": "os.listdir('/')",
    "remove a file": "os.unlink('/tmp/calotype-tries')",
    "open a socket": "socket.socket(socket.AF_INET)",
    "open a socket of this machine": "socket.socket(socket.AF_UNIX)",
    "make a pair of sockets": "socket.socketpair()",
    "use a socket that is open": "PAIR[0].connect('/tmp/calotype-tries')",
    "fork": "os.fork()",
    "run a program": "os.execv(sys.executable, ['python'])",
    "start a program": "subprocess.run([sys.executable])",
    "signal the server": "os.kill(os.getppid(), 0)",
    "limit the server": "resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE)",
    "make others get signals": "fcntl.fcntl(PAIR[0], fcntl.F_SETOWN, os.getppid())",
    "trace the server": "checked(LIBC.ptrace(16, os.getppid(), 0, 0))",
    "be root again": "os.setuid(0)",
    "keep a queue with the kernel": "checked(LIBC.syscall(425, 8, ctypes.create_string_buffer(120)))",
    "filter again": "checked(LIBC.prctl(22, 2, 0, 0, 0))",
}
LOCKED_IN = """
    import ctypes, fcntl, os, resource, socket, subprocess, sys, threading
    from calotype.imaging.confinement import confine
    from calotype.imaging.model import Limits

    LIBC = ctypes.CDLL(None, use_errno=True)
    PAIR = socket.socketpair()

    def checked(result):
        if result < 0:
            raise PermissionError(ctypes.get_errno(), "refused")

    def attempt(text):
        try:
            eval(text)
        except PermissionError:
            return "refused"
        return "worked"
"""


def locked_in(program: str, locks: str = "confine(Limits())") -> str:
    """What *program* prints once it is locked in."""
    text = textwrap.dedent(LOCKED_IN) + f"{locks}\n" + textwrap.dedent(program)
    ended = subprocess.run([sys.executable, "-c", text], capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout.decode().strip()


@linux_only
@pytest.mark.parametrize("name", TRIES)
def test_a_child_can_not(name):
    assert locked_in(f"print(attempt({TRIES[name]!r}))") == "refused"


@linux_only
def test_the_same_things_work_for_a_process_that_is_not_locked_in():
    for name in ("read a file", "list a folder", "open a socket", "signal the server"):
        assert locked_in(f"print(attempt({TRIES[name]!r}))", locks="pass") == "worked"


@linux_only
def test_a_child_can_start_threads_and_use_what_is_open():
    program = """
        ran = []
        thread = threading.Thread(target=ran.append, args=("thread",))
        thread.start()
        thread.join()
        PAIR[0].send(b"sent")
        print(ran[0], PAIR[1].recv(4).decode(), os.getpid() > 0)
    """
    assert locked_in(program) == "thread sent True"


@linux_only
def test_landlock_alone_keeps_a_child_from_files():
    locks = "from calotype.imaging import landlock, linux\nlinux.prctl(38, 1)\nVERSION = landlock.install()"
    version, opened = locked_in(
        "print(VERSION, attempt(\"open('/etc/hosts')\"))", locks=locks
    ).split()
    assert opened == ("refused" if int(version) else "worked")


@linux_only
def test_limits_can_not_be_raised_again():
    program = """
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        print(soft == hard == Limits().memory_mb << 20, resource.getrlimit(resource.RLIMIT_CORE))
    """
    assert locked_in(program) == "True (0, 0)"


async def test_the_loaders_that_answer_are_those_that_are_allowed(pixels):
    assert (await pixels.isolation()).loaders == ALLOWED_LOADERS


@linux_only
async def test_a_child_tells_which_locks_hold_it(pixels):
    isolation = await pixels.isolation()
    assert isolation.seccomp
    assert isolation.no_new_privileges
    assert isolation.memory_limited


def test_a_blocked_loader_does_not_load():
    program = """
        import pyvips
        try:
            pyvips.Image.new_from_buffer(b"<svg xmlns='http://www.w3.org/2000/svg' width='9'/>", "")
        except pyvips.Error:
            print("blocked")
    """
    assert locked_in(program) == "blocked"
