"""How far a scan is, for somebody who waits."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)


class Watcher(Protocol):
    """Is told what a scan does now, and of each thing that is done."""

    def begin(self, words: str, total: int | None = None) -> None: ...
    def step(self) -> None: ...


class Nobody:
    """Does not want to know."""

    def begin(self, words: str, total: int | None = None) -> None: ...
    def step(self) -> None: ...


class Bars:
    """A line for each thing that a scan does, with a bar where its length is known."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def begin(self, words: str, total: int | None = None) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(words, total=total)

    def step(self) -> None:
        if self._task is not None:
            self._progress.advance(self._task)


@contextmanager
def shown_on_terminal() -> Generator[Watcher, None, None]:
    """Draw on standard error if a person sees it, so that standard output stays clean."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Nobody()
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        yield Bars(progress)
