"""WebdavObjects: a share that speaks WebDAV, as most network disks do."""

import asyncio
import mmap
from collections.abc import AsyncIterator
from pathlib import Path

from obstore.exceptions import GenericError

from calotype.digest import Digest
from calotype.storage.objects import ObjectInfo, check_key
from calotype.storage.remote import RemoteObjects, info_page, listing_trouble

_FOLDER_EXISTS = "Error performing MKCOL"


class WebdavObjects(RemoteObjects):
    """WebDAV knows no conditions, no parts and no metadata, so less can be asked of it."""

    async def list_pages(self, prefix: str = "") -> AsyncIterator[tuple[ObjectInfo, ...]]:
        """Folder by folder: most servers refuse to list a whole tree, or answer in one piece."""
        folders = [check_key(prefix) if prefix else ""]
        while folders:
            folder = folders.pop()
            with listing_trouble(folder):
                found = await self._catalogue.list_with_delimiter_async(folder or None)
            folders.extend(found["common_prefixes"])
            if page := info_page(found["objects"]):
                yield page

    async def _upload(self, key: str, file: Path, size_bytes: int, digest: Digest) -> None:
        await self._demand_free(key)
        body = await asyncio.to_thread(_map, file, size_bytes)
        await self._replace(key, body)

    async def _replace(self, key: str, body: mmap.mmap | bytes) -> None:
        """Try once more per folder: of two writers that make one, the second gets an error."""
        for _ in range(key.count("/")):
            try:
                return await super()._replace(key, body)
            except GenericError as error:
                if _FOLDER_EXISTS not in str(error):
                    raise
        return await super()._replace(key, body)


def _map(file: Path, size_bytes: int) -> mmap.mmap | bytes:
    """Hand out the file as a buffer that takes no memory; an empty one cannot be mapped."""
    with file.open("rb") as opened:
        return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) if size_bytes else b""
