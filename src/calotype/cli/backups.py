"""`backup` and `restore`."""

import asyncio
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import click

from calotype import supervisor
from calotype.app import build, database_urls
from calotype.backup import Restored, back_up, compare, load_backup
from calotype.cli.installation import data_option, settings_of

_SHOWN = 10
_DATA_AT_RISK = 2


@click.command()
@data_option
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def backup(data: Path | None, folder: Path) -> None:
    """Write the database and the list of its objects into an empty FOLDER."""
    settings = settings_of(data)
    with database_urls(settings) as urls:
        supervisor.bring_up(settings, urls)
        made = back_up(urls, folder)
    click.echo(f"{made.originals} originals ({made.size_bytes} bytes) are listed in {folder}.")
    click.echo("The keys that sign addresses are not in it: keep the file `secret-keys` as well.")
    click.echo(f"Copy the objects themselves from {_without_password(settings.objects_url)}.")


def _without_password(url: str) -> str:
    found = urlsplit(url)
    return urlunsplit(found._replace(netloc=found.netloc.rpartition("@")[2]))


@click.command()
@data_option
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def restore(data: Path | None, folder: Path) -> None:
    """Load the backup in FOLDER into a new database, and look for its objects."""
    settings = settings_of(data)

    async def look(login: str) -> Restored:
        async with build(settings, login, connections=2) as house:
            return await compare(house, folder)

    with database_urls(settings) as urls:
        load_backup(urls, folder)
        restored = asyncio.run(look(urls.login))
    for key in restored.missing[:_SHOWN]:
        click.echo(f"missing  {key}")
    click.echo(f"{restored.originals} originals restored, {len(restored.missing)} without object.")
    click.echo("Nothing is accepted or collected until `calotype doctor --repair epoch-differs`")
    click.echo("agrees; where objects are missing for good, `--repair object-missing` comes first.")
    sys.exit(_DATA_AT_RISK if restored.missing else 0)
