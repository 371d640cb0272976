"""`stats`, `sweep` and `doctor`."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from calotype.app import House
from calotype.cli.door import EXIT_CODES, end
from calotype.cli.installation import data_option, in_house
from calotype.database import SYSTEM
from calotype.errors import Conflict
from calotype.originals import Finding, Level, Subset
from calotype.originals.routes import stats_out

_SEVERITIES = {"warning": 1, "danger": 2}

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")


@click.command()
@data_option
@json_option
def stats(data: Path | None, *, as_json: bool) -> None:
    """Tell how much is kept, referred to and saved, over all tenants."""

    async def read(house: House) -> dict[str, Any]:
        figures = stats_out(await house.sweeper.stats()).model_dump(by_alias=True)
        async with house.database.snapshot(SYSTEM) as snapshot:
            made = await house.renditions.stats(snapshot)
        return {**figures, "renditionCount": made.count, "renditionSize": made.size_bytes}

    found = in_house(data, read)
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


@click.command()
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
    for figures in in_house(data, run):
        halted = figures.pop("halted_because", None) or halted
        for name, figure in figures.items():
            click.echo(f"{name.replace('_', ' '):22} {figure:,}")
    if halted:
        end(halted, EXIT_CODES[Conflict])


@click.command()
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

    findings = in_house(data, examine)
    if as_json:
        click.echo(json.dumps({"findings": [asdict(finding) for finding in findings]}))
    else:
        _print_findings(findings)
    sys.exit(max((_SEVERITIES[finding.severity] for finding in findings), default=0))


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
    found = in_house(data, lambda house: house.doctor.plan_repair(code))
    for finding in found:
        click.echo(f"{finding.subject}  {finding.message}")
    if not found:
        click.echo("There is nothing to mend.")
        return
    if not yes:
        click.confirm(f"Mend {len(found)}?", abort=True)
    mended = in_house(data, lambda house: house.doctor.repair(code))
    click.echo(f"{mended} mended.")
