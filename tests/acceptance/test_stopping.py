"""A signal ends everything soon, and what was under way is finished after the next start."""

import signal
import socket

from tests import pictures
from tests.acceptance.conftest import Install
from tests.acceptance.installation import Installation, await_that, lives

STOP_SECONDS = 10


def demand_clean_end(installation: Installation, *signals: signal.Signals) -> None:
    """Send the signals and demand that everything is gone in time, without a complaint."""
    running = installation.processes()
    assert installation.server is not None
    assert len(running) > 4
    for number in signals:
        installation.server.send_signal(number)
    assert installation.server.wait(STOP_SECONDS) == 0
    assert [each for each in running if lives(each)] == []
    assert installation.postmaster is None
    assert "Traceback" not in installation.output


def wait_for_worker(installation: Installation) -> None:
    await_that(lambda: "worker.started" in installation.output, "the start of the worker")


def test_jobs_that_a_stop_interrupts_are_done_after_the_next_start(install: Install) -> None:
    installation = install()
    installation.start()
    wait_for_worker(installation)
    large = pictures.jpeg(width=5000, height=4000)
    with installation.client() as client:
        for number in range(6):
            files = {"file": (f"{number}.jpg", large + bytes([number]))}
            assert client.post("/api/media", files=files).status_code == 201
    demand_clean_end(installation, signal.SIGTERM, signal.SIGTERM)

    installation.start()
    with installation.client() as client:

        def states() -> list[str]:
            return [media["state"] for media in client.get("/api/media").json()["items"]]

        await_that(lambda: states() == ["ready"] * 6, "the end of the jobs")
    assert installation.run("doctor").returncode == 0
    demand_clean_end(installation, signal.SIGINT)


def test_clients_that_are_slow_do_not_hold_up_a_stop(install: Install) -> None:
    installation = install()
    installation.start()
    with socket.create_connection(("127.0.0.1", installation.port)) as idle:
        with socket.create_connection(("127.0.0.1", installation.port)) as sending:
            sending.sendall(
                b"POST /api/media HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n"
                b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 5000000\r\n\r\n"
                b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
            )
            await_that(lambda: list((installation.data / "spool").iterdir()), "the upload's begin")
            demand_clean_end(installation, signal.SIGTERM)
        assert idle.recv(1) == b""
