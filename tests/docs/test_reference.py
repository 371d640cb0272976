"""The reference pages say what the code says."""

import importlib.util
import re
from pathlib import Path

import pytest

from calotype.app import House
from tests.originals.test_doctor import DEFECTS

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def load_generator():
    spec = importlib.util.spec_from_file_location("generate", REFERENCE / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.import_everything()
    return module


generator = load_generator()


@pytest.mark.parametrize("name", sorted(generator.PAGES))
def test_the_page_is_what_just_docs_would_write(name: str) -> None:
    assert (REFERENCE / name).read_text() == generator.PAGES[name](), "run `just docs`"


async def test_the_page_of_checks_has_every_code_that_doctor_can_report_or_mend(house: House):
    told = re.findall(r"^\| `([a-z-]+)` \|.*\| (yes)? \|$", generator.checks_page(), re.MULTILINE)
    assert sorted(code for code, _ in told) == sorted({*DEFECTS, "loaders-differ"})
    assert sorted(code for code, mended in told if mended) == house.doctor.repairable()


def test_every_setting_says_what_it_means() -> None:
    assert all(field.description for field in generator.Settings.model_fields.values())
