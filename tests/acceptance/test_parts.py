"""The parts of a running calotype: they come back by themselves, and others may join in."""

import signal
from collections.abc import Callable

import httpx
import psutil
import pytest

from tests import pictures
from tests.acceptance.installation import Installation, await_that, free_port, lives

SEEDS = iter(range(1000))


def uploads_work(installation: Installation) -> bool:
    """Try one upload; while a part is away, the server says so or cannot be reached."""
    try:
        with installation.client() as client:
            files = {"file": ("a.jpg", pictures.jpeg(next(SEEDS)))}
            answer = client.post("/api/media", files=files)
    except httpx.TransportError:
        return False
    assert answer.status_code in (201, 503), answer.text
    return answer.status_code == 201


def all_is_ready(installation: Installation) -> bool:
    with installation.client() as client:
        media = client.get("/api/media", params={"limit": 200}).json()["items"]
    return {each["state"] for each in media} == {"ready"}


PARTS: dict[str, Callable[[Installation], psutil.Process | None]] = {
    "http server": lambda installation: installation.part("calotype.server"),
    "http process": lambda installation: installation.part("calotype.server").children()[0],
    "worker": lambda installation: installation.part("calotype.worker"),
    "postgresql": lambda installation: installation.postmaster,
    "a backend": lambda installation: installation.postmaster.children()[-1],
}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_is_killed_comes_back_by_itself(serving: Installation, name: str) -> None:
    await_that(lambda: uploads_work(serving), "an upload")
    await_that(lambda: all_is_ready(serving), "the end of the jobs")
    part = PARTS[name](serving)
    assert part is not None
    part.send_signal(signal.SIGKILL)
    await_that(lambda: not lives(part), f"the end of {name}")
    await_that(lambda: uploads_work(serving), "an upload")
    await_that(lambda: all_is_ready(serving), "the end of the jobs")
    assert lives(psutil.Process(serving.server.pid))


@pytest.mark.slow
def test_the_jobs_of_a_killed_worker_are_taken_over(serving: Installation) -> None:
    await_that(lambda: uploads_work(serving), "an upload")
    large = pictures.jpeg(width=6000, height=5000)
    with serving.client() as client:
        for number in range(6):
            files = {"file": (f"{number}.jpg", large + bytes([number]))}
            assert client.post("/api/media", files=files).status_code == 201
    serving.part("calotype.worker").send_signal(signal.SIGKILL)
    assert not all_is_ready(serving)
    await_that(lambda: all_is_ready(serving), "the end of the jobs", seconds=180)


def test_a_second_server_on_the_folder_is_turned_away(serving: Installation) -> None:
    second = serving.run("serve", "--port", str(free_port()))
    assert second.returncode == 4
    assert second.stderr.startswith("calotype: Another `calotype serve`")
    assert str(serving.server.pid) in second.stderr
    assert second.stderr.count("\n") == 1
    assert uploads_work(serving)


def test_other_commands_run_beside_the_server(serving: Installation) -> None:
    assert uploads_work(serving)
    for words in (["stats"], ["sweep", "--dry-run"], ["sweep"], ["doctor"]):
        done = serving.run(*words)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
    made = serving.run("keys", "create", "--tenant", "default", "--role", "editor")
    secret = made.stdout.strip()
    with serving.client(Authorization=f"Bearer {secret}") as client:
        assert client.get("/api/session").json()["role"] == "editor"
        listed = serving.run("keys", "list")
        assert secret not in listed.stdout
        assert serving.run("keys", "revoke", listed.stdout.split()[0]).returncode == 0
        assert client.get("/api/session").status_code == 401
    assert serving.postmaster is not None
