"""The twelve renditions of a photograph: price, size and quality beside sharp and Pillow."""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

import pyvips

from benchmarks.photographs import photographs
from benchmarks.reporting import interleaved, median, record, table
from benchmarks.twelve import FORMATS
from calotype.imaging import Order, Pixels

_HERE = Path(__file__).parent
_PEERS_PYTHON = _HERE / ".venv/bin/python"
_SCORED_WIDTHS = (400, 800)
_TRIALS = {"avif": (45, 65), "webp": (75, 92), "jpeg": (70, 90)}
"""Two qualities of sharp, between which the one is found that looks as good as ours."""

SHARP_SAME = {
    "avif": {"quality": 50, "effort": 1, "chromaSubsampling": "4:2:0"},
    "webp": {"quality": 80, "effort": 2},
    "jpeg": {"quality": 80, "progressive": True},
}
Options = Mapping[str, Mapping[str, Any]]
Scores = dict[str, float]


@dataclass(frozen=True)
class Contender:
    """A command that makes twelve renditions of each file and prints what that took."""

    name: str
    command: Sequence[str]
    folder: Path
    found: list[dict[str, float]] = field(default_factory=list[dict[str, float]])

    def run(self, files: Sequence[Path]) -> None:
        command = [*self.command, *map(str, files)]
        ended = subprocess.run(command, cwd=self.folder, capture_output=True, check=True)
        self.found.append(json.loads(ended.stdout))


def our_own(name: str, kind: str) -> Contender:
    return Contender(name, [sys.executable, "-m", "benchmarks.twelve", kind], _HERE.parent)


def sharp(name: str, options: Options, node: Path) -> Contender:
    script = str(_HERE / "twelve_sharp.mjs")
    return Contender(name, ["node", script, json.dumps(options)], node)


# ── Quality ───────────────────────────────────────────────────────────────────────────────────


async def our_pictures(files: Sequence[Path], folder: Path) -> None:
    """Make what is scored, with a lossless picture of the same size to score it by."""
    pixels = Pixels()
    for file in files:
        forms = (*FORMATS, "png")
        orders = [Order(format=form, width=w) for w in _SCORED_WIDTHS for form in forms]
        into = [folder / f"{file.name}-{order.width}.{order.format}" for order in orders]
        await pixels.render(file, orders, into)
    await pixels.close()


def score(folder: Path) -> Scores:
    """Compare every picture of *folder* with the lossless one of its size."""
    pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for lossless in sorted(folder.glob("*.png")):
        for form in FORMATS:
            lossy = lossless.with_suffix(f".{form}")
            shown = lossless.with_suffix(f".{form}.shown")
            image = pyvips.Image.new_from_file(str(lossy)).colourspace("srgb")[0:3]
            shown.write_bytes(image.pngsave_buffer(compression=1))
            pairs[form].append((str(lossless), str(shown)))
    return {form: mean(_scored(pairs[form])) for form in FORMATS}


def _scored(pairs: Sequence[tuple[str, str]]) -> list[float]:
    ended = subprocess.run(
        [str(_PEERS_PYTHON), str(_HERE / "scoring.py")],
        input=json.dumps(pairs), capture_output=True, check=True, text=True,
    )  # fmt: skip
    return json.loads(ended.stdout)


def our_scores(files: Sequence[Path]) -> Scores:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(our_pictures(files, Path(folder)))
        return score(Path(folder))


def sharp_scores(files: Sequence[Path], options: Options, node: Path) -> Scores:
    with tempfile.TemporaryDirectory() as folder:
        widths = list(_SCORED_WIDTHS)
        asked = {**options, "png": {}, "into": folder, "widths": widths}
        sharp("", asked, node).run(files)
        return score(Path(folder))


def as_good_as(wanted: Scores, files: Sequence[Path], node: Path) -> dict[str, dict[str, int]]:
    """Find the qualities at which sharp's own encoder settings look as good as ours."""
    trials = [
        sharp_scores(files, {form: {"quality": _TRIALS[form][end]} for form in FORMATS}, node)
        for end in (0, 1)
    ]
    found: dict[str, dict[str, int]] = {}
    for form in FORMATS:
        low, high = _TRIALS[form]
        share = (wanted[form] - trials[0][form]) / (trials[1][form] - trials[0][form])
        found[form] = {"quality": round(low + share * (high - low))}
    return found


