"""The command line: `calotype ...`.

Exit codes: 0 done, 1 warnings (doctor) or an unforeseen failure, 2 data at risk (doctor) or wrong
usage, 3 missing, 4 conflict, 5 invalid, 6 forbidden, 7 unavailable.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import click

from calotype import __version__, supervisor
from calotype.accounts.commands import create_key, list_keys, revoke_key
from calotype.app import House, build, database_urls, parts
from calotype.backup import Restored, back_up, compare, load_backup
from calotype.database import SYSTEM, pending
from calotype.errors import (
    CalotypeError,
    Conflict,
    Forbidden,
    Invalid,
    Missing,
    Unavailable,
)
from calotype.logs import configure_logs
from calotype.originals import Finding, Level, Subset
from calotype.originals.routes import stats_out
from calotype.scan.commands import scan
from calotype.scan.errors import FolderUnfit
from calotype.settings import Settings, read_settings
from calotype.worker import work

Result = TypeVar("Result")

EXIT_CODES: dict[type[CalotypeError], int] = {
    Missing: 3,
    Conflict: 4,
    Invalid: 5,
    Forbidden: 6,
    Unavailable: 7,
    FolderUnfit: 2,
}
_SHOWN = 10
_DOCTOR_CODES = {"warning": 1, "danger": 2}

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="The data folder; CALOTYPE_DATA, or ./calotype-data.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")


class Door(click.Group):
    """Turns foreseen errors into a sentence and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CalotypeError as error:
            _end(str(error), next(EXIT_CODES[k] for k in type(error).__mro__ if k in EXIT_CODES))


def _end(sentence: str, code: int) -> NoReturn:
    click.echo(f"calotype: {sentence.removesuffix('.')}.", err=True)
    sys.exit(code)


@click.group(cls=Door, help=__doc__)
@click.version_option(__version__)
def main() -> None:
    """Run calotype."""


main.add_command(scan)


def _settings(data: Path | None = None) -> Settings:
    settings = read_settings(data=data)
    configure_logs(settings.log_level)
    return settings


class DataMissing(Missing):
    """There is no calotype in this data folder; `--data` names another one."""


def _in_house(data: Path | None, act: Callable[[House], Awaitable[Result]]) -> Result:
    """Let *act* use the house of an installation that is there already."""
    settings = _settings(data)
    if settings.database_url is None and not (settings.data / "postgres").is_dir():
        raise DataMissing(f"There is no calotype in {settings.data}; --data names another folder.")
    return _in_new_house(data, act)


def _in_new_house(data: Path | None, act: Callable[[House], Awaitable[Result]]) -> Result:
    """Bring the database up, build the house and let *act* use it."""
    settings = _settings(data)

    async def inside(login: str) -> Result:
        async with build(settings, login, connections=2) as house:
            await house.sweeper.ensure_epoch()
            return await act(house)

    with database_urls(settings) as urls:
        if settings.database_url is None:
            supervisor.bring_up(settings, urls)
        return asyncio.run(inside(urls.login))


# ── Serving ───────────────────────────────────────────────────────────────────────────────────


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="On which port."
)
@data_option
@click.option("--workers", default=1, show_default=True, help="How many API processes.")
@click.option("--no-worker", is_flag=True, help="Leave background work to `calotype worker`.")
def serve(host: str, port: int, data: Path | None, workers: int, *, no_worker: bool) -> None:
    """Serve the API and the pages, with a worker and, unless it is elsewhere, a database."""
    settings = _settings(data)
    serving = supervisor.Serving(host, port, workers, with_worker=not no_worker)
    supervisor.serve(settings, serving, click.echo)


@main.command()
@data_option
@click.option("--concurrency", default=os.cpu_count() or 1, help="Jobs at a time.")
def worker(data: Path | None, concurrency: int) -> None:
    """Work in the background; as many as you like, on any machine."""
    work(_settings(data), concurrency)


