"""The ledger of the seeds tells the truth: what it calls here is there, and no row goes missing."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "calotype"
LEDGER = ROOT / "docs" / "reference" / "seeds.md"
HEADER = ["what the seed names", "in calotype", "where", "shown by", "state"]
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that a seed names, and what became of it."""

    section: str
    name: str
    built: str
    where: str
    shown_by: str
    state: str

    def __str__(self) -> str:
        return f"{self.section}: {self.name}"


# ── reading the page ─────────────────────────────────────────────────────────────────────


@cache
def sections() -> dict[str, str]:
    """The part of the page that belongs to each seed, by its heading."""
    parts = re.split(r"^## (.+)$", LEDGER.read_text("utf-8"), flags=re.MULTILINE)[1:]
    by_heading = dict(zip(parts[::2], parts[1::2], strict=True))
    return {heading: text for heading, text in by_heading.items() if "<!-- rows:" in text}


@cache
def topics() -> frozenset[str]:
    """The issues that a row may wait for: the page lists them before the first seed."""
    opening = LEDGER.read_text("utf-8").split("\n## ")[0]
    return frozenset(re.findall(r"^- `later \((.+?)\)`", opening, flags=re.MULTILINE))


def table(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        if line.startswith("|") and not line.startswith("|--"):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def rows_of(section: str) -> list[Row]:
    cells = [found for found in table(sections()[section]) if found != HEADER]
    return [Row(section, *found) for found in cells]


def all_rows() -> list[Row]:
    return [row for section in sections() for row in rows_of(section)]


def references(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# ── looking at the tree, without importing it ────────────────────────────────────────────


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"), filename=str(file))


def names_in(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    """Functions, classes, their members and assigned names, dotted."""
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield prefix + name
            case ast.ClassDef(name=name, body=members):
                yield prefix + name
                yield from names_in(members, f"{prefix}{name}.")
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield prefix + name
            case ast.Assign(targets=targets):
                yield from (
                    prefix + target.id for target in targets if isinstance(target, ast.Name)
                )
            case _:
                pass


def in_sql(text: str, symbol: str) -> bool:
    """Whether a table, index, function or policy, or a `table.column`, stands in the SQL."""
    name, _, column = symbol.partition(".")
    if not column:
        return re.search(rf"\b{re.escape(name)}\b", text) is not None
    made = re.search(rf"create table (?:\w+\.)?{re.escape(name)} \((.*?)\n\)", text, re.DOTALL)
    return made is not None and re.search(rf"^\s*{re.escape(column)}\b", made[1], re.M) is not None


def in_markdown(text: str, anchor: str) -> bool:
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return anchor in slugs


def in_file(path: str, symbol: str) -> bool:
    file = next((base / path for base in (SOURCE, ROOT) if (base / path).exists()), None)
    if file is None or not symbol:
        return file is not None
    if file.suffix == ".py":
        return symbol in names_in(parsed(file).body)
    text = file.read_text("utf-8")
    return in_sql(text, symbol) if file.suffix == ".sql" else in_markdown(text, symbol)


def functions() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield file, node


def shape(path: str) -> str:
    """A path without the names of its parameters: two spellings of one route are equal."""
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/") or "/"


@cache
def prefixes(file: Path) -> dict[str, str]:
    """The routers that a file makes, each with the beginning of its addresses."""
    made: dict[str, str] = {}
    for node in ast.walk(parsed(file)):
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Name("APIRouter"), keywords=given),
            ):
                values = {word.arg: word.value for word in given}
                prefix = values.get("prefix")
                made[name] = str(prefix.value) if isinstance(prefix, ast.Constant) else ""
            case _:
                pass
    return made


def mountings() -> Iterator[tuple[Path, ast.Call]]:
    """Every call that may give a function an address: decorators, and `add_api_route`."""
    for file, function in functions():
        yield from ((file, d) for d in function.decorator_list if isinstance(d, ast.Call))
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(parsed(file)):
            match node:
                case ast.Call(func=ast.Attribute(attr="add_api_route")):
                    yield file, node
                case _:
                    pass


def methods_of(verb: str, call: ast.Call) -> set[str]:
    """What a route answers to: the name of its decorator, or the methods that it is given."""
    given = {word.arg: word.value for word in call.keywords}.get("methods")
    if isinstance(given, ast.List):
        return {str(item.value) for item in given.elts if isinstance(item, ast.Constant)}
    return {"GET" if verb.endswith("api_route") else verb.upper()} & METHODS


@cache
def routes() -> frozenset[tuple[str, str]]:
    """Every method and path that a router or the application answers."""
    found: set[tuple[str, str]] = set()
    for file, call in mountings():
        match call:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=router), attr=verb),
                args=[ast.Constant(value=str(path)), *_],
            ):
                address = shape(prefixes(file).get(router, "") + path)
                found |= {(method, address) for method in methods_of(verb, call)}
            case _:
                pass
    return frozenset(found)


