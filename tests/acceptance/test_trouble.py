"""A disk that is full, a store that is gone, a database that is gone: 503, and then all is well."""

import resource
import signal

import httpx
import psutil

from tests import pictures
from tests.acceptance.installation import Installation, await_that, lives

LARGE = pictures.jpeg(seed=3) + bytes(3_000_000)


def upload(installation: Installation, data: bytes, key: str = "") -> httpx.Response:
    with installation.client() as client:
        headers = {"Idempotency-Key": key} if key else {}
        return client.post("/api/media", files={"file": ("a.jpg", data)}, headers=headers)


def demand_try_again(answer: httpx.Response, installation: Installation) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
    assert str(installation.data) not in answer.text
    assert "Traceback" not in answer.text


def count(installation: Installation) -> int:
    with installation.client() as client:
        return client.get("/api/media").json()["total"]


def test_a_full_disk_refuses_uploads_until_there_is_room(serving: Installation) -> None:
    before = count(serving)
    process = serving.part("calotype.server").children()[0]
    soft, hard = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (1_000_000, hard))
    for key in ("", "full"):
        demand_try_again(upload(serving, LARGE, key), serving)
    assert list((serving.data / "spool").iterdir()) == []
    assert count(serving) == before
    assert upload(serving, pictures.jpeg(seed=4)).status_code == 201
    assert soft == resource.RLIM_INFINITY
    process.rlimit(psutil.RLIMIT_FSIZE, (soft, hard))
    added = upload(serving, LARGE, "full")
    assert added.status_code == 201
    with serving.client() as client:
        assert client.get(added.json()["url"]).content == LARGE


def test_a_store_that_is_gone_is_waited_for(serving: Installation) -> None:
    small, large = [upload(serving, data).json() for data in (pictures.jpeg(seed=5), LARGE)]
    objects, away = serving.data / "objects", serving.data / "away"
    objects.rename(away)
    with serving.client() as client:
        try:
            demand_try_again(upload(serving, pictures.jpeg(seed=6), "gone"), serving)
            for media in (small, large):
                demand_try_again(client.get(media["url"]), serving)
            assert client.get("/health/ready").status_code == 503
            assert client.get("/health/live").status_code == 200
            assert client.get(f"/api/media/{small['id']}").status_code == 200
        finally:
            away.rename(objects)
        assert upload(serving, pictures.jpeg(seed=6), "gone").status_code == 201
        assert client.get(large["url"]).content == LARGE
        assert client.get("/health/ready").status_code == 200
    assert list((serving.data / "spool").iterdir()) == []


def test_a_database_that_is_gone_is_waited_for(serving: Installation) -> None:
    before = count(serving)
    postmaster, server = serving.postmaster, psutil.Process(serving.server.pid)
    assert postmaster is not None
    backends = postmaster.children()
    server.send_signal(signal.SIGSTOP)
    try:
        postmaster.send_signal(signal.SIGKILL)
        await_that(lambda: not any(lives(each) for each in backends), "the end of PostgreSQL")
        demand_try_again(upload(serving, pictures.jpeg(seed=8), "database"), serving)
        with serving.client() as client:
            demand_try_again(client.get("/api/media"), serving)
            assert client.get("/health/ready").status_code == 503
    finally:
        server.send_signal(signal.SIGCONT)
    await_that(lambda: serving.postmaster is not None, "the return of PostgreSQL")

    def accepted() -> bool:
        answer = upload(serving, pictures.jpeg(seed=8), "database")
        assert answer.status_code in (201, 503)
        return answer.status_code == 201

    await_that(accepted, "an upload")
    assert accepted()
    assert count(serving) == before + 1
    assert list((serving.data / "spool").iterdir()) == []


def test_nothing_of_the_trouble_is_left_for_doctor(serving: Installation) -> None:
    with serving.client() as client:

        def states() -> set[str]:
            return {media["state"] for media in client.get("/api/media").json()["items"]}

        await_that(lambda: states() == {"ready"}, "the end of the jobs")
    doctor = serving.run("doctor", "--level", "deep")
    assert doctor.returncode == 0, doctor.stdout
