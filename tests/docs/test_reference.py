"""The reference pages say what the code says."""

import importlib.util
from pathlib import Path

import pytest

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


def test_every_setting_says_what_it_means() -> None:
    assert all(field.description for field in generator.Settings.model_fields.values())
