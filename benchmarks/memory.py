"""How much memory the server takes while eight clients send it large files."""

import argparse
import tempfile
import threading
import time
from collections import Counter
from itertools import islice
from pathlib import Path

import psutil

from benchmarks.pictures import different, noise_jpeg
from benchmarks.reporting import record, table
from benchmarks.sending import CLIENTS, Target, send_all
from benchmarks.serving import KEY, Served, calotype

_EVERY_SECONDS = 0.1
_MEGABYTE = 1_000_000


def peaks(server: Served, stop: threading.Event) -> tuple[Counter[str], int]:
    """Look at every part ten times a second; return the most that each had, and how many looks."""
    most: Counter[str] = Counter()
    looks = 0
    while not stop.wait(_EVERY_SECONDS):
        try:
            most |= server.resident_bytes()
        except psutil.NoSuchProcess:
            continue
        looks += 1
    return most, looks


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--work", type=Path, help="a folder on the disk to be measured")
    options.add_argument("--megabytes", type=int, default=200, help="size of a file")
    options.add_argument("--files", type=int, default=16)
    chosen = options.parse_args()
    base = noise_jpeg(4_000_000)
    trailing = chosen.megabytes * _MEGABYTE - len(base)
    with tempfile.TemporaryDirectory(dir=chosen.work) as folder, calotype(Path(folder)) as server:
        target = Target(server.port, "/api/media", key=KEY)
        send_all(target, list(islice(different(base), CLIENTS)))
        idle = server.resident_bytes()
        found: list[tuple[Counter[str], int]] = []
        stop = threading.Event()
        watching = threading.Thread(target=lambda: found.append(peaks(server, stop)))
        watching.start()
        started = time.perf_counter()
        send_all(target, list(islice(different(base, trailing), chosen.files)))
        seconds = time.perf_counter() - started
        stop.set()
        watching.join()
    (most, looks) = found[0]
    rows = [[part, idle[part] / _MEGABYTE, most[part] / _MEGABYTE] for part in sorted(most)]
    sent = f"{chosen.files} files of {chosen.megabytes} MB by {CLIENTS} clients in {seconds:.0f} s"
    told = f"{sent}, {looks} looks\n\n{table(['part', 'idle MB', 'peak MB'], rows)}\n"
    record("memory", told, {"idle": idle, "peak": most, "seconds": seconds})


if __name__ == "__main__":
    main()
