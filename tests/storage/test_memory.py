"""Objects in memory behave like all others."""

import pytest

from calotype.storage import open_objects
from tests.storage.conformance import ExactConformance, ObjectsConformance


@pytest.fixture
async def objects():
    objects = open_objects("memory://")
    yield objects
    await objects.close()


class TestMemory(ObjectsConformance, ExactConformance):
    """The whole suite, on memory."""

    async def test_there_is_no_local_file(self, objects):
        assert objects.local_path("o/x") is None