@main.command()
@data_option
@click.option("--check", is_flag=True, help="Only tell what is pending; exit 1 if anything is.")
@click.option("--after", is_flag=True, help="Also remove what only the last release needed.")
def migrate(data: Path | None, *, check: bool, after: bool) -> None:
    """Bring the database schema up to this program."""
    settings = _settings(data)
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


# ── Keys ──────────────────────────────────────────────────────────────────────────────────────


@main.group()
def keys() -> None:
    """API keys."""


@keys.command("create")
@data_option
@click.option("--tenant", default="default", show_default=True, help="Whose key; made if missing.")
@click.option(
    "--role", type=click.Choice(["viewer", "editor", "admin", "curator", "service"]), required=True
)
@click.option("--name", default="", help="What it is for.")
def keys_create(data: Path | None, tenant: str, role: Any, name: str) -> None:
    """Make a key and print its secret, once."""
    made = _in_new_house(
        data, lambda h: create_key(h.accounts, tenant=tenant, role=role, name=name)
    )
    click.echo(made.secret)
    click.echo(f"Key {made.key.id} ({made.key.role}); the line above is shown only now.", err=True)


@keys.command("list")
@data_option
@click.option("--tenant", help="Only the keys of this tenant.")
def keys_list(data: Path | None, tenant: str | None) -> None:
    """List keys, without their secrets."""
    for key in _in_house(data, lambda house: list_keys(house.accounts, tenant=tenant)):
        state = "revoked" if key.revoked_at else "good"
        tenant_of_key = key.tenant_slug or "any tenant"
        click.echo(f"{key.id}  {key.role:8} {state:8} {tenant_of_key:16} {key.name}")


@keys.command("revoke")
@data_option
@click.argument("key_id", type=click.UUID)
def keys_revoke(data: Path | None, key_id: UUID) -> None:
    """Revoke a key; it is refused from the next request on."""
    _in_house(data, lambda house: revoke_key(house.accounts, key_id))
    click.echo(f"Key {key_id} is revoked.")


# ── Upkeep ────────────────────────────────────────────────────────────────────────────────────


@main.command()
@data_option
@json_option
def stats(data: Path | None, *, as_json: bool) -> None:
    """Tell how much is kept, referred to and saved, over all tenants."""

    async def read(house: House) -> dict[str, Any]:
        figures = stats_out(await house.sweeper.stats()).model_dump(by_alias=True)
        async with house.database.snapshot(SYSTEM) as snapshot:
            made = await house.renditions.stats(snapshot)
        return {**figures, "renditionCount": made.count, "renditionSize": made.size_bytes}

    found = _in_house(data, read)
    if as_json:
        click.echo(json.dumps(found))
        return
    for name, label in _STATS_LABELS.items():
        figure = found[name]
        shown = f"{figure:,.2f}" if isinstance(figure, float) else f"{figure:,}"
        click.echo(f"{label:20} {shown}")


_STATS_LABELS = {
    "totalCount": "originals",
    "totalSize": "bytes kept",
    "orphanedCount": "orphans",
    "orphanedSize": "bytes of orphans",
    "avgReferences": "references each",
    "logicalSize": "bytes referred to",
    "savedSize": "bytes saved",
    "savedRatio": "share saved",
    "renditionCount": "renditions",
    "renditionSize": "bytes of renditions",
}


@main.command()
@data_option
@click.option("--dry-run", is_flag=True, help="Only tell what would go.")
@click.option("--force", is_flag=True, help="Also when very much would go at once.")
def sweep(data: Path | None, *, dry_run: bool, force: bool) -> None:
    """Remove what nobody refers to: empty the trash, collect, reap, reconcile."""

    async def run(house: House) -> list[dict[str, Any]]:
        if dry_run:
            due = await house.library.count_due()
            return [{"let_go_from_trash": due}, asdict(await house.sweeper.plan())]
        emptied = await house.library.empty_trash()
        swept = await house.sweeper.sweep(force=force)
        reconciled = await house.sweeper.reconcile(force=force)
        return [{"let_go_from_trash": emptied}, asdict(swept), asdict(reconciled)]

    halted = None
    for figures in _in_house(data, run):
        halted = figures.pop("halted_because", None) or halted
        for name, figure in figures.items():
            click.echo(f"{name.replace('_', ' '):22} {figure:,}")
    if halted:
        _end(halted, EXIT_CODES[Conflict])


