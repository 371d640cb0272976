"""How findings are told to a person, on a terminal or on a page."""

import os
from collections.abc import Iterable
from pathlib import Path

from rich.filesize import decimal as size_in_words

from calotype.scan.model import RUNGS, Findings, Group, Rung

__all__ = [
    "MEANINGS",
    "TITLES",
    "address_of",
    "count_of",
    "evidence_of",
    "printable",
    "size_in_words",
    "summary",
    "tally",
]

TITLES: dict[Rung, str] = {
    "bytes": "Same bytes",
    "pixels": "Same pixels",
    "near": "Near",
    "variant": "Variants",
    "similar": "Similar",
}
MEANINGS: dict[Rung, str] = {
    "bytes": "The same file more than once. Every one but one can go.",
    "pixels": "The same picture to the last pixel, in files that differ. Every one but one can go.",
    "near": "The same picture saved again, resized or lightly edited. Keep the best.",
    "variant": "The same shapes in other colours. Not duplicates: look before you remove one.",
    "similar": "Cropped, turned, mirrored or strongly edited. A suggestion, no more.",
}
_FIGURES = {
    "phash": "bits of pHash",
    "dhash": "bits of dHash",
    "luminance": "steps of brightness",
    "chroma": "steps of colour",
    "aspect": "difference of shape",
    "flatness": "flatness",
    "details missing": "details missing",
}
_MOST_GROUPS = 10
_MOST_FILES = 8
_MOST_FAILURES = 10
_JOINERS = "\u200c\u200d"
"""What holds letters and emoji together; it is not printable by itself."""


def printable(path: str) -> str:
    """Show a path without what would break a line, turn it round or move a cursor."""
    text = os.fsencode(path).decode(errors="backslashreplace")
    return "".join(
        letter if letter.isprintable() or letter in _JOINERS
        else letter.encode("unicode_escape").decode()
        for letter in text
    )  # fmt: skip


def address_of(path: str) -> str:
    """Where a browser on the same machine opens the file."""
    return Path(path).absolute().as_uri()


def evidence_of(group: Group) -> str:
    """Tell the weakest link, which is what to doubt first."""
    figure = group.weakest
    if figure is None:
        return "certain"
    name = _FIGURES.get(figure.name, figure.name)
    return f"weakest link: {figure.value:g} of at most {figure.limit:g} {name}"


def count_of(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def tally(findings: Findings) -> list[tuple[Rung, list[Group]]]:
    """Groups by their rung, the surest first."""
    return [(rung, [each for each in findings.groups if each.rung == rung]) for rung in RUNGS]


def summary(findings: Findings) -> Iterable[str]:
    """Tell what was found in as many lines as one reads."""
    for group in findings.groups[:_MOST_GROUPS]:
        yield from _lines(group)
        yield ""
    hidden = len(findings.groups) - _MOST_GROUPS
    if hidden > 0:
        yield f"... and {count_of(hidden, 'more group')}; --report FILE shows all."
        yield ""
    yield from _failures(findings)
    yield from _totals(findings)


def _lines(group: Group) -> Iterable[str]:
    told = [TITLES[group.rung], count_of(len(group.members), "file")]
    if group.bytes_to_win:
        told.append(f"{size_in_words(group.bytes_to_win)} to win")
    else:
        told.append(evidence_of(group))
    yield " · ".join(told)
    for member in group.members[:_MOST_FILES]:
        entry = member.picture.entry
        size = f"{member.picture.width} x {member.picture.height}"
        yield f"  {size_in_words(entry.size_bytes):>9}  {size:>13}  {printable(entry.path)}"
    hidden = len(group.members) - _MOST_FILES
    if hidden > 0:
        yield f"  ... and {count_of(hidden, 'more file')}"


def _failures(findings: Findings) -> Iterable[str]:
    for failure in findings.failures[:_MOST_FAILURES]:
        yield f"not read  {printable(failure.path)}: {printable(failure.reason)}"
    hidden = len(findings.failures) - _MOST_FAILURES
    if hidden > 0:
        yield f"... and {hidden:,} more that could not be read; --json lists all."
    if findings.failures:
        yield ""


def _totals(findings: Findings) -> Iterable[str]:
    yield f"{count_of(findings.pictures, 'picture')}, {_besides(findings)}."
    for rung, groups in tally(findings):
        if groups:
            files = sum(len(group.members) for group in groups)
            yield f"  {TITLES[rung]:12} {count_of(len(groups), 'group'):>12}  {count_of(files, 'file'):>12}"
    if findings.crowded:
        yield f"{count_of(findings.crowded, 'picture')} look like so many others that not all were compared."
    yield f"{size_in_words(findings.bytes_to_win)} to win."


def _besides(findings: Findings) -> str:
    told = [count_of(findings.other_files, "other file")]
    if findings.hard_links:
        told.append(count_of(findings.hard_links, "hard link"))
    if findings.failures:
        told.append(f"{len(findings.failures):,} not read")
    return ", ".join(told)
