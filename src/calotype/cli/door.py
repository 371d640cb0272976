"""What every command shares: loaded when it is called, ended with a sentence and a code."""

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NoReturn

import click

from calotype.errors import (
    CalotypeError,
    Conflict,
    Forbidden,
    Invalid,
    Missing,
    Unavailable,
)

EXIT_CODES: dict[type[CalotypeError], int] = {
    Missing: 3,
    Conflict: 4,
    Invalid: 5,
    Forbidden: 6,
    Unavailable: 7,
}


class Door(click.Group):
    """Turns foreseen errors into a sentence and an exit code.

    A command is imported when it is called, so that none waits for what only another one needs.
    """

    def __init__(self, *args: Any, verbs: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._verbs = verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in self._verbs:
            return None
        module = import_module(self._verbs[cmd_name])
        return getattr(module, cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CalotypeError as error:
            end(str(error), next(EXIT_CODES[k] for k in type(error).__mro__ if k in EXIT_CODES))


def end(sentence: str, code: int) -> NoReturn:
    """Say why, and stop."""
    click.echo(f"calotype: {sentence.removesuffix('.')}.", err=True)
    sys.exit(code)
