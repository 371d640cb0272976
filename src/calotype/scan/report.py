"""The report: one page that holds its pictures, its style and its script, and loads nothing."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from calotype.scan import words
from calotype.scan.errors import ReportUnwritable
from calotype.scan.model import Findings, Group, Picture
from calotype.scan.thumbnails import Thumbnails

MOST_GROUPS = 1000
"""A page with more pictures than these have is no longer pleasant to scroll."""

MOST_MEMBERS = 60
"""A group with more pictures is cut off."""

_FOLDER = Path(__file__).parent
_PAGES = _FOLDER.parent / "web"
"""Whose style and mark the report wears: files are read there, nothing is imported."""


def check_writable(file: Path) -> None:
    """Say so before hours of work, not after."""
    if not file.parent.is_dir() or file.is_dir():
        raise ReportUnwritable(f"The report cannot be written to {words.printable(str(file))}.")


def shown_groups(findings: Findings) -> Sequence[Group]:
    """What wins most comes first, and then what is surest."""
    ranked = sorted(findings.groups, key=lambda group: -group.bytes_to_win)
    return ranked[:MOST_GROUPS]


def shown_pictures(groups: Sequence[Group]) -> Iterator[Picture]:
    """One picture of each group with equal bytes stands for all of them."""
    for group in groups:
        members = group.members[: 1 if group.rung == "bytes" else MOST_MEMBERS]
        yield from (member.picture for member in members)


def write(findings: Findings, file: Path, thumbnails: Thumbnails) -> None:
    """Write the page beside its place, and put it there when it is whole."""
    beside = file.with_name(f".{file.name}.part")
    try:
        with beside.open("w", encoding="utf-8") as page:
            page.writelines(_parts(findings, thumbnails))
        beside.replace(file)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise ReportUnwritable(f"The report cannot be written: {error}.") from error


def _parts(findings: Findings, thumbnails: Thumbnails) -> Iterator[str]:
    templates = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    style = f"{(_PAGES / 'style.css').read_text()}\n{(_FOLDER / 'report.css').read_text()}"
    mark = (_PAGES / "templates/mark.html").read_text()
    script = (_FOLDER / "report.js").read_text()
    return templates.get_template("report.html").generate(
        findings=findings, groups=shown_groups(findings), words=words, tally=words.tally(findings),
        thumbnail=thumbnails.address, most_members=MOST_MEMBERS, mark=Markup(mark),  # noqa: S704 -- it is our own
        style=Markup(style), style_hash=_hash(style),  # noqa: S704 -- so is this
        script=Markup(script), script_hash=_hash(script),  # noqa: S704 -- and this
    )  # fmt: skip


def _hash(text: str) -> str:
    """How a page's policy names the only style and the only script that it may have."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
