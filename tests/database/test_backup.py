"""Backups, while the database is in use and others look on."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from time import sleep

import psutil
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from calotype.app import Urls
from calotype.backup import back_up
from calotype.database import DumpFailed
from tests.conftest import Cluster


def urls_of(cluster: Cluster, owner_url: str = "") -> Urls:
    return Urls(owner_url or cluster.owner_url, cluster.login_url, cluster.login_url)


def running(name: str) -> psutil.Process:
    """Wait until a child of this process runs the program *name*."""
    for attempt in count():
        for child in psutil.Process().children(recursive=True):
            if child.name() == name:
                return child
        assert attempt < 3000
        sleep(0.01)
    raise AssertionError


def test_the_password_stands_in_no_list_of_processes(empty_cluster: Cluster, tmp_path: Path):
    password = str(conninfo_to_dict(empty_cluster.owner_url)["password"])
    with psycopg.connect(empty_cluster.owner_url) as holder, ThreadPoolExecutor(1) as aside:
        holder.execute("lock table calotype.media in access exclusive mode")
        made = aside.submit(back_up, urls_of(empty_cluster), tmp_path / "backup")
        arguments = running("pg_dump").cmdline()
        holder.rollback()
        assert made.result().originals == 0
    assert any("--dbname=" in argument for argument in arguments)
    assert not any(password in argument for argument in arguments)


def test_nobody_else_may_read_a_backup(empty_cluster: Cluster, tmp_path: Path):
    folder = tmp_path / "backup"
    back_up(urls_of(empty_cluster), folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    modes = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
    assert modes == dict.fromkeys(("about.json", "database.dump", "objects.jsonl"), 0o600)


def test_a_backup_may_take_longer_than_a_transaction_may_idle(
    empty_cluster: Cluster, tmp_path: Path
):
    hasty = make_conninfo(
        empty_cluster.owner_url, options="-c idle_in_transaction_session_timeout=1ms"
    )
    assert back_up(urls_of(empty_cluster, hasty), tmp_path / "backup").originals == 0


def test_a_database_that_does_not_answer_is_one_sentence(empty_cluster: Cluster, tmp_path: Path):
    with pytest.raises(DumpFailed, match="refused"):
        back_up(urls_of(empty_cluster, "postgresql://127.0.0.1:1/none"), tmp_path / "backup")
