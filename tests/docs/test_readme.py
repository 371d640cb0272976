"""The README's commands are the ones that run."""

import re
import subprocess
from pathlib import Path

import click

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SET_UP = "python3 -m venv .uv && .uv/bin/pip install -q uv && .uv/bin/uv run "


def command(mark: str) -> str:
    found = re.search(rf"<!-- {mark} -->\n```sh\n(.+)\n```\n<!-- /{mark} -->", README)
    assert found, f"the README has no command between the marks {mark}"
    return found[1]


def test_both_commands_set_everything_up_themselves() -> None:
    assert command("run-command") == SET_UP + "calotype serve"
    assert command("test-command") == SET_UP + "just check"


def test_continuous_integration_runs_the_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    reads = next(line for line in script.splitlines() if line.startswith("command=$(sed"))
    program = reads.removeprefix("command=$(").removesuffix(")")
    read = subprocess.run(
        ["bash", "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert read.stdout.strip() == command("test-command")
    assert 'bash -euo pipefail -c "$command"' in script


def test_every_command_of_the_transcript_exists() -> None:
    from calotype.cli import main  # noqa: PLC0415 -- the door is opened only here

    verbs = set(re.findall(r"^\$ calotype (\w+)", README, re.MULTILINE))
    assert verbs == {"serve", "stats", "doctor"}
    assert verbs <= set(main.list_commands(click.Context(main)))


def test_every_page_that_the_readme_names_is_there() -> None:
    pages = re.findall(r"\]\((?!http)([^)#]+)", README)
    assert pages
    assert [page for page in pages if not (ROOT / page).exists()] == []
