"""Rounds, medians, and the record of a run."""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

Contender = TypeVar("Contender")
_RESULTS = Path(__file__).parent / "results"
_PACKAGES = ("granian", "fastapi", "starlette", "multipart", "psycopg", "pyvips")


def interleaved(contenders: Sequence[Contender], rounds: int) -> Iterator[Contender]:
    """Every contender once a round, in the opposite order every second round."""
    for number in range(rounds):
        yield from contenders if number % 2 == 0 else reversed(contenders)


def median(figures: Sequence[Mapping[str, float]], name: str) -> float:
    return statistics.median(figure.get(name, 0.0) for figure in figures)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_told(cell) for cell in line) + " |" for line in lines)


def _told(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:.2f}" if abs(cell) < 10 else f"{cell:,.0f}"
    return str(cell)


def record(name: str, told: str, figures: Mapping[str, Any]) -> None:
    """Print a run, and keep it with the command and the machine that made it."""
    module = f"benchmarks.{Path(sys.argv[0]).stem}"
    made_by = {
        "command": " ".join(["python -m", module, *sys.argv[1:]]),
        "at": time.strftime("%Y-%m-%d %H:%M"),
        "load": [round(load, 2) for load in os.getloadavg()],
        "machine": f"{os.cpu_count()} x {_processor()}, {platform.release()}",
        "python": platform.python_version(),
        "packages": {package: version(package) for package in _PACKAGES},
    }
    heading = (
        f"`{made_by['command']}`, {made_by['at']}, {made_by['machine']}, load {made_by['load']}"
    )
    _RESULTS.mkdir(exist_ok=True)
    (_RESULTS / f"{name}.md").write_text(f"{heading}\n\n{told}\n")
    (_RESULTS / f"{name}.json").write_text(json.dumps({**made_by, **figures}, indent=1) + "\n")
    print(f"{heading}\n\n{told}")


def _processor() -> str:
    told = subprocess.run(["lscpu"], capture_output=True, text=True, check=False).stdout
    names = [line.partition(":")[2].strip() for line in told.splitlines() if "Model name" in line]
    return names[0] if names else platform.machine()
