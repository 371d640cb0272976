"""`scan`."""

import asyncio
import json
from pathlib import Path

import click

from calotype.cli.door import end
from calotype.scan.commands import Wishes, scan_folders
from calotype.scan.errors import FolderUnfit
from calotype.scan.report import Dress
from calotype.scan.wire import findings_out
from calotype.scan.words import printable, summary

_WRONG_USAGE, _STOPPED = 2, 130


@click.command()
@click.argument("folders", metavar="DIR...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write a page with thumbnails that needs nothing else.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@click.option(
    "--near-distance", type=click.IntRange(0, 31), default=5, show_default=True,
    envvar="CALOTYPE_NEAR_DISTANCE", help="In how many bits of pHash near pictures may differ.",
)  # fmt: skip
@click.option("--no-cache", is_flag=True, help="Look at every picture again, and remember nothing.")
def scan(
    folders: tuple[Path, ...], report: Path | None, near_distance: int, *, as_json: bool,
    no_cache: bool,
) -> None:  # fmt: skip
    """Find pictures in folders that are the same or look alike.

    Needs no server and no database, and changes nothing. Stopped with Ctrl-C, it goes on where it
    was when it is started again.
    """
    wishes = Wishes(
        folders=folders, near_distance=near_distance, cached=not no_cache, report=report,
        dress=dress_of_pages(),
    )  # fmt: skip
    try:
        findings = asyncio.run(scan_folders(wishes))
    except FolderUnfit as error:
        end(str(error), _WRONG_USAGE)
    except KeyboardInterrupt:
        end("Stopped. What was found out is kept: the same command goes on from here", _STOPPED)
    told = [json.dumps(findings_out(findings))] if as_json else summary(findings)
    for line in told:
        click.echo(line)
    if report is not None:
        click.echo(f"The report is in {printable(str(report))}.", err=True)


def dress_of_pages() -> Dress:
    pages = Path(__file__).parents[1] / "web"
    return Dress((pages / "style.css").read_text(), (pages / "templates" / "mark.html").read_text())
