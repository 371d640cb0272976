"""Objects on a WebDAV share, on a real server with a password."""

import pytest
from wsgidav.wsgidav_app import WsgiDAVApp

from calotype.storage import StoreRefused, StoreUnavailable, open_objects
from tests.storage.conformance import KEY, SMALL, ObjectsConformance, put
from tests.storage.servers import Door, halving, serving


@pytest.fixture
def share(tmp_path):
    folder = tmp_path / "share"
    folder.mkdir()
    app = WsgiDAVApp(
        {
            "provider_mapping": {"/": str(folder)},
            "simple_dc": {"user_mapping": {"*": {"anna": {"password": "p@ss:word"}}}},
            "http_authenticator": {"accept_digest": False, "default_to_digest": False},
            "logging": {"enable": False},
            "verbose": 0,
        }
    )
    door = Door(app)
    with serving(door) as address:
        yield door, address


@pytest.fixture
async def objects(share):
    objects = open_objects(f"webdav+http://anna:p%40ss%3Aword@{share[1]}/")
    yield objects
    await objects.close()


class TestWebdav(ObjectsConformance):
    """The whole suite, on a share."""

    crowd = 45


async def test_half_a_file_does_not_count(objects, share, spool):
    share[0].meet("PUT", *[halving] * 20)
    with pytest.raises(StoreUnavailable):
        await put(objects, KEY, SMALL, spool)
    assert [file.read_bytes() for file in spool.folder.iterdir()] == [SMALL]


async def test_a_wrong_password_is_refused_and_not_shown(share, spool):
    objects = open_objects(f"webdav+http://anna:guessed@{share[1]}/")
    with pytest.raises(StoreRefused) as refused:
        await objects.find(KEY)
    assert "guessed" not in str(refused.value)
