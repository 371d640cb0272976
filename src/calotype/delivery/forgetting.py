"""Forgetting answers as soon as the database says that their media have changed."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID

import structlog

from calotype.database import hearing
from calotype.delivery.hot import HotAnswers
from calotype.errors import Unavailable

log = structlog.get_logger()

_CHANNEL = "calotype_media"
_PAUSE_SECONDS = 2.0


@asynccontextmanager
async def kept_fresh(hot: HotAnswers, url: str) -> AsyncGenerator[None]:
    """Listen for the block; a connection that is lost is made again."""
    listener = asyncio.create_task(_listen_always(hot, url))
    try:
        yield
    finally:
        listener.cancel()
        await asyncio.gather(listener, return_exceptions=True)


async def _listen_always(hot: HotAnswers, url: str) -> None:
    while True:
        try:
            await _listen(hot, url)
        except Unavailable as error:
            log.warning("delivery.hears_nothing", error=str(error))
        await asyncio.sleep(_PAUSE_SECONDS)


async def _listen(hot: HotAnswers, url: str) -> None:
    try:
        async with hearing(url, _CHANNEL) as changes:
            hot.hear(of_changes=True)
            async for media in changes:
                hot.forget(UUID(media))
    finally:
        hot.hear(of_changes=False)
