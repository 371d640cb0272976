"""A spool, and an S3 server whose bucket is new for each test."""

from uuid import uuid4

import httpx
import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from calotype.storage import Spool
from tests.storage.servers import Door, serving

pytest.register_assert_rewrite("tests.storage.conformance")


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "spool")


@pytest.fixture(scope="session")
def s3_server():
    """An S3 server that lists in pages of twenty, so that few objects make many pages."""
    door = Door(DomainDispatcherApplication(create_backend_app))
    with pytest.MonkeyPatch.context() as patch, serving(door) as address:
        patch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "20")
        yield door, f"http://{address}"


@pytest.fixture
def s3_door(s3_server, monkeypatch):
    """The server, and an environment that leads to it."""
    door, address = s3_server
    for name, value in {
        "AWS_ENDPOINT_URL": address,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    door.reset()
    yield door
    door.reset()


@pytest.fixture
def s3_url(s3_server, s3_door):
    bucket = f"test-{uuid4().hex}"
    httpx.put(f"{s3_server[1]}/{bucket}").raise_for_status()
    s3_door.reset()
    return f"s3://{bucket}/pictures"
