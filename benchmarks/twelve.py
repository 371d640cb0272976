"""Makes the twelve renditions of each photograph, in a process of its own, and tells the price.

`python -m benchmarks.twelve KIND FILE...`, where KIND is `ours`, `ours-same` or `pillow`.
"""

import asyncio
import io
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

WIDTHS = (1200, 800, 400, 150)
FORMATS = ("avif", "webp", "jpeg")
SAME: dict[str, dict[str, Any]] = {
    "avif": {"compression": "av1", "subsample_mode": "on", "effort": 1, "Q": 50},
    "webp": {"effort": 2, "Q": 80},
    "jpeg": {"optimize_coding": True, "interlace": True, "Q": 80},
}
"""The settings that sharp is given too; see `twelve_sharp.mjs`."""

_TINY = 64
Sizes = dict[str, int]


def told(count: int, sizes: Counter[str], seconds: float, cpu: float, peak: int) -> None:
    each = {form: sizes[form] / count for form in FORMATS}
    figures = {"wall": seconds / count, "cpu": cpu / count, "peak_mb": peak / 1000, **each}
    print(json.dumps(figures))


async def ours(files: Sequence[Path]) -> None:
    """As calotype does it: in a child, at its default settings."""
    import psutil  # noqa: PLC0415

    from calotype.imaging import Order, Pixels  # noqa: PLC0415

    orders = [Order(format=form, width=width) for width in WIDTHS for form in FORMATS]
    sizes: Counter[str] = Counter()
    pixels = Pixels()
    await pixels.isolation()
    child = psutil.Process(pixels.pids[0])
    before, started = sum(child.cpu_times()[:2]), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for number, file in enumerate(files):
            into = [Path(folder) / f"{number}-{place}" for place in range(len(orders))]
            for order, made in zip(orders, await pixels.render(file, orders, into), strict=True):
                sizes[order.format] += made.size_bytes
    seconds, cpu = time.perf_counter() - started, sum(child.cpu_times()[:2]) - before
    assert pixels.pids == [child.pid]
    told(len(files), sizes, seconds, cpu, peak_kb(child.pid))
    await pixels.close()


def peak_kb(pid: int) -> int:
    """The most memory that a process has held."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def ours_same() -> Callable[[Path], Sizes]:
    """What the child runs, with the settings that others have as well."""
    os.environ["VIPS_CONCURRENCY"] = "1"
    import pyvips  # noqa: PLC0415

    from calotype.imaging.encoders import ENCODERS  # noqa: PLC0415
    from calotype.imaging.model import Limits  # noqa: PLC0415
    from calotype.imaging.orders import Order  # noqa: PLC0415
    from calotype.imaging.reading import Opened  # noqa: PLC0415
    from calotype.imaging.render import render  # noqa: PLC0415

    pyvips.cache_set_max(0)
    encoders = {form: replace(ENCODERS[form], options=SAME[form]) for form in FORMATS}
    orders = [Order(format=form, width=width) for width in WIDTHS for form in FORMATS]

    def make(file: Path) -> Sizes:
        sizes: Counter[str] = Counter()
        with tempfile.TemporaryFile() as output, file.open("rb") as opened:
            asked = Opened(opened.fileno(), file.read_bytes(), Limits())
            made = render(asked, orders, [output.fileno()] * len(orders), encoders)
            for order, outcome in zip(orders, made, strict=True):
                sizes[order.format] += outcome.size_bytes
        return sizes

    return make


def pillow() -> Callable[[Path], Sizes]:
    """As its manual says, with the decoder's own reduction and a cascade."""
    from PIL import Image  # noqa: PLC0415

    options = {
        "AVIF": {"quality": 50, "max_threads": 1},
        "WEBP": {"quality": 80, "method": 2},
        "JPEG": {"quality": 80, "optimize": True, "progressive": True},
    }

    def make(file: Path) -> Sizes:
        sizes: Counter[str] = Counter()
        picture = Image.open(file)
        picture.draft("RGB", (WIDTHS[0], WIDTHS[0]))
        picture = picture.convert("RGB")
        for width in WIDTHS:
            if picture.width > width:
                height = round(picture.height * width / picture.width)
                picture = picture.resize((width, height), Image.Resampling.LANCZOS)
            for form, settings in options.items():
                target = io.BytesIO()
                picture.save(target, form, **settings)
                sizes[form.lower()] += target.tell()
        return sizes

    return make


def measured(make: Callable[[Path], Sizes], files: Sequence[Path]) -> None:
    """Warm up on a tiny picture, then count what the photographs take."""
    from PIL import Image  # noqa: PLC0415

    with tempfile.NamedTemporaryFile(suffix=".jpg") as tiny:
        Image.new("RGB", (_TINY, _TINY), "grey").save(tiny.name)
        make(Path(tiny.name))
    sizes: Counter[str] = Counter()
    started, before = time.perf_counter(), time.process_time()
    for file in files:
        sizes.update(make(file))
    seconds, cpu = time.perf_counter() - started, time.process_time() - before
    told(len(files), sizes, seconds, cpu, peak_kb(os.getpid()))


def main() -> None:
    kind, *names = sys.argv[1:]
    files = [Path(name) for name in names]
    if kind == "ours":
        asyncio.run(ours(files))
    else:
        measured({"ours-same": ours_same, "pillow": pillow}[kind](), files)


if __name__ == "__main__":
    main()
