"""The page of symptoms says what really happens, and names only what exists."""

import re
import shlex
from pathlib import Path

import click
import httpx
import pytest

from calotype.app import House
from calotype.cli import EXIT_CODES, main
from calotype.settings import Settings
from tests import pictures
from tests.http.speaking import check_problem, look_at_everything, speaking, upload
from tests.originals.test_doctor import DEFECTS

PAGE = (Path(__file__).parents[2] / "docs/how-to/troubleshooting.md").read_text("utf-8")
LATER = re.compile(r"\*Later.*?(?=\n\n|\Z)", re.DOTALL)
SYMPTOMS = {
    "Images not loading", "Enhanced images not appearing in dashboard",
    "Featured images not saving permanently", "Mixed old/new data causing display issues",
    "Workflow Not Activating", "Performance Issues", "Duplicate Detection Issues",
    "Matching not working", "Sync failing",
}  # fmt: skip


def commands() -> list[list[str]]:
    """The words of every line that runs calotype."""
    lines = re.findall(r"^    calotype (.+)$", PAGE, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


def test_every_symptom_that_a_seed_names_has_its_heading():
    assert set(re.findall(r"^### (.+)$", PAGE, re.MULTILINE)) >= SYMPTOMS


def test_every_symptom_has_a_command_that_shows_it():
    _, *symptoms = re.split(r"^### ", PAGE, flags=re.MULTILINE)
    assert len(symptoms) > len(SYMPTOMS)
    silent = [text for text in symptoms if not re.search(r"^    (calotype|curl|df) ", text, re.M)]
    assert [text.partition("\n")[0] for text in silent] == []


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_of_the_page_is_understood(words: list[str]):
    command = main.get_command(click.Context(main), words[0])
    assert command is not None
    given = ["4711" if word == "PORT" else word for word in words[1:]]
    with command.make_context(words[0], given) as context:
        assert context.params.keys() == {option.name for option in command.params}


def test_every_setting_of_the_page_exists():
    named = set(re.findall(r"CALOTYPE_([A-Z_]+)", LATER.sub("", PAGE)))
    assert named
    assert named <= {name.upper() for name in Settings.model_fields}


def test_the_exit_codes_of_the_page_are_those_of_the_command_line():
    codes = {int(code) for code in re.findall(r"^\| (\d) \| ", PAGE, re.MULTILINE)}
    assert codes == {0, 1, 2, *EXIT_CODES.values()}


def advice() -> dict[str, str]:
    """What the page says to do, by the code of the finding."""
    rows = re.findall(r"^\| ((?:`[a-z-]+`(?:, )?)+) \| (.+) \|$", PAGE, re.MULTILINE)
    return {code: told for codes, told in rows for code in re.findall(r"`([a-z-]+)`", codes)}


async def test_every_code_of_doctor_has_advice_and_repairs_are_those_that_exist(house: House):
    assert advice().keys() == DEFECTS.keys() | {"loaders-differ"}
    repaired = sorted(code for code, told in advice().items() if re.search(r"\brepair:? ?", told))
    assert repaired == house.doctor.repairable()


async def test_a_picture_that_does_not_load_answers_as_the_page_says(
    client: httpx.AsyncClient, house: House
):
    nobody = speaking(client, None)
    private = (await upload(client, pictures.jpeg(seed=1))).json()
    check_problem(await nobody.get(f"/m/{private['id']}"), 404)
    check_problem(await nobody.get(private["url"] + "x"), 403)

    unfollowed = pictures.pixels().tiffsave_buffer(compression="jpeg")
    public = (await upload(client, unfollowed, visibility="public")).json()
    check_problem(await nobody.get(public["url"]), 503)
    await look_at_everything(house)
    check_problem(await nobody.get(public["url"]), 404)
    assert (await client.get(public["url"])).content == unfollowed

    objects = house.settings.data / "objects"
    away = objects.rename(objects.with_name("away"))
    check_problem(await client.get(private["url"]), 503)
    away.rename(objects)
    assert (await client.get(private["url"])).status_code == 200
