"""A process that does one contender's work when told to, and says what it took."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

Work = Callable[[Path], Any]


def serve(works: Mapping[str, Work]) -> None:
    """Answer every line of standard input, which names a contender and the files."""
    for line in sys.stdin:
        asked = json.loads(line)
        work, files = works[asked["name"]], [Path(file) for file in asked["files"]]
        wall, processor = time.perf_counter(), time.process_time()
        found = [work(file) for file in files]
        took = {
            "wall": (time.perf_counter() - wall) * 1000 / len(files),
            "cpu": (time.process_time() - processor) * 1000 / len(files),
        }
        print(json.dumps(took | {"found": found if asked["tell"] else None}), flush=True)


class Bench:
    """Such a process, as seen by who compares."""

    def __init__(self, python: str, module: str) -> None:
        self._process = subprocess.Popen(
            [python, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={"VIPS_CONCURRENCY": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def ask(self, name: str, files: Sequence[Path], *, tell: bool = False) -> dict[str, Any]:
        """One turn of the contender *name*, in milliseconds a file."""
        assert self._process.stdin
        assert self._process.stdout
        asked = {"name": name, "files": [str(file) for file in files], "tell": tell}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())
