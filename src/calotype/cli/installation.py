"""The installation that a command works on: its settings, its database, its house."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click

from calotype import supervisor
from calotype.app import House, build, database_urls
from calotype.errors import Missing
from calotype.logs import configure_logs
from calotype.settings import Settings, read_settings

Result = TypeVar("Result")

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="The data folder; CALOTYPE_DATA, or ./calotype-data.",
)


def settings_of(data: Path | None = None) -> Settings:
    settings = read_settings(data=data)
    configure_logs(settings.log_level)
    return settings


class DataMissing(Missing):
    """There is no calotype in this data folder; `--data` names another one."""


def in_house(data: Path | None, act: Callable[[House], Awaitable[Result]]) -> Result:
    """Let *act* use the house of an installation that is there already."""
    settings = settings_of(data)
    if settings.database_url is None and not (settings.data / "postgres").is_dir():
        raise DataMissing(f"There is no calotype in {settings.data}; --data names another folder.")
    return in_new_house(data, act)


def in_new_house(data: Path | None, act: Callable[[House], Awaitable[Result]]) -> Result:
    """Bring the database up, build the house and let *act* use it."""
    settings = settings_of(data)

    async def inside(login: str) -> Result:
        async with build(settings, login, connections=2) as house:
            await house.sweeper.ensure_epoch()
            return await act(house)

    with database_urls(settings) as urls:
        if settings.database_url is None:
            supervisor.bring_up(settings, urls)
        return asyncio.run(inside(urls.login))
