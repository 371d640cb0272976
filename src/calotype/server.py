"""The HTTP door: mounts every slice's routes and every page, and recognises who asks."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog
from fastapi import FastAPI, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from calotype import __version__
from calotype.accounts import Accounts, check_same_site
from calotype.accounts.routes import SESSION_COOKIE
from calotype.accounts.routes import STATUSES as ACCOUNT_STATUSES
from calotype.accounts.routes import router as accounts_router
from calotype.app import House, build, database_urls
from calotype.delivery import kept_fresh
from calotype.delivery.remembering import Remembering
from calotype.delivery.routes import router as delivery_router
from calotype.errors import CalotypeError
from calotype.http import BodyBroken, BodyTooLarge, Forwarded, Measured, Problems, bounded
from calotype.imaging import NotAPicture
from calotype.journal.routes import router as journal_router
from calotype.library.routes import router as library_router
from calotype.logs import configure_logs
from calotype.originals.epoch import FOREIGN_STORE
from calotype.originals.routes import router as originals_router
from calotype.parting import die_with_parent
from calotype.review.routes import FORMS as REVIEW_FORMS
from calotype.review.routes import router as review_router
from calotype.review.rule_routes import router as rules_router
from calotype.settings import Settings, read_settings
from calotype.uploads.routes import FORMS as UPLOAD_FORMS
from calotype.uploads.routes import router as uploads_router
from calotype.web import ProblemPages, install_pages

log = structlog.get_logger()

MORE_STATUSES = {**ACCOUNT_STATUSES, NotAPicture: 415, BodyTooLarge: 413, BodyBroken: 400}
_PROBLEMS = Problems(MORE_STATUSES)
FORMS = UPLOAD_FORMS | REVIEW_FORMS
_READY_SECONDS = 5


def create() -> ASGIApp:
    """Build the application for one process of the HTTP server."""
    die_with_parent()
    settings = read_settings()
    configure_logs(settings.log_level)
    return surround(make_app(settings), settings)


def make_app(settings: Settings) -> FastAPI:
    """Mount every slice's routes and every page."""
    app = FastAPI(
        title="calotype",
        version=__version__,
        summary="Keeps every picture once and lets everything else refer to it.",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    _PROBLEMS.install(app)
    for router in (
        uploads_router, library_router, originals_router, accounts_router, delivery_router,
        journal_router, rules_router, review_router,
    ):  # fmt: skip
        app.include_router(router)
    app.add_api_route("/health/live", live, include_in_schema=False)
    app.add_api_route("/health/ready", ready, include_in_schema=False)
    app.add_api_route("/metrics", metrics, include_in_schema=False)
    install_pages(app)
    return app


def surround(app: FastAPI, settings: Settings) -> ASGIApp:
    """Put around the application what happens to every request, the outermost last."""
    surrounded: ASGIApp = Remembering(ProblemPages(Recognising(app, app)), app)
    if settings.cors_origins:
        surrounded = CORSMiddleware(
            surrounded,
            allow_origins=settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "Calotype-Tenant"],
            expose_headers=["X-Request-Id", "Retry-After", "ETag", "Content-Range"],
        )
    surrounded = Measured(surrounded)
    if settings.trusted_proxies:
        return Forwarded.behind(surrounded, settings.trusted_proxies)
    return surrounded


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    settings: Settings = app.state.settings
    with ExitStack() as stack:
        urls = await asyncio.to_thread(stack.enter_context, database_urls(settings))
        async with build(settings, urls.login, connections=settings.database_connections) as house:
            move_in(app, house)
            async with kept_fresh(house.hot, urls.direct):
                yield


def move_in(app: FastAPI, house: House) -> None:
    """Hand the parts of *house* to the routes of *app*."""
    app.state.house = house
    app.state.parts = house.by_kind


@dataclass(frozen=True, slots=True)
class Recognising:
    """Finds out who asks, before anything else is done; refuses what other sites send."""

    inner: ASGIApp
    app: FastAPI

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        scope["app"] = self.app
        request = Request(scope)
        try:
            request.state.caller = await self._recognise(request)
            receive = bounded(scope, receive, FORMS)
        except CalotypeError as error:
            await _PROBLEMS.answer(request, error)(scope, receive, send)
            return
        await self.inner(scope, receive, send)

    async def _recognise(self, request: Request) -> object:
        accounts: Accounts = self.app.state.parts[Accounts]
        authorization = request.headers.get("authorization")
        session = request.cookies.get(SESSION_COOKIE)
        if session and authorization is None:
            check_same_site(request.method, request.headers, self._own_origin(request))
        return await accounts.recognise(
            authorization=authorization,
            session=session,
            tenant=request.headers.get("calotype-tenant"),
        )

    def _own_origin(self, request: Request) -> str:
        settings: Settings = self.app.state.settings
        return settings.public_url.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"


async def live() -> Response:
    """Answer as long as the process does."""
    return JSONResponse({"status": "live"})


async def ready(request: Request) -> Response:
    """Answer whether the database and the object store can be reached."""
    house: House = request.app.state.house
    try:
        async with asyncio.timeout(_READY_SECONDS):
            if await house.sweeper.belongs_together():
                return JSONResponse({"status": "ready"})
            log.error("server.not_ready", error=FOREIGN_STORE)
    except (CalotypeError, TimeoutError) as error:
        log.warning("server.not_ready", error=str(error))
    return JSONResponse({"status": "unavailable"}, 503, {"Retry-After": "2"})


async def metrics() -> Response:
    """Figures for Prometheus."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def main() -> None:
    """Run the HTTP server for the supervisor, which says where in the environment."""
    die_with_parent(int(os.environ["CALOTYPE_SUPERVISOR"]))
    from granian.constants import Interfaces, Loops  # noqa: PLC0415
    from granian.server import Server  # noqa: PLC0415

    Server(
        "calotype.server:create",
        factory=True,
        interface=Interfaces.ASGI,
        address=os.environ["CALOTYPE_SERVE_HOST"],
        port=int(os.environ["CALOTYPE_SERVE_PORT"]),
        workers=int(os.environ["CALOTYPE_SERVE_WORKERS"]),
        loop=Loops.uvloop,
        websockets=False,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
    ).serve()


if __name__ == "__main__":
    main()
