"""The peers, as people write them; FOLDER is where they keep files, DATABASE where rows go."""

import hashlib
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from psycopg_pool import AsyncConnectionPool

FOLDER = Path(os.environ["FOLDER"])


def keep(data: bytes) -> str:
    """Hash, write, flush, rename."""
    digest = hashlib.sha256(data).hexdigest()
    draft = FOLDER / f"{uuid4().hex}.draft"
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(FOLDER / uuid4().hex)
    return digest


# ── FastAPI, as its tutorial receives files ───────────────────────────────────────────────────

upload_file = FastAPI()


@upload_file.post("/", status_code=201)
async def receive(file: UploadFile) -> dict[str, str]:
    data = await file.read()
    return {"sha256": await run_in_threadpool(keep, data)}


@asynccontextmanager
async def _with_rows(app: FastAPI) -> AsyncGenerator[None]:
    async with AsyncConnectionPool(
        os.environ["DATABASE"], min_size=1, max_size=8, open=False, kwargs={"autocommit": True}
    ) as pool:
        app.state.pool = pool
        yield


upload_file_with_row = FastAPI(lifespan=_with_rows)


@upload_file_with_row.post("/", status_code=201)
async def receive_with_row(file: UploadFile) -> dict[str, str]:
    data = await file.read()
    digest = await run_in_threadpool(keep, data)
    async with upload_file_with_row.state.pool.connection() as connection:
        await connection.execute(
            "insert into files (id, digest, size_bytes, name) values (%s, %s, %s, %s)",
            (uuid4(), digest, len(data), file.filename),
        )
    return {"sha256": digest}


files = FastAPI()


@files.get("/{name}", response_class=FileResponse)
async def send_file(name: str) -> FileResponse:
    return FileResponse(FOLDER / name)


# ── No framework at all: the floor of this HTTP server ────────────────────────────────────────


async def stream(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Hash and write a bare body while it arrives."""
    if scope["type"] != "http":
        return
    draft = FOLDER / f"{uuid4().hex}.draft"
    state, more = hashlib.sha256(), True
    with draft.open("wb", buffering=0) as file:
        while more:
            message = await receive()
            more = message["more_body"]
            state.update(message["body"])
            file.write(message["body"])
        await run_in_threadpool(os.fsync, file.fileno())
    draft.rename(FOLDER / uuid4().hex)
    await _answer(send, state.hexdigest().encode(), [])


_MEMORY = {f"/{file.name}": file.read_bytes() for file in FOLDER.glob("a.*")}
_HEADERS = [
    (b"content-type", b"image/webp"),
    (b"cache-control", b"public, max-age=31536000, immutable"),
]


async def memory(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer with bytes that lie in memory."""
    del receive
    if scope["type"] == "http":
        await _answer(send, _MEMORY[scope["path"]], _HEADERS)


async def handed_over(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Leave the sending to the nginx in front, and check nothing."""
    del receive
    if scope["type"] == "http":
        told = (b"x-accel-redirect", b"/handed-over" + scope["path"].encode())
        await _answer(send, b"", [*_HEADERS, told])


async def _answer(send: Any, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
