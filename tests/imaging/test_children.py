"""Children die, hang, grow and are interrupted; whoever asked gets a clear answer."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from calotype.imaging import ImagingUnavailable, Limits, Pixels, Unreadable
from tests import pictures

GENEROUS = Limits(max_pixels=10**9, max_animated_pixels=10**12)


@asynccontextmanager
async def pool(children=1, **limits):
    made = Pixels(children, replace(GENEROUS, **limits))
    try:
        yield made
    finally:
        await made.close()


@asynccontextmanager
async def hanging(pixels, file):
    """A probe that never ends, because its child has been stopped."""
    await pixels.probe(file)
    (pid,) = pixels.pids
    os.kill(pid, signal.SIGSTOP)
    task = asyncio.create_task(pixels.probe(file))
    await asyncio.sleep(0.05)
    yield task, pid


async def test_a_warm_child_is_used_again(pixels, saved):
    file = saved(pictures.jpeg())
    await pixels.probe(file)
    first = pixels.pids
    await pixels.decode(file)
    assert pixels.pids == first


async def test_a_child_that_is_killed_while_it_works_fails_its_item_only(pixels, saved):
    file = saved(pictures.jpeg())
    async with hanging(pixels, file) as (task, pid):
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(ImagingUnavailable, match="signal 9"):
            await task
    assert (await pixels.probe(file)).width == 64


async def test_a_child_that_crashes_says_so_of_the_picture(pixels, saved):
    file = saved(pictures.jpeg())
    async with hanging(pixels, file) as (task, pid):
        os.kill(pid, signal.SIGSEGV)
        os.kill(pid, signal.SIGCONT)
        with pytest.raises(Unreadable, match="crashed"):
            await task
    assert (await pixels.probe(file)).width == 64


async def test_a_child_that_died_while_idle_is_not_noticed(pixels, saved):
    file = saved(pictures.jpeg())
    await pixels.probe(file)
    (pid,) = pixels.pids
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs(_processes(pid), timeout=10)
    assert (await pixels.probe(file)).width == 64


async def test_a_child_that_takes_too_long_is_replaced(saved):
    async with pool(wall_seconds=0.3) as pixels:
        file = saved(pictures.jpeg())
        async with hanging(pixels, file) as (task, pid):
            with pytest.raises(Unreadable, match=r"longer than 0\.3 s"):
                await task
        await pixels.probe(file)
        assert pid not in pixels.pids


async def test_a_picture_that_takes_too_much_computing_is_unreadable(saved):
    async with pool(cpu_seconds=0) as pixels:
        with pytest.raises(Unreadable, match="computing"):
            await pixels.decode(saved(pictures.many_frames_gif(300, 2000, 2000)))
        await pixels.decode(saved(pictures.gif()))


async def test_a_picture_that_takes_too_much_memory_is_unreadable(saved):
    async with pool(memory_mb=512) as pixels:
        with pytest.raises(Unreadable, match="memory"):
            await pixels.decode(saved(pictures.huge_png_header(16_000, 12_000, interlaced=True)))
        await pixels.decode(saved(pictures.gif()))


async def test_a_child_that_cannot_start_is_no_fault_of_the_picture(saved):
    async with pool(memory_mb=1) as pixels:
        for _ in range(2):
            with pytest.raises(ImagingUnavailable, match="did not start"):
                await pixels.probe(saved(pictures.jpeg()))


async def test_a_child_is_replaced_after_its_share_of_work(saved):
    file = saved(pictures.jpeg())
    async with pool(jobs_per_child=3) as pixels:
        seen = []
        for _ in range(7):
            await pixels.probe(file)
            seen += pixels.pids
        assert len(set(seen)) == 3


async def test_a_child_that_has_grown_is_replaced(saved):
    async with pool(keep_below_mb=1) as pixels:
        await pixels.probe(saved(pictures.jpeg()))
        assert not pixels.pids


async def test_many_callers_each_get_the_answer_to_their_question(saved):
    files = {width: saved(pictures.png(width=width)) for width in range(30, 50)}
    async with pool(children=2) as pixels:
        asked = list(files) * 5
        probes = await asyncio.gather(*(pixels.probe(files[width]) for width in asked))
        assert [probe.width for probe in probes] == asked
        assert len(pixels.pids) == 2


async def test_callers_who_leave_do_not_confuse_those_who_stay(saved):
    files = {width: saved(pictures.png(width=width)) for width in range(30, 50)}
    async with pool(children=2) as pixels:
        await pixels.probe(files[30])
        tasks = {w: asyncio.create_task(pixels.probe(file)) for w, file in files.items()}
        for turn, task in enumerate(list(tasks.values())[::3]):
            await asyncio.sleep(0.0005 * turn)
            task.cancel()
        answers = await asyncio.gather(*tasks.values(), return_exceptions=True)
        kept = {
            w: a for w, a in zip(tasks, answers, strict=True) if not isinstance(a, BaseException)
        }
        assert len(kept) >= len(files) * 2 // 3 - 1
        assert all(answer.width == width for width, answer in kept.items())


async def test_a_caller_who_leaves_takes_the_child_along(pixels, saved):
    async with hanging(pixels, saved(pictures.jpeg())) as (task, pid):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (await pixels.probe(saved(pictures.png(width=77)))).width == 77
    assert pid not in pixels.pids


async def test_whoever_waits_too_long_for_a_child_is_told(saved):
    file = saved(pictures.jpeg())
    async with pool(queue_seconds=0.1) as pixels, hanging(pixels, file) as (task, _):
        with pytest.raises(ImagingUnavailable, match="waiting"):
            await pixels.probe(file)
        task.cancel()


async def test_closing_ends_children_and_callers(saved):
    file = saved(pictures.jpeg())
    async with pool() as pixels:
        async with hanging(pixels, file) as (task, pid):
            await pixels.close()
            with pytest.raises(ImagingUnavailable):
                await task
        assert not psutil.pid_exists(pid)
        with pytest.raises(ImagingUnavailable, match="closed"):
            await pixels.probe(file)


async def test_a_file_that_is_gone_is_told_as_such_and_costs_no_child(pixels, saved, tmp_path):
    await pixels.probe(saved(pictures.jpeg()))
    before = pixels.pids
    with pytest.raises(FileNotFoundError):
        await pixels.probe(tmp_path / "nothing")
    assert pixels.pids == before


async def test_no_descriptor_is_left_open(pixels, saved):
    file = saved(pictures.jpeg())
    await pixels.probe(file)
    own, child = psutil.Process(), psutil.Process(pixels.pids[0])
    before = own.num_fds(), child.num_fds()
    for _ in range(40):
        await pixels.probe(file)
        with pytest.raises(Unreadable):
            await pixels.decode(saved(pictures.truncated_jpeg()))
    assert (own.num_fds(), child.num_fds()) == before


async def test_a_child_knows_no_secret_and_holds_no_descriptor_of_ours(
    pixels, saved, monkeypatch, tmp_path
):
    monkeypatch.setenv("CALOTYPE_DATABASE_URL", "postgresql://secret")
    secret = (tmp_path / "secret").open("w")
    os.set_inheritable(secret.fileno(), 1)
    with secret:
        await pixels.probe(saved(pictures.jpeg()))
        child = psutil.Process(pixels.pids[0])
        assert "secret" not in str(child.environ())
        assert set(child.environ()) <= {
            *("LANG", "VIPS_BLOCK_UNTRUSTED", "VIPS_CONCURRENCY", "VIPS_WARNING"),
            "VIPS_DISC_THRESHOLD",
            *("MALLOC_ARENA_MAX", "OPENBLAS_NUM_THREADS", "LC_CTYPE"),
        }
        assert not child.open_files()
        assert child.cwd() == "/"


async def test_a_child_dies_with_the_server(saved, tmp_path):
    program = textwrap.dedent("""
        import asyncio, os, signal, sys
        from pathlib import Path
        from calotype.imaging import Pixels

        async def main():
            pixels = Pixels()
            await pixels.probe(Path(sys.argv[1]))
            os.kill(pixels.pids[0], signal.SIGSTOP)
            print(pixels.pids[0], flush=True)
            os.kill(os.getpid(), signal.SIGKILL)

        asyncio.run(main())
    """)
    command = [sys.executable, "-c", program, str(saved(pictures.jpeg()))]
    ended = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    assert ended.returncode == -signal.SIGKILL
    psutil.wait_procs(_processes(int(ended.stdout)), timeout=10)
    assert not _is_running(int(ended.stdout))


def _processes(pid: int) -> list[psutil.Process]:
    return [psutil.Process(pid)] if psutil.pid_exists(pid) else []


def _is_running(pid: int) -> bool:
    """A dead process may wait in the process table until somebody looks after it."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] not in {"Z", "X"}
