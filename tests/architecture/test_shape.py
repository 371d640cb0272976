"""The shape of the code: sizes, names, front pages."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "calotype"
FILES = sorted(SOURCE.rglob("*.py"))
MOST_LINES = 400
VAGUE = {"utils", "helpers", "common", "misc", "base", "core", "manager", "types"}


def module_id(file: Path) -> str:
    return file.relative_to(SOURCE).as_posix()


def top_level_names(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        match node:
            case ast.ImportFrom(names=names):
                yield from (alias.asname or alias.name for alias in names)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) if name != "__all__":
                yield name
            case _:
                pass


@pytest.mark.parametrize("file", FILES, ids=module_id)
def test_no_file_is_too_long(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("file", FILES, ids=module_id)
def test_names_say_something(file: Path) -> None:
    assert file.stem not in VAGUE


@pytest.mark.parametrize("file", FILES, ids=module_id)
def test_every_module_says_in_one_sentence_what_it_is(file: Path) -> None:
    sentence = (ast.get_docstring(ast.parse(file.read_text())) or "").split("\n\n")[0]
    assert sentence.endswith((".", "`."))


@pytest.mark.parametrize(
    "file", [file for file in FILES if file.name == "__init__.py"], ids=module_id
)
def test_a_front_page_offers_exactly_what_it_has(file: Path) -> None:
    tree = ast.parse(file.read_text())
    offered = [
        [element.value for element in node.value.elts if isinstance(element, ast.Constant)]
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.List)
        and [target.id for target in node.targets if isinstance(target, ast.Name)] == ["__all__"]
    ]
    own = {
        name for name in top_level_names(tree)
        if not name.startswith("_") and name not in {"version", "annotations"}
    }  # fmt: skip
    if own:
        assert offered
        assert own <= set(offered[0])
