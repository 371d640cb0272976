"""`serve`, `worker` and `migrate`."""

import os
import sys
from pathlib import Path

import click

from calotype import supervisor
from calotype.app import database_urls, parts
from calotype.cli.installation import data_option, settings_of
from calotype.database import pending
from calotype.worker import work


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="On which port."
)
@data_option
@click.option("--workers", default=1, show_default=True, help="How many API processes.")
@click.option("--no-worker", is_flag=True, help="Leave background work to `calotype worker`.")
def serve(host: str, port: int, data: Path | None, workers: int, *, no_worker: bool) -> None:
    """Serve the API and the pages, with a worker and, unless it is elsewhere, a database."""
    settings = settings_of(data)
    serving = supervisor.Serving(host, port, workers, with_worker=not no_worker)
    supervisor.serve(settings, serving, click.echo)


@click.command()
@data_option
@click.option("--concurrency", default=os.cpu_count() or 1, help="Jobs at a time.")
def worker(data: Path | None, concurrency: int) -> None:
    """Work in the background; as many as you like, on any machine."""
    work(settings_of(data), concurrency)


@click.command()
@data_option
@click.option("--check", is_flag=True, help="Only tell what is pending; exit 1 if anything is.")
@click.option("--after", is_flag=True, help="Also remove what only the last release needed.")
def migrate(data: Path | None, *, check: bool, after: bool) -> None:
    """Bring the database schema up to this program."""
    settings = settings_of(data)
    with database_urls(settings) as urls:
        if check:
            _check_schema(urls.owner)
        else:
            for step in supervisor.bring_up(settings, urls, after=after):
                click.echo(step)


def _check_schema(owner_url: str) -> None:
    missing = [
        f"{found.part.schema}: {migration.name} ({migration.phase})"
        for found in pending(owner_url, parts())
        for migration in found.migrations
    ]
    for line in missing:
        click.echo(line)
    sys.exit(1 if missing else 0)
