"""The servers that are measured: started for a block, with their processes known by part."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.sending import free_port, wait_for_port
from tests.acceptance.fronting import nginx_before

ROOT = Path(__file__).parent.parent
KEY = "the-key-of-a-benchmark"
_HERE = Path(__file__).parent
_PEERS_PYTHON = _HERE / ".venv/bin/python"
_STOP_SECONDS = 20


@dataclass(frozen=True)
class Served:
    """A server that listens; `database` is the folder of its PostgreSQL, if it has one."""

    port: int
    process: psutil.Process
    database: Path | None = None

    def parts(self) -> dict[int, tuple[str, psutil.Process]]:
        """Every process of the server and the part that it plays."""
        found = {self.process.pid: ("supervisor" if self.database else "api", self.process)}
        for process in self.process.children(recursive=True):
            found[process.pid] = (self._part(process), process)
        for process in self._postgres():
            found[process.pid] = ("postgres", process)
        return found

    def cpu_seconds(self) -> Counter[str]:
        """What each part has used so far, with those of its children that have ended."""
        used: Counter[str] = Counter()
        for part, process in self.parts().values():
            with suppress(psutil.NoSuchProcess):  # its parent knows by now what it used
                times = process.cpu_times()
                used[part] += sum(times[:4])
        return used

    def resident_bytes(self) -> Counter[str]:
        used: Counter[str] = Counter()
        for part, process in self.parts().values():
            used[part] += process.memory_info().rss
        return used

    def _part(self, process: psutil.Process) -> str:
        """Named after the outermost part it belongs to; children that decode stand apart.

        They alone end while the server runs, when they are worn out.
        """
        try:
            line = process.cmdline()
        except psutil.ZombieProcess:
            return "imaging"
        if "calotype.imaging.child" in line:
            return "worker" if "calotype.worker" in process.parent().cmdline() else "imaging"
        return "worker" if "calotype.worker" in line else "api"

    def _postgres(self) -> list[psutil.Process]:
        if self.database is None:
            return []
        record = next(self.database.rglob("postmaster.pid"))
        server = psutil.Process(int(record.read_text().split()[0]))
        return [server, *server.children()]


@contextmanager
def calotype(data: Path, *options: str, **settings: str) -> Generator[Served]:
    """`calotype serve` on a data folder of its own, with the PostgreSQL it brings."""
    port = free_port()
    command = [sys.executable, "-m", "calotype", "serve", "--port", str(port), "--data", str(data)]
    usual = {"CALOTYPE_SERVICE_KEY": KEY, "CALOTYPE_MAX_UPLOAD": "300MB"}
    with _running([*command, *options], port, {**usual, **settings}) as process:
        yield Served(port, process, data / "postgres")


@contextmanager
def granian(app: str, environment: Mapping[str, str]) -> Generator[Served]:
    """An application of `peers.py` on granian, one worker, in the peers' own environment."""
    port = free_port()
    command = [
        str(_PEERS_PYTHON), "-m", "granian", "--interface", "asgi", "--loop", "uvloop", "--no-ws",
        "--workers", "1", "--log-level", "error", "--backlog", "1024", "--host", "127.0.0.1",
        "--port", str(port), f"benchmarks.peers:{app}",
    ]  # fmt: skip
    with _running(command, port, environment) as process:
        yield Served(port, process)


@contextmanager
def nginx(folder: Path, behind: Served) -> Generator[Served]:
    """Debian's nginx with one worker, serving *folder*, and under `/asked/` what *behind* says."""
    port, temporary = free_port(), folder.parent / "nginx"
    temporary.mkdir()
    configuration = temporary / "nginx.conf"
    configuration.write_text(
        _NGINX.format(port=port, folder=folder, temporary=temporary, behind=behind.port)
    )
    with _running(["nginx", "-p", str(temporary), "-c", str(configuration)], port, {}) as process:
        yield Served(port, process)


@contextmanager
def in_front_of(behind: Served, folder: Path) -> Generator[Served]:
    """nginx as `deploy/nginx.conf` sets it up, before a calotype."""
    assert behind.database is not None
    with nginx_before(behind.port, behind.database.parent, folder) as front:
        yield Served(front.port, psutil.Process(front.process.pid))


@contextmanager
def ipx(folder: Path) -> Generator[Served]:
    """ipx, which keeps nothing that it has made."""
    port = free_port()
    command = ["node", str(_HERE / "ipx_server.mjs"), str(folder), str(port)]
    with _running(command, port, {}) as process:
        yield Served(port, process)


@contextmanager
def thumbor(folder: Path, work: Path) -> Generator[Served]:
    """thumbor with one process, which keeps nothing that it has made."""
    port, configuration = free_port(), work / "thumbor.conf"
    configuration.write_text(_THUMBOR.format(folder=folder))
    command = [
        str(_HERE / ".venv-thumbor/bin/thumbor"), "-i", "127.0.0.1", "-p", str(port),
        "-c", str(configuration), "-l", "error",
    ]  # fmt: skip
    with _running(command, port, {}) as process:
        yield Served(port, process)


@contextmanager
def _running(
    command: list[str], port: int, environment: Mapping[str, str]
) -> Generator[psutil.Process]:
    started = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL
    )
    try:
        wait_for_port(port)
        yield psutil.Process(started.pid)
    finally:
        started.terminate()
        try:
            started.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


_THUMBOR = """
LOADER = "thumbor.loaders.file_loader"
FILE_LOADER_ROOT_PATH = "{folder}"
STORAGE = "thumbor.storages.no_storage"
ALLOW_UNSAFE_URL = True
AVIF_QUALITY = 50
"""

_NGINX = """
worker_processes 1; daemon off; user root;
pid {temporary}/pid; error_log {temporary}/errors crit;
events {{ worker_connections 256; }}
http {{
  types {{ image/webp webp; }}
  access_log off; sendfile on; keepalive_requests 10000000; open_file_cache max=100;
  client_body_temp_path {temporary}/body; proxy_temp_path {temporary}/proxy;
  fastcgi_temp_path {temporary}/fastcgi; uwsgi_temp_path {temporary}/uwsgi;
  scgi_temp_path {temporary}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=1024; root {folder};
    add_header Cache-Control "public, max-age=31536000, immutable";
    location /asked/ {{
      proxy_pass http://behind/; proxy_http_version 1.1; proxy_set_header Connection "";
    }}
    location /handed-over/ {{ internal; alias {folder}/; }}
  }}
  upstream behind {{ server 127.0.0.1:{behind}; keepalive 64; }}
}}
"""
