"""The OpenAPI document, read for people: groups of operations, their fields, an example each."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from calotype.web.schemas import Field, Schemas, Shape

_JSON = "application/json"
_FORM = "multipart/form-data"
_BROKEN = 400


@dataclass(frozen=True, slots=True)
class Answer:
    """What may come back."""

    status: int
    told: str
    kind: str
    shape: str

    @property
    def is_problem(self) -> bool:
        return self.status >= _BROKEN and self.kind == "Problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one address."""

    anchor: str
    method: str
    path: str
    title: str
    told: str
    parameters: list[Field]
    body_kind: str
    body: list[Field]
    answers: list[Answer]
    curl: str


@dataclass(frozen=True, slots=True)
class Group:
    """Operations that belong together."""

    name: str
    told: str
    operations: list[Operation]


@dataclass(frozen=True, slots=True)
class Reference:
    """Everything that the page shows."""

    version: str
    groups: list[Group]
    shapes: list[Shape]

    @property
    def count(self) -> int:
        return sum(len(group.operations) for group in self.groups)


def read_reference(document: dict[str, Any], server: str) -> Reference:
    """Read *document*; examples speak to *server*."""
    reader = _Reader(document, Schemas(document["components"]["schemas"]), server)
    operations = list(reader.operations())
    groups = [
        Group(tag["name"], tag["description"], [o for name, o in operations if name == tag["name"]])
        for tag in document["tags"]
    ]
    return Reference(document["info"]["version"], groups, reader.schemas.shapes())


@dataclass(frozen=True, slots=True)
class _Reader:
    document: dict[str, Any]
    schemas: Schemas
    server: str

    def operations(self) -> Iterator[tuple[str, Operation]]:
        """Yield every operation with its tag."""
        for path, methods in self.document["paths"].items():
            for method, told in methods.items():
                yield told["tags"][0], self._operation(method.upper(), path, told)

    def _operation(self, method: str, path: str, told: dict[str, Any]) -> Operation:
        content: dict[str, Any] = told.get("requestBody", {}).get("content", {})
        body_kind = next(iter(content), "")
        schema: dict[str, Any] = content[body_kind]["schema"] if body_kind else {}
        return Operation(
            anchor=f"{method.lower()}{path}".replace("/", "-").replace("{", "").replace("}", ""),
            method=method, path=path, title=told["summary"], told=told.get("description", ""),
            parameters=[self._parameter(each) for each in told.get("parameters", ())],
            body_kind=body_kind, body=self.schemas.fields(schema),
            answers=[self._answer(int(n), each) for n, each in sorted(told["responses"].items())],
            curl=self._curl(method, path, body_kind, schema),
        )  # fmt: skip

    def _parameter(self, told: dict[str, Any]) -> Field:
        schema = told["schema"]
        where = {"path": "in the address", "query": "query", "header": "header"}[told["in"]]
        kind = f"{self.schemas.kind(schema)}, {where}"
        text = told.get("description") or schema.get("description", "")
        return Field(told["name"], kind, "", told.get("required", False), text)

    def _answer(self, status: int, told: dict[str, Any]) -> Answer:
        content: dict[str, Any] = told.get("content", {})
        media_type = next(iter(content), "")
        schema: dict[str, Any] = content[media_type].get("schema", {}) if content else {}
        text = told["description"].replace("Successful Response", "Done.")
        if schema:
            return Answer(status, text, self.schemas.kind(schema), self.schemas.shape_of(schema))
        return Answer(status, text, media_type, "")

    def _curl(self, method: str, path: str, body_kind: str, schema: dict[str, Any]) -> str:
        """A command that can be pasted once the words in capitals are filled in."""
        verb = "" if method == "GET" else f"-X {method} "
        lines = [f"curl {verb}{self.server}{_filled(path)}"]
        lines.append('-H "Authorization: Bearer $CALOTYPE_KEY"')
        if body_kind == _FORM:
            lines.append("-F file=@picture.jpg")
        elif body_kind == _JSON:
            lines.append("-H 'Content-Type: application/json'")
            lines.append(f"-d {shlex.quote(json.dumps(self.schemas.example(schema)))}")
        return " \\\n  ".join(lines)


def _filled(path: str) -> str:
    return "/".join(
        part[1:-1].upper() if part.startswith("{") else part for part in path.split("/")
    )
