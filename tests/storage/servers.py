"""Real HTTP servers on loopback, with a door that can be told to misbehave."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wsgi import get_input_stream

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Fault = Callable[[App, dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Door:
    """Every request goes through here; the next ones of a method may meet a fault."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._faults: dict[str, deque[Fault]] = {}
        self.requests: list[dict[str, Any]] = []

    @property
    def seen(self) -> list[str]:
        return [request["REQUEST_METHOD"] for request in self.requests]

    def meet(self, method: str, *faults: Fault) -> None:
        self._faults[method] = deque(faults)

    def reset(self) -> None:
        self._faults.clear()
        self.requests.clear()

    def __call__(self, environ, start_response):
        self.requests.append(dict(environ))
        environ["wsgi.input"] = get_input_stream(environ)
        waiting = self._faults.get(environ["REQUEST_METHOD"])
        fault = waiting.popleft() if waiting else passing
        return fault(self._app, environ, start_response)


def passing(app: App, environ, start_response):
    """Do what was asked and say so."""
    return app(environ, start_response)


def answering(status: str) -> Fault:
    """Do nothing and answer with *status*."""

    def fault(app, environ, start_response):
        environ["wsgi.input"].read()
        start_response(status, [("Content-Length", "0")])
        return [b""]

    return fault


def answering_late(status: str) -> Fault:
    """Do what was asked, and answer with *status* all the same."""

    def fault(app, environ, start_response):
        _carry_out(app, environ)
        start_response(status, [("Content-Length", "0")])
        return [b""]

    return fault


def hanging_up(app: App, environ, start_response):
    """Do what was asked, and close the connection instead of answering."""
    _carry_out(app, environ)
    environ["werkzeug.socket"].close()
    return [b""]


def halving(app: App, environ, start_response):
    """Take only half of the body, as when a line breaks, and keep that."""
    body = environ["wsgi.input"].read()
    half = body[: len(body) // 2]
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(half), str(len(half))
    return answering_late("500 Internal Server Error")(app, environ, start_response)


def _carry_out(app: App, environ) -> None:
    for _ in app(environ, lambda *_: lambda _: None):
        pass


class _Quiet(WSGIRequestHandler):
    def log(self, *_):
        """Tests read answers, not logs."""

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True


@contextmanager
def serving(app: App) -> Generator[str]:
    """Serve *app* on a free port of loopback; yields host and port."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
