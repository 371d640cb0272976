"""The reference is complete: every route, every problem, nothing that leads nowhere."""

import importlib
import pkgutil

import calotype
from calotype.errors import CalotypeError
from calotype.http import anchor_of
from calotype.web.remedies import BY_ANCHOR


def descendants(kind):
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


async def test_the_reference_lists_every_route(stranger, read):
    document = (await stranger.get("/openapi.json")).json()
    page = read((await stranger.get("/docs")).text)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            anchor = f"{method}{path}".replace("/", "-").replace("{", "").replace("}", "")
            assert anchor in page.anchors
            assert operation["summary"] in page.text


async def test_every_link_within_the_documents_leads_somewhere(stranger, read):
    pages = {path: read((await stranger.get(path)).text) for path in ("/docs", "/docs/problems")}
    for path, page in pages.items():
        assert len(page.anchors) == len(set(page.anchors))
        for address in page.addresses:
            target, _, anchor = address.partition("#")
            if anchor:
                assert anchor in pages[target or path].anchors, address


async def test_every_problem_is_explained_where_its_type_points(stranger, read):
    page = read((await stranger.get("/docs/problems")).text)
    names = {anchor_of(kind.__name__) for kind in descendants(CalotypeError)}
    assert names <= set(page.anchors)
    answer = await stranger.get("/nowhere", headers={"Accept": "application/json"})
    assert answer.json()["type"].removeprefix("/docs/problems#") in page.anchors


def test_every_problem_has_something_to_do_of_its_own():
    for module in pkgutil.walk_packages(calotype.__path__, "calotype."):
        if not module.name.endswith(("__main__", "child", "launch")):
            importlib.import_module(module.name)
    errors = [kind for kind in descendants(CalotypeError) if kind.__module__ != "calotype.errors"]
    own = {anchor_of(kind.__name__) for kind in errors if kind.__module__.startswith("calotype.")}
    assert own == set(BY_ANCHOR)


async def test_the_document_describes_problems_once_with_an_example_each(stranger):
    document = (await stranger.get("/openapi.json")).json()
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert document["components"]["securitySchemes"].keys() == {"key", "session"}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"]
            assert operation["tags"][0] in [tag["name"] for tag in document["tags"]]
            problems = [
                r for s, r in operation["responses"].items() if int(s) >= 400 and s != "416"
            ]
            assert problems
            for problem in problems:
                content = problem["content"]["application/problem+json"]
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
                assert content["example"]["instance"] == path
