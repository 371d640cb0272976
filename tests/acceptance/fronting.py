"""A real nginx, set up by `deploy/nginx.conf`, in front of a calotype."""

import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.acceptance.installation import await_that, free_port

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx.conf"
_STOP_SECONDS = 10
_AROUND = """
worker_processes 1; daemon off; {user}
pid {folder}/pid; error_log {folder}/errors warn;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000; open_file_cache max=1000;
  types {{ image/jpeg jpg; image/webp webp; image/avif avif; }}
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  include {folder}/calotype.conf;
}}
"""


@dataclass(frozen=True)
class Front:
    """An nginx that answers at a port."""

    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def nginx_before(behind: int, data: Path, folder: Path) -> Generator[Front]:
    """Put nginx before the calotype that listens at the port *behind*; *folder* is nginx's own."""
    folder.mkdir()
    port = free_port()
    (folder / "calotype.conf").write_text(_adapted(data, port, behind, folder / "cache"))
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_AROUND.format(folder=folder, user=user))
    nginx = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")])
    front = Front(port, nginx)
    try:
        await_that(lambda: _answers(front), "nginx's start")
        yield front
    finally:
        nginx.terminate()
        nginx.wait(_STOP_SECONDS)


def _adapted(data: Path, port: int, behind: int, cache: Path) -> str:
    """The configuration as it is shipped, with the places of this machine."""
    text = CONFIGURATION.read_text()
    for shipped, ours in (
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("127.0.0.1:8000", f"127.0.0.1:{behind}"),
        ("/var/cache/nginx/calotype", str(cache)),
        ("/var/lib/calotype/objects/", f"{data}/objects/"),
    ):
        assert text.count(shipped) == 1
        text = text.replace(shipped, ours)
    return text


def _answers(front: Front) -> bool:
    assert front.process.poll() is None, "nginx refused to start"
    try:
        return httpx.get(f"{front.address}/health/live").status_code == 200
    except httpx.ConnectError:
        return False
