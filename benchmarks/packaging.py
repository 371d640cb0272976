"""What halving the resolution of colour does to packaging: lettering and saturated edges."""

import argparse
import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyvips
from PIL import Image, ImageDraw, ImageFont

from benchmarks.reporting import record, table
from calotype.imaging.encoders import ENCODERS

_HERE = Path(__file__).parent
_PEERS_PYTHON = _HERE / ".venv/bin/python"
_WIDTH = 800
_HALVED: Mapping[str, Mapping[str, Any]] = {
    "avif": {"subsample_mode": "on"},
    "webp": {"smart_subsample": False},
    "jpeg": {"subsample_mode": "on"},
}
_RED, _BLUE, _YELLOW, _GREEN, _PINK = "#d0101c", "#1432b4", "#ffd500", "#0a8f3c", "#e6007e"


def package() -> pyvips.Image:
    """Draw a box with lettering in colours that are far apart, as large as life, and shrink it."""
    drawn = Image.new("RGB", (2400, 3000), "#f4f1ea")
    pen = ImageDraw.Draw(drawn)
    pen.rectangle((300, 200, 2100, 2800), fill=_RED)
    pen.ellipse((600, 420, 1800, 1620), fill=_YELLOW, outline=_BLUE, width=24)
    for row, (colour, size) in enumerate(((_BLUE, 200), (_PINK, 110), (_GREEN, 64), (_BLUE, 44))):
        font = ImageFont.load_default(size)
        for repeat in range(4 if row > 1 else 1):
            place = (700, 620 + 240 * row + repeat * (size + 14))
            pen.text(place, "NOUGAT 250 g — sugar, nuts, salt", font=font, fill=colour)
    for number in range(60):
        at = 1760 + number * 16
        pen.line((360, at, 2040, at), fill=(_BLUE, _YELLOW, _GREEN)[number % 3], width=5)
    shown = pyvips.Image.new_from_array(np.asarray(drawn))
    return shown.copy(interpretation="srgb").thumbnail_image(_WIDTH).copy_memory()


def encoded(image: pyvips.Image, form: str, options: Mapping[str, Any]) -> bytes:
    return pyvips.Operation.call(ENCODERS[form].saver, image, keep="none", **options)


def as_large(image: pyvips.Image, form: str, size_bytes: int) -> bytes:
    """Halve the colour, at the best quality that takes no more bytes."""
    low, high = 1, 100
    while low < high:
        quality = (low + high + 1) // 2
        options = {**ENCODERS[form].options, **_HALVED[form], "Q": quality}
        if len(encoded(image, form, options)) <= size_bytes:
            low = quality
        else:
            high = quality - 1
    return encoded(image, form, {**ENCODERS[form].options, **_HALVED[form], "Q": low})


def colour_error(image: pyvips.Image, shown: pyvips.Image) -> float:
    """How far colours are off where it is worst, the brightness left aside: CIELAB, 99th percentile."""
    one, other = (each.colourspace("lab").numpy()[..., 1:] for each in (image, shown))
    return float(np.percentile(np.hypot(*np.moveaxis(one - other, -1, 0)), 99))


def score(image: pyvips.Image, shown: pyvips.Image) -> float:
    with tempfile.TemporaryDirectory() as folder:
        pair = [f"{folder}/one.png", f"{folder}/other.png"]
        for name, picture in zip(pair, (image, shown), strict=True):
            picture.write_to_file(name, compression=1)
        ended = subprocess.run(
            [str(_PEERS_PYTHON), str(_HERE / "scoring.py")], input=json.dumps([pair]),
            capture_output=True, check=True, text=True,
        )  # fmt: skip
    return json.loads(ended.stdout)[0]


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    image = package()
    rows: list[list[object]] = []
    for form in _HALVED:
        full = encoded(image, form, ENCODERS[form].options)
        for name, data in (("as we do", full), ("halved", as_large(image, form, len(full)))):
            shown = pyvips.Image.new_from_buffer(data, "").colourspace("srgb")[0:3]
            looks = [score(image, shown), colour_error(image, shown)]
            rows.append([form, name, len(data) / 1e3, *looks])
    head = ["format", "colour", "kB", "SSIMULACRA2", "colour error"]
    record("packaging", table(head, rows), {"rows": rows})


if __name__ == "__main__":
    main()