# ── Run ───────────────────────────────────────────────────────────────────────────────────────

OURS, OURS_SAME = "calotype", "calotype, the settings of sharp"
SHARP, SHARP_EQUAL, SHARP_NAME_SAME = "sharp", "sharp, as good as calotype", "sharp, fast settings"
PILLOW = "Pillow"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--photos", type=Path, required=True, help="a folder of photographs")
    options.add_argument("--node", type=Path, required=True, help="where `npm install sharp` was")
    options.add_argument("--files", type=int, default=8)
    options.add_argument("--scored", type=int, default=4, help="files whose quality is compared")
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = numbered(photographs(chosen.photos.resolve(), chosen.files), Path(folder))
        run(files, files[:: max(1, len(files) // chosen.scored)], chosen.node, chosen.rounds)


def numbered(files: Sequence[Path], folder: Path) -> list[Path]:
    """Link photographs under names that no two of them share."""
    links = [folder / f"{number}.jpg" for number in range(len(files))]
    for link, file in zip(links, files, strict=True):
        link.symlink_to(file)
    return links


def run(files: Sequence[Path], scored: Sequence[Path], node: Path, rounds: int) -> None:
    ours = our_scores(scored)
    equal = as_good_as(ours, scored, node)
    scores = {
        OURS: ours,
        SHARP_EQUAL: sharp_scores(scored, equal, node),
        SHARP: sharp_scores(scored, {form: {} for form in FORMATS}, node),
        SHARP_NAME_SAME: sharp_scores(scored, SHARP_SAME, node),
    }
    contenders = [
        our_own(OURS, "ours"),
        sharp(SHARP_EQUAL, equal, node),
        sharp(SHARP, {form: {} for form in FORMATS}, node),
        our_own(OURS_SAME, "ours-same"),
        sharp(SHARP_NAME_SAME, SHARP_SAME, node),
        our_own(PILLOW, "pillow"),
    ]
    for contender in interleaved(contenders, rounds):
        contender.run(files)
    told = f"{len(files)} photographs, {rounds} rounds\n\n{_figures(contenders, scores)}"
    told += f"\n\nsharp is as good at {json.dumps(equal)}.\n\n{_bars(contenders)}"
    found = {contender.name: contender.found for contender in contenders}
    record("renditions", told, {"found": found, "scores": scores, "equal": equal})


def _figures(contenders: Sequence[Contender], scores: Mapping[str, Scores]) -> str:
    head = ["twelve renditions of one photograph", "CPU ms", "ms", "peak MB"]
    head += [f"{form} kB" for form in FORMATS] + [f"{form} SSIMULACRA2" for form in FORMATS]
    rows: list[list[object]] = []
    for contender in contenders:
        found, looks = contender.found, scores.get(contender.name, {})
        row: list[object] = [contender.name]
        row += [median(found, "cpu") * 1e3, median(found, "wall") * 1e3, median(found, "peak_mb")]
        row += [median(found, form) / 1e3 for form in FORMATS]
        rows.append(row + [looks.get(form, "") for form in FORMATS])
    return table(head, rows)


def _bars(contenders: Sequence[Contender]) -> str:
    found = {contender.name: contender.found for contender in contenders}

    def of(name: str, figure: str) -> float:
        return median(found[name], figure)

    def all_bytes(name: str) -> float:
        return sum(of(name, form) for form in FORMATS)

    rows = [
        [
            "CPU beside sharp, same settings",
            "0.50",
            of(OURS_SAME, "cpu") / of(SHARP_NAME_SAME, "cpu"),
        ],
        ["CPU beside sharp, as good", "0.25", of(OURS, "cpu") / of(SHARP_EQUAL, "cpu")],
        *(
            [f"{form} bytes beside sharp, as good", "1.00", of(OURS, form) / of(SHARP_EQUAL, form)]
            for form in FORMATS
        ),
        ["all bytes beside sharp, as good", "1.00", all_bytes(OURS) / all_bytes(SHARP_EQUAL)],
        ["AVIF bytes beside JPEG's", "0.50", of(OURS, "avif") / of(OURS, "jpeg")],
        ["peak MB of a child", "200", of(OURS, "peak_mb")],
    ]
    return table(["bar", "at most", "found"], rows)


if __name__ == "__main__":
    main()
