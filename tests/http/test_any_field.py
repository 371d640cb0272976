"""Text that no database takes, in every field of every route: refused, and never a failure."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from calotype.app import House
from calotype.server import make_app

SOUND = {
    "tenant": "default", "email": "a@example.org", "password": "long enough to be one",
    "secret": "s", "slug": "somewhere", "name": "N", "role": "viewer",
}  # fmt: skip


def bodies(schema: dict[str, Any], bad: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each route with each of its fields spoiled, the others left as they should be."""
    models = schema["components"]["schemas"]
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            model = content.get("application/json", {}).get("schema", {}).get("$ref", "")
            fields = models.get(model.rpartition("/")[2], {}).get("properties", {})
            for field in fields:
                sound = {name: text for name, text in SOUND.items() if name in fields}
                yield method, path, {**sound, field: bad}


def queries(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for path, methods in schema["paths"].items():
        for parameter in methods.get("get", {}).get("parameters", []):
            if parameter["in"] == "query":
                yield path, parameter["name"]


def filled(path: str) -> str:
    return "/".join(str(uuid4()) if part.startswith("{") else part for part in path.split("/"))


@pytest.mark.parametrize("bad", ["a\0b", "\ud800"], ids=["nul", "half a character"])
async def test_no_field_breaks_the_server(
    client: httpx.AsyncClient, house: House, bad: str
) -> None:
    failed, asked = [], 0
    for method, path, body in bodies(make_app(house.settings).openapi(), bad):
        answer = await client.request(
            method.upper(), filled(path), content=json.dumps(body),
            headers={"Content-Type": "application/json"},
        )  # fmt: skip
        asked += 1
        if answer.status_code >= 500:
            failed.append((method, path, body))
    assert failed == []
    assert asked > 20


async def test_no_question_breaks_the_server(client: httpx.AsyncClient, house: House) -> None:
    for path, name in queries(make_app(house.settings).openapi()):
        answer = await client.get(filled(path), params={name: "a\0b"})
        assert answer.status_code < 500, (path, name)
