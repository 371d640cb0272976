"""A pool of children for all tests of a module, and files to hand to it."""

import pytest

from calotype.imaging import Pixels


@pytest.fixture
async def pixels():
    pool = Pixels()
    yield pool
    await pool.close()


@pytest.fixture
def saved(tmp_path):
    """Save bytes under a name that says nothing about them."""

    def save(data: bytes):
        file = tmp_path / f"{len(list(tmp_path.iterdir()))}.bin"
        file.write_bytes(data)
        return file

    return save
