"""Writes the reference pages that the code itself knows best: `just docs`."""

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click

import calotype
from calotype import cli
from calotype.app import ALL_CHECKS, LOADERS_DIFFER
from calotype.errors import CalotypeError
from calotype.http import STATUSES
from calotype.jobs import Job
from calotype.originals import STORE_CHECKS, repairable
from calotype.renditions import RENDITION_MISSING
from calotype.server import MORE_STATUSES, make_app
from calotype.settings import Settings

HERE = Path(__file__).parent
NOTE = "<!-- Written by `just docs`; a test holds it to the code. -->"


def import_everything() -> None:
    for module in pkgutil.walk_packages(calotype.__path__, "calotype."):
        if not module.name.endswith(("__main__", "child", "launch")):
            importlib.import_module(module.name)


def subclasses(kind: type) -> Iterator[type]:
    for child in sorted(kind.__subclasses__(), key=lambda found: found.__name__):
        if child.__module__.startswith("calotype."):
            yield child
            yield from subclasses(child)


def settings_page() -> str:
    rows = [
        f"| `CALOTYPE_{name.upper()}` | {_default(field.get_default())} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return _page(
        "Settings",
        "Environment variables, or lines of a `.env` file in the folder where calotype starts."
        " What the command line says wins.",
        ["| variable | default | meaning |", "|---|---|---|", *rows],
    )


def _default(value: object) -> str:
    if isinstance(value, timedelta):
        return f"`{int(value.total_seconds()) // 3600}h`"
    return f"`{value}`" if value not in (None, (), "") else "none"


def commands_page() -> str:
    lines: list[str] = []
    for path, command in _commands(cli.main, ("calotype",)):
        context = click.Context(command, info_name=" ".join(path))
        lines += [f"## `{' '.join(path)}`", "", "```text", command.get_help(context), "```", ""]
    return _page("Commands", (cli.__doc__ or "").strip(), lines)


def _commands(
    command: click.Command, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    for name in sorted(command.commands):
        yield from _commands(command.commands[name], (*path, name))


def errors_page() -> str:
    statuses = {**STATUSES, **MORE_STATUSES}
    rows = [
        f"| `{error.__name__}` | {_kind(error)} | {_status(error, statuses)} | {_title(error)} |"
        for error in sorted(set(subclasses(CalotypeError)), key=_place)
    ]
    return _page(
        "Errors",
        "Every error that calotype raises on purpose, its kind, the HTTP status that it becomes,"
        " and what it says. Exit codes of the command line are on the page of commands.",
        ["| error | kind | status | says |", "|---|---|---|---|", *rows],
    )


def _place(error: type) -> tuple[str, str]:
    """By name; slices may use the same one."""
    return error.__name__, error.__module__


def _title(error: type) -> str:
    return (error.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")


def _kind(error: type) -> str:
    kinds = [found for found in error.__mro__ if CalotypeError in found.__bases__]
    return kinds[0].__name__.lower()


def _status(error: type, statuses: dict[type[CalotypeError], int]) -> int:
    return next(statuses[kind] for kind in error.__mro__ if kind in statuses)


def jobs_page() -> str:
    rows = [f"| `{job.name}` | {_title(job)} |" for job in set(subclasses(Job)) if job is not Job]
    return _page(
        "Jobs",
        "What runs in the background. Each may run twice, runs as the caller who deferred it,"
        " and is tried again only when something was out of order.",
        ["| job | does |", "|---|---|", *sorted(set(rows))],
    )


def routes_page() -> str:
    app = make_app(Settings(secret_keys=("documentation",), _env_file=None))
    lines: list[str] = []
    for path, methods in sorted(app.openapi()["paths"].items()):
        for method, route in methods.items():
            answers = ", ".join(sorted(route["responses"]))
            lines.append(f"| `{method.upper()} {path}` | {route['summary']} | {answers} |")
    return _page(
        "Routes",
        "The HTTP API in short; `/docs` of a running calotype has every field and example,"
        " `/openapi.json` is made for programs.",
        ["| route | does | answers |", "|---|---|---|", *lines],
    )


def checks_page() -> str:
    mended = {*repairable(ALL_CHECKS), RENDITION_MISSING.code}
    rows = [
        f"| `{check.code}` | {check.severity} | {check.message} |"
        f" {'yes' if check.code in mended else ''} |"
        for check in (*ALL_CHECKS, *STORE_CHECKS, RENDITION_MISSING, LOADERS_DIFFER)
    ]
    return _page(
        "Doctor's checks",
        "What `calotype doctor` reports, how serious it is, and whether"
        " `calotype doctor --repair CODE` mends it.",
        ["| code | severity | means | mended |", "|---|---|---|---|", *rows],
    )


def _page(title: str, introduction: str, lines: list[str]) -> str:
    return "\n".join([f"# {title}", "", NOTE, "", introduction, "", *lines]).rstrip() + "\n"


PAGES = {
    "settings.md": settings_page,
    "commands.md": commands_page,
    "errors.md": errors_page,
    "jobs.md": jobs_page,
    "routes.md": routes_page,
    "doctor.md": checks_page,
}


def main() -> None:
    import_everything()
    for name, write in PAGES.items():
        (HERE / name).write_text(write())


if __name__ == "__main__":
    main()
