"""The spool hands out paths and forgets nobody's file too early."""

import os
import stat
import time

from calotype.storage import Spool


def test_nobody_else_may_enter(spool):
    assert stat.S_IMODE(spool.folder.stat().st_mode) == 0o700


def test_a_folder_that_was_open_to_all_is_closed(tmp_path):
    tmp_path.chmod(0o755)
    Spool(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_no_path_is_given_twice(spool):
    assert len({spool.new_path() for _ in range(1000)}) == 1000
    assert not list(spool.folder.iterdir())


async def test_only_old_leftovers_are_removed(spool):
    old, young = spool.new_path(), spool.new_path()
    for file in (old, young):
        file.write_bytes(b"half a picture")
    seven_hours_ago = time.time() - 7 * 3600
    os.utime(old, (seven_hours_ago, seven_hours_ago))

    assert await spool.remove_leftovers(older_than_hours=6) == 1
    assert list(spool.folder.iterdir()) == [young]
