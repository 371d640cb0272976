"""A database that is not our own goes away for longer, and everything waits for it."""

import signal
from pathlib import Path

import psutil
import pytest

from calotype.database import embedded
from tests import pictures
from tests.acceptance.installation import Installation, await_that, lives

AWAY_ENDS = 5
"""How often the worker ends for want of a database before that comes back."""


@pytest.mark.slow
def test_a_database_that_is_away_for_long_ends_nothing(tmp_path: Path) -> None:
    with embedded(tmp_path / "elsewhere") as database:
        installation = Installation(
            tmp_path / "data",
            {
                "CALOTYPE_DATABASE_URL": database.login_url,
                "CALOTYPE_DATABASE_OWNER_URL": database.owner_url,
            },
        )
        assert installation.run("migrate").returncode == 0
        installation.start()
        try:
            record = tmp_path / "elsewhere/cluster/data/postmaster.pid"
            postmaster = psutil.Process(int(record.read_text().split("\n")[0]))
            backends = [postmaster, *postmaster.children()]
            postmaster.send_signal(signal.SIGKILL)
            await_that(lambda: not any(lives(each) for each in backends), "its end")
            installation.part("calotype.worker").send_signal(signal.SIGKILL)
            await_that(
                lambda: installation.output.count("serve.part_ended") >= AWAY_ENDS,
                "the ends of the worker", seconds=240,
            )  # fmt: skip
            assert not installation.ended
            database.revive()

            def done() -> bool:
                with installation.client() as client:
                    client.post("/api/media", files={"file": ("a.jpg", pictures.jpeg())})
                    page = client.get("/api/media")
                    return page.status_code == 200 and "ready" in page.text

            await_that(done, "an upload and its job")
        finally:
            installation.kill_everything()
