"""Installations: one for each test that hurts it, and one that gentle tests share."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.installation import Installation

Install = Callable[..., Installation]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that was made once, as a first start makes it, and is copied from then on."""
    made = Installation(tmp_path_factory.mktemp("template") / "data")
    assert made.run("migrate").returncode == 0
    return made.data


def _install(template: Path, folder: Path, environment: dict[str, str]) -> Installation:
    shutil.copytree(template, folder / "data", ignore=lambda *_: ["socket"])
    return Installation(folder / "data", environment)


@pytest.fixture
def install(template: Path, tmp_path: Path) -> Iterator[Install]:
    """Make an installation with the given settings; nothing of it outlives the test."""
    made: list[Installation] = []

    def make(**environment: str) -> Installation:
        folder = tmp_path / f"installation-{len(made)}"
        folder.mkdir()
        made.append(_install(template, folder, environment))
        return made[-1]

    yield make
    for installation in made:
        installation.kill_everything()


@pytest.fixture(scope="module")
def serving(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation that serves, for the tests of a module that leave it as it was."""
    limits = {"CALOTYPE_MAX_UPLOAD": "8MB"}
    shared = _install(template, tmp_path_factory.mktemp("shared"), limits)
    shared.start()
    yield shared
    shared.kill_everything()
