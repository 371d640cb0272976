"""Clients that speak to the same application as somebody else, and what a problem looks like."""

from pathlib import Path

import httpx
import psycopg

from calotype.app import House
from calotype.database import SYSTEM, Caller
from calotype.uploads.model import Examine

PROBLEM_FIELDS = {"type", "title", "status", "detail", "instance"}
ORIGIN = "http://calotype.test"


def speaking(client: httpx.AsyncClient, secret: str | None, **headers: str) -> httpx.AsyncClient:
    """Speak to the application of *client* with another key, or with none."""
    given = {"Authorization": f"Bearer {secret}"} if secret else {}
    return httpx.AsyncClient(
        transport=client._transport, base_url=ORIGIN, headers={**given, **headers}
    )


async def with_key(client: httpx.AsyncClient, role: str) -> httpx.AsyncClient:
    """Make a key in the tenant of *client* and speak with it."""
    made = await client.post("/api/keys", json={"role": role, "name": role})
    assert made.status_code == 201, made.text
    return speaking(client, made.json()["secret"])


async def of_new_tenant(client: httpx.AsyncClient, slug: str, role: str) -> httpx.AsyncClient:
    """Make a tenant with the service key, and speak with a key of it."""
    made = await client.post("/api/tenants", json={"slug": slug, "name": slug.title()})
    assert made.status_code == 201, made.text
    return await with_key(speaking(client, "service", **{"Calotype-Tenant": slug}), role)


async def upload(
    client: httpx.AsyncClient,
    data: bytes,
    file_name: str = "a.jpg",
    *,
    key: str | None = None,
    **fields: str,
) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await client.post(
        "/api/media", files={"file": (file_name, data)}, data=fields, headers=headers
    )


async def look_at_everything(house: House) -> None:
    """Do what a worker does with pictures that have just arrived."""
    async with house.database.snapshot(SYSTEM) as snapshot:
        cursor = await snapshot.connection.execute(
            "select scope_id, id from originals where readable is null"
        )
        arrived = await cursor.fetchall()
    for scope, original in arrived:
        await house.uploads.examine(Caller("service", scope), Examine(original=original))


def check_problem(answer: httpx.Response, status: int, *, folder: Path | None = None) -> dict:
    """Demand a whole problem that tells nothing about the machine or the program."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body.keys() >= PROBLEM_FIELDS
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    for telling in ("Traceback", 'File "', ".py", "/site-packages", str(folder or "/tmp/")):
        assert telling not in answer.text
    return body


def kept_files(house: House) -> list[Path]:
    """The objects of originals that lie in the store."""
    objects = house.settings.data / "objects"
    return [file for file in objects.glob("o/**/*") if file.is_file()]


def check_nothing_kept(house: House, owner_url: str) -> None:
    """Demand that a refused upload left no file and no row."""
    assert list((house.settings.data / "spool").iterdir()) == []
    assert kept_files(house) == []
    with psycopg.connect(owner_url) as connection:
        for table in ("media", "originals", "original_references", "uploads", "idempotency_keys"):
            query = psycopg.sql.SQL("select count(*) from calotype.{}")
            found = connection.execute(query.format(psycopg.sql.Identifier(table))).fetchone()
            assert found == (0,), table
