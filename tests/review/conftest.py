"""Pictures that look alike, and what a worker does with them."""

import io

import httpx
import numpy as np
from PIL import Image

from calotype.app import House
from calotype.database import SYSTEM, Caller
from calotype.review import Compare
from calotype.similarity import TakeFingerprint
from tests.http.speaking import look_at_everything, upload

WIDTH, HEIGHT = 640, 480


def scene(seed: int = 1) -> bytes:
    """A picture with enough to see, as PNG."""
    chance = np.random.default_rng(seed)
    light = chance.integers(40, 216, (9, 12, 1))
    colours = chance.integers(-40, 40, (3, 4, 3)).repeat(3, axis=0).repeat(3, axis=1)
    spots = (light + colours).clip(0, 255).astype(np.uint8)
    image = Image.fromarray(spots).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def as_jpeg(data: bytes, quality: int = 80, size: tuple[int, int] | None = None) -> bytes:
    image = Image.open(io.BytesIO(data)).convert("RGB")
    written = io.BytesIO()
    (image.resize(size, Image.Resampling.LANCZOS) if size else image).save(
        written, "JPEG", quality=quality
    )
    return written.getvalue()


def as_png(data: bytes, effort: int = 1) -> bytes:
    """The same pixels in another file."""
    written = io.BytesIO()
    Image.open(io.BytesIO(data)).save(written, "PNG", compress_level=effort)
    return written.getvalue()


async def work(house: House) -> None:
    """Do what a worker does, until nothing is left to be looked at or compared."""
    await look_at_everything(house)
    async with house.database.snapshot(SYSTEM) as snapshot:
        cursor = await snapshot.connection.execute(
            "select scope_id, id from originals where readable and state = 'live' order by id"
        )
        originals = await cursor.fetchall()
    for scope, original in originals:
        caller = Caller("service", scope)
        await house.similarity.take(caller, TakeFingerprint(original=original))
        await house.comparing.compare(caller, Compare(original=original))


async def add(client: httpx.AsyncClient, data: bytes, **fields: str) -> dict:
    answer = await upload(client, data, **fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def pairs(client: httpx.AsyncClient, **wanted: str) -> list[dict]:
    answer = await client.get("/api/duplicates", params=wanted)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def settle(
    client: httpx.AsyncClient, pair: dict | str, verdict: str, **more
) -> httpx.Response:
    pair_id = pair if isinstance(pair, str) else pair["id"]
    return await client.post(f"/api/duplicates/{pair_id}", json={"verdict": verdict, **more})


async def ask(house: House, query: str) -> list[tuple]:
    """Ask as the system, which sees all tenants."""
    async with house.database.snapshot(SYSTEM) as snapshot:
        return await (await snapshot.connection.execute(query)).fetchall()


async def do(house: House, statement: str) -> None:
    async with house.database.transaction(SYSTEM) as tx:
        await tx.connection.execute(statement)
