"""open_objects: from an address to the store that it names."""

from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import HTTPStore, MemoryStore, S3Store, from_url

from calotype.storage.errors import BadStorageUrl
from calotype.storage.folder import FolderObjects
from calotype.storage.objects import Objects
from calotype.storage.remote import RemoteObjects
from calotype.storage.webdav import WebdavObjects

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

_RETRIES: "RetryConfig" = {
    "max_retries": 4,
    "retry_timeout": timedelta(seconds=60),
    "backoff": {
        "init_backoff": timedelta(milliseconds=100),
        "max_backoff": timedelta(seconds=2),
        "base": 2,
    },
}

# A share takes a file in one request, however slow the line is.
_SHARE_TIMEOUT = timedelta(minutes=10)


def open_objects(url: str) -> Objects:
    """Open the store at *url*; credentials and end points come from the environment.

    `file:///folder`, `s3://bucket/prefix`, `gs://bucket/prefix`, `az://account/container`,
    `webdav+https://user:password@host/folder` (or `webdav+http`), `memory://`.
    """
    scheme = url.partition(":")[0]
    open_one = _OPENERS.get(scheme)
    if open_one is None:
        raise BadStorageUrl(
            "The address of a store starts with one of " + ", ".join(_OPENERS) + "."
        )
    try:
        return open_one(urlsplit(url))
    except (BaseError, ValueError) as error:
        raise BadStorageUrl(str(error).partition("\n")[0]) from error


def _open_folder(parts: SplitResult) -> Objects:
    if parts.netloc or not parts.path.startswith("/") or parts.query or parts.fragment:
        raise BadStorageUrl("A folder is named by its whole path, as in file:///srv/pictures.")
    return FolderObjects(Path(unquote(parts.path)))


def _open_memory(_: SplitResult) -> Objects:
    return RemoteObjects(MemoryStore())


def _open_s3(parts: SplitResult) -> Objects:
    """Ask S3 to verify and to keep a SHA-256; delete one by one, as every imitation can."""
    store = S3Store.from_url(
        parts.geturl(),
        config={"checksum_algorithm": "SHA256", "disable_bulk_delete": True},
        retry_config=_RETRIES,
    )
    return RemoteObjects(store)


def _open_bucket(parts: SplitResult) -> Objects:
    return RemoteObjects(from_url(parts.geturl(), retry_config=_RETRIES))


def _open_share(parts: SplitResult) -> Objects:
    if not parts.hostname:
        raise BadStorageUrl("The address of a store names a host.")
    where = parts._replace(
        scheme=parts.scheme.removeprefix("webdav+"), netloc=parts.netloc.rpartition("@")[2]
    )
    options: ClientConfig = {
        "allow_http": where.scheme == "http",
        "timeout": _SHARE_TIMEOUT,
        "default_headers": _authorization(parts),
    }
    return WebdavObjects(HTTPStore(where.geturl(), client_options=options, retry_config=_RETRIES))


def _authorization(parts: SplitResult) -> dict[str, str]:
    """Put the password into a header, so that no address in an error or a log shows it."""
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"authorization": f"Basic {b64encode(pair.encode()).decode()}"}


_OPENERS: dict[str, Callable[[SplitResult], Objects]] = {
    "file": _open_folder,
    "s3": _open_s3,
    "gs": _open_bucket,
    "az": _open_bucket,
    "webdav+https": _open_share,
    "webdav+http": _open_share,
    "memory": _open_memory,
}
