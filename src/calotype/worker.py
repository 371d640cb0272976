"""The background door: runs the jobs of every slice."""

import asyncio
import os

import structlog

from calotype.app import Urls, build, database_urls
from calotype.jobs import Worker
from calotype.logs import configure_logs
from calotype.parting import die_with_parent
from calotype.settings import Settings, read_settings

log = structlog.get_logger()

_CONNECTIONS = 4


def work(settings: Settings, concurrency: int) -> None:
    """Run jobs until a signal comes."""
    with database_urls(settings) as urls:
        asyncio.run(_work(settings, urls, concurrency))
    log.info("worker.stopped")


async def _work(settings: Settings, urls: Urls, concurrency: int) -> None:
    async with build(settings, urls.login, connections=_CONNECTIONS, children=concurrency) as house:
        worker = Worker.build(
            urls.direct, house.tasks, concurrency=concurrency,
            separate_roles=house.database.separate_roles,
        )  # fmt: skip
        log.info("worker.started", concurrency=concurrency)
        await worker.run()


def main() -> None:
    """Work for the supervisor."""
    die_with_parent(int(os.environ["CALOTYPE_SUPERVISOR"]))
    settings = read_settings()
    configure_logs(settings.log_level)
    work(settings, concurrency=os.cpu_count() or 1)


if __name__ == "__main__":
    main()
