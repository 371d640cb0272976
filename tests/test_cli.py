"""The command line: what it prints, and the code it ends with."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import Cluster


def run(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CALOTYPE_")}
    return subprocess.run(
        [sys.executable, "-m", "calotype", *words],
        cwd=folder, env=clean | environment, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


def test_a_refused_setting_is_one_sentence_that_names_its_variable(tmp_path: Path):
    ended = run(tmp_path, "stats", CALOTYPE_ORPHAN_GRACE="soon")
    assert ended.returncode == 5
    assert ended.stderr == (
        "calotype: The settings cannot be accepted: CALOTYPE_ORPHAN_GRACE: say how long, as in"
        " `24h`, `90m`, `30s` or `2d`.\n"
    )


def test_the_list_of_keys_has_a_column_for_the_tenant(tmp_path: Path, empty_cluster: Cluster):
    elsewhere = {"CALOTYPE_DATABASE_URL": empty_cluster.login_url}
    for words in (
        ("--tenant", "acme", "--role", "editor", "--name", "shop"),
        ("--role", "service"),
    ):
        assert run(tmp_path, "keys", "create", *words, **elsewhere).returncode == 0
    listed = run(tmp_path, "keys", "list", **elsewhere)
    assert [line.split()[1:] for line in listed.stdout.splitlines()] == [
        ["editor", "good", "acme", "shop"],
        ["service", "good", "any", "tenant"],
    ]
