"""JSON schemas in words: what kind of thing a field is, and an example of it."""

from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]

_PREFIX = "#/components/schemas/"
_FORMATS = {"uuid": "id", "date-time": "time", "binary": "file"}
_EXAMPLES = {
    "uuid": "0199a1b2-0000-7000-8000-000000000001",
    "date-time": "2026-01-31T12:00:00Z",
    "binary": "",
}
_PLAIN: dict[str, Any] = {
    "string": "text", "integer": 1, "number": 1.5, "boolean": True, "object": {}, "null": None,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """A field or a parameter; `shape` is the anchor of the object that it holds."""

    name: str
    kind: str
    shape: str
    required: bool
    told: str


@dataclass(frozen=True, slots=True)
class Shape:
    """An object that is sent or answered."""

    anchor: str
    name: str
    told: str
    fields: list[Field]


@dataclass(frozen=True, slots=True)
class Schemas:
    """The named schemas of a document."""

    named: dict[str, Schema]

    def shapes(self) -> list[Shape]:
        return [
            Shape(name, _title(name), schema.get("description", ""), self.fields(schema))
            for name, schema in sorted(self.named.items())
        ]

    def fields(self, schema: Schema) -> list[Field]:
        """Return the fields of an object, the required ones first."""
        schema = self._resolved(schema)
        required = schema.get("required", ())
        found = [
            Field(name, self.kind(each), self.shape_of(each), name in required, _told(each))
            for name, each in schema.get("properties", {}).items()
        ]
        return sorted(found, key=lambda field: not field.required)

    def kind(self, schema: Schema) -> str:
        """Say what *schema* allows."""
        if "$ref" in schema:
            return _title(schema["$ref"].removeprefix(_PREFIX))
        if "anyOf" in schema:
            return " or ".join(self.kind(each) for each in schema["anyOf"])
        if "enum" in schema:
            return " | ".join(str(each) for each in schema["enum"])
        if schema.get("type") == "array":
            return f"list of {self.kind(schema.get('items', {}))}"
        plain = _FORMATS.get(schema.get("format", "")) or schema.get("type", "anything")
        return {"string": "text"}.get(plain, plain) + _limits(schema)

    def shape_of(self, schema: Schema) -> str:
        """Return the anchor of the first object that *schema* names."""
        if "$ref" in schema:
            return schema["$ref"].removeprefix(_PREFIX)
        inside: list[Schema] = [*schema.get("anyOf", ())]
        if "items" in schema:
            inside.append(schema["items"])
        named = map(self.shape_of, inside)
        return next((anchor for anchor in named if anchor), "")

    def example(self, schema: Schema) -> Any:
        """Return a value that *schema* allows: the one that it gives, or one made up."""
        schema = self._resolved(schema)
        if "examples" in schema:
            return schema["examples"][0]
        if "default" in schema:
            return schema["default"]
        if "anyOf" in schema:
            return self.example(schema["anyOf"][0])
        if "enum" in schema:
            return schema["enum"][0]
        return self._made_up(schema)

    def _made_up(self, schema: Schema) -> Any:
        if "properties" in schema:
            return {name: self.example(each) for name, each in self._telling(schema)}
        if schema.get("type") == "array":
            return [self.example(schema.get("items", {}))]
        return _EXAMPLES.get(schema.get("format", ""), _PLAIN.get(schema.get("type", ""), "text"))

    def _telling(self, schema: Schema) -> list[tuple[str, Schema]]:
        """The required fields; where none is, the first three of today."""
        required = schema.get("required", ())
        properties = schema["properties"].items()
        return [pair for pair in properties if pair[0] in required] or list(properties)[:3]

    def _resolved(self, schema: Schema) -> Schema:
        name = schema.get("$ref", "").removeprefix(_PREFIX)
        return self.named[name] if name else schema


def _title(name: str) -> str:
    """Page_MediaOut_ is a page of MediaOut."""
    if name.startswith("Page_"):
        return f"page of {name[5:-1]}"
    return name


def _told(schema: Schema) -> str:
    return schema.get("description", "")


def _limits(schema: Schema) -> str:
    said = [
        f"{word} {schema[name]:,}"
        for name, word in (("minimum", "from"), ("maximum", "to"), ("maxLength", "up to"))
        if name in schema
    ]
    return f" ({' '.join(said)})" if said else ""
