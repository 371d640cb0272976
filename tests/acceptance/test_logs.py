"""What a running calotype writes down: one line of JSON an event, which names its request."""

import json

from tests import pictures
from tests.acceptance.installation import Installation, await_that


def events(installation: Installation, request: str) -> dict[str, dict]:
    """The lines about one request, by their event."""
    lines = [line for line in installation.output.splitlines() if line.startswith("{")]
    told = [json.loads(line) for line in lines]
    return {line["event"]: line for line in told if line.get("request") == request}


def await_events(installation: Installation, request: str) -> tuple[dict, dict]:
    """What was out of order, and how the request was answered."""
    await_that(lambda: len(events(installation, request)) == 2, "the lines", seconds=10)
    found = events(installation, request)
    return found["http.unavailable"], found["http.answered"]


def test_trouble_with_the_store_is_logged_with_its_reason(serving: Installation) -> None:
    objects, away = serving.data / "objects", serving.data / "away"
    with serving.client() as client:
        file = {"file": ("a.jpg", pictures.jpeg())}
        media = client.post("/api/media", files=file).json()
        objects.rename(away)
        try:
            answers = [
                client.get(media["url"]),
                client.post("/api/media", files={"file": ("b.jpg", pictures.jpeg(seed=1))}),
            ]
        finally:
            away.rename(objects)
    for answer in answers:
        request = answer.headers["x-request-id"]
        assert answer.status_code == 503
        told, answered = await_events(serving, request)
        assert (told["level"], told["error"]) == ("warning", "StoreUnavailable")
        assert str(objects) in told["detail"]
        assert (answered["status"], answered["level"]) == (503, "warning")