@cache
def verbs() -> frozenset[str]:
    """Every word that is a command or a group of commands."""
    found: set[str] = set()
    for _, function in functions():
        for decorator in function.decorator_list:
            match decorator:
                case ast.Call(
                    func=ast.Attribute(attr="command" | "group"),
                    args=[ast.Constant(value=str(name)), *_],
                ):
                    found.add(name)
                case ast.Call(func=ast.Attribute(attr="command" | "group")):
                    found.add(function.name.replace("_", "-"))
                case _:
                    pass
    return frozenset(found)


@cache
def settings() -> frozenset[str]:
    """Every environment variable that the settings read."""
    if not (SOURCE / "settings.py").exists():
        return frozenset()
    nodes = list(ast.walk(parsed(SOURCE / "settings.py")))
    fields = {
        f"CALOTYPE_{node.target.id.upper()}"
        for node in nodes
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    words = {node.value for node in nodes if isinstance(node, ast.Constant)}
    return frozenset(fields | {word for word in words if isinstance(word, str)})


def is_there(reference: str) -> bool:
    method, _, path = reference.partition(" ")
    if method in METHODS:
        return (method, shape(path)) in routes()
    if method == "calotype":
        return set(path.split()) <= verbs()
    if re.fullmatch(r"[A-Z_]+", reference):
        return reference in settings()
    file, _, symbol = reference.replace("#", ":").partition(":")
    return in_file(file, symbol)


def is_a_test(reference: str) -> bool:
    path, _, name = reference.partition("::")
    return path.startswith("tests/") and bool(name) and in_file(path, name.replace("::", "."))


# ── the rules ────────────────────────────────────────────────────────────────────────────


def waits(text: str) -> bool:
    waiting = re.fullmatch(r"later \((.+)\)", text)
    return waiting is not None and waiting[1] in topics()


def wrong_with_state(row: Row) -> Iterator[str]:
    if row.state == "here":
        if not references(row.where):
            yield "is here, but names no place"
        if not references(row.shown_by):
            yield "is here, but no test shows it"
    elif row.state == "changed":
        if "because" not in row.built:
            yield "is changed, but gives no reason (because ...)"
        if not references(row.where) and not waits(row.where):
            yield "is changed, but says neither where nor when"
    elif not waits(row.state):
        yield f"has a state that nobody knows: {row.state}"


def wrong_with(row: Row) -> list[str]:
    """Everything that is untrue about a row."""
    return [
        *wrong_with_state(row),
        *(
            f"names `{place}`, which is gone"
            for place in references(row.where)
            if not is_there(place)
        ),
        *(
            f"names `{test}`, which is no test"
            for test in references(row.shown_by)
            if not is_a_test(test)
        ),
    ]


@pytest.mark.parametrize("row", all_rows(), ids=str)
def test_a_row_of_the_ledger_is_true(row: Row):
    assert wrong_with(row) == []


@pytest.mark.parametrize("section", sections())
def test_a_section_has_as_many_rows_as_it_says(section: str):
    said = re.search(r"<!-- rows: (\d+) -->", sections()[section])
    assert said is not None
    assert len(rows_of(section)) == int(said[1])


@pytest.mark.parametrize("section", sections())
def test_no_row_stands_twice_in_a_section(section: str):
    names = [row.name for row in rows_of(section)]
    assert sorted(names) == sorted(set(names))


def test_the_ledger_has_a_section_for_each_of_the_five_seeds():
    assert set(sections()) == {
        "Unified media storage",
        "Image storage and orchestration",
        "Image deduplication",
        "Image upload workflow",
        "Cross-bucket image workflow",
    }


# ── the rules catch what they are there for ──────────────────────────────────────────────

TRUE_ROW = Row(
    "controls",
    "hash validation",
    "a digest is parsed",
    "`digest.py:Digest.parse`",
    "`tests/docs/test_seeds.py::test_a_true_row_passes`",
    "here",
)


def test_a_true_row_passes():
    assert wrong_with(TRUE_ROW) == []


@pytest.mark.parametrize(
    "row",
    [
        replace(TRUE_ROW, state="soon"),
        replace(TRUE_ROW, state="later (some day)"),
        replace(TRUE_ROW, where="—"),
        replace(TRUE_ROW, shown_by="—"),
        replace(TRUE_ROW, where="`nowhere.py`"),
        replace(TRUE_ROW, where="`digest.py:Digest.guess`"),
        replace(TRUE_ROW, where="`docs/reference/seeds.md#no-such-heading`"),
        replace(TRUE_ROW, where="`GET /nowhere`"),
        replace(TRUE_ROW, where="`calotype teleport`"),
        replace(TRUE_ROW, where="`CALOTYPE_NO_SUCH_SETTING`"),
        replace(TRUE_ROW, where="`database/schema.sql:media.no_such_column`"),
        replace(TRUE_ROW, shown_by="`tests/docs/test_seeds.py::test_that_nobody_wrote`"),
        replace(TRUE_ROW, shown_by="`src/calotype/digest.py::Digest`"),
        replace(TRUE_ROW, state="changed"),
        replace(TRUE_ROW, state="changed", built="other, because it is safer", where="—"),
    ],
    ids=lambda row: f"{row.state} {row.where} {row.shown_by}",
)
def test_an_untrue_row_is_caught(row: Row):
    assert wrong_with(row) != []