@main.command()
@data_option
@json_option
@click.option(
    "--level", type=click.Choice(["meta", "head", "deep"]), default="head", show_default=True,
    help="Ask the rows; also look for every object; also read every byte.",
)  # fmt: skip
@click.option("--subset", default="1/1", help="The n-th of t shares of the originals, as n/t.")
@click.option("--repair", metavar="CODE", help="Mend what is reported as CODE.")
@click.option("--yes", is_flag=True, help="Do not ask before mending.")
def doctor(
    data: Path | None, level: Level, subset: str, repair: str | None, *, as_json: bool, yes: bool
) -> None:
    """Look whether everything is as it should be.

    Exit code 0: clean. 1: warnings that a person should act on. 2: data at risk.
    """
    if repair:
        _repair(data, repair, yes=yes)
        return
    share = _subset(subset)

    async def examine(house: House) -> list[Finding]:
        return [finding async for finding in house.doctor.examine(level, share)]

    findings = _in_house(data, examine)
    if as_json:
        click.echo(json.dumps({"findings": [asdict(finding) for finding in findings]}))
    else:
        _print_findings(findings)
    sys.exit(max((_DOCTOR_CODES[finding.severity] for finding in findings), default=0))


def _subset(text: str) -> Subset:
    number, slash, of = text.partition("/")
    if not (slash and number.isdigit() and of.isdigit() and 1 <= int(number) <= int(of)):
        raise click.BadParameter("say n/t, as in 1/30", param_hint="--subset")
    return Subset(int(number), int(of))


def _print_findings(findings: list[Finding]) -> None:
    for finding in findings:
        click.echo(f"{finding.severity}  {finding.code}  {finding.subject}  {finding.message}")
    click.echo(f"Findings: {len(findings)}." if findings else "All is well.")


def _repair(data: Path | None, code: str, *, yes: bool) -> None:
    """Print what would be mended, ask, and mend it; each thing is looked at anew."""
    found = _in_house(data, lambda house: house.doctor.plan_repair(code))
    for finding in found:
        click.echo(f"{finding.subject}  {finding.message}")
    if not found:
        click.echo("There is nothing to mend.")
        return
    if not yes:
        click.confirm(f"Mend {len(found)}?", abort=True)
    mended = _in_house(data, lambda house: house.doctor.repair(code))
    click.echo(f"{mended} mended.")


@main.command()
@data_option
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def backup(data: Path | None, folder: Path) -> None:
    """Write the database and the list of its objects into an empty FOLDER."""
    settings = _settings(data)
    with database_urls(settings) as urls:
        supervisor.bring_up(settings, urls)
        made = back_up(urls, folder)
    click.echo(f"{made.originals} originals ({made.size_bytes} bytes) are listed in {folder}.")
    click.echo("The keys that sign addresses are not in it: keep the file `secret-keys` as well.")
    click.echo(f"Copy the objects themselves from {_without_password(settings.objects_url)}.")


def _without_password(url: str) -> str:
    found = urlsplit(url)
    return urlunsplit(found._replace(netloc=found.netloc.rpartition("@")[2]))


@main.command()
@data_option
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def restore(data: Path | None, folder: Path) -> None:
    """Load the backup in FOLDER into a new database, and look for its objects."""
    settings = _settings(data)

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
    sys.exit(_DOCTOR_CODES["danger"] if restored.missing else 0)
