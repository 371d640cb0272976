"""Forks: real processes that act on the stage and are killed or stopped at a boundary."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.laws.crash.scenarios import Scenario
from tests.laws.crash.stage import Stage
from tests.laws.crash.verdict import Said

_ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Forks:
    """Speaks with the process that forks."""

    process: Process

    async def kill_at(self, stage: Stage, scenario: Scenario, boundary: int) -> Said:
        """Let a fork act until it dies at *boundary*; tell what it had acknowledged by then."""
        ended = await self._ask(_order(stage, scenario, boundary, signal.SIGKILL))
        assert ended == {"stopped": False, "code": -signal.SIGKILL}
        return _read_said(stage)

    async def stop_at(self, stage: Stage, scenario: Scenario, boundary: int) -> None:
        stopped = await self._ask(_order(stage, scenario, boundary, signal.SIGSTOP))
        assert stopped["stopped"]

    async def go_on(self, stage: Stage) -> Said:
        """Wake the fork that stopped, and wait for its end."""
        ended = await self._ask("continue")
        assert ended == {"stopped": False, "code": 0}
        return _read_said(stage)

    async def _ask(self, order: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        async with asyncio.timeout(60):
            return json.loads(await self.process.stdout.readline())


@asynccontextmanager
async def forking() -> AsyncGenerator[Forks]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.laws.crash.child", stdin=PIPE, stdout=PIPE, cwd=_ROOT
    )
    assert process.stdin is not None
    try:
        yield Forks(process)
    finally:
        process.stdin.close()
        await process.wait()


def _order(
    stage: Stage, scenario: Scenario, boundary: int, number: signal.Signals
) -> dict[str, Any]:
    said = _said_file(stage)
    said.unlink(missing_ok=True)
    return {
        "scenario": scenario.name, "boundary": boundary, "signal": int(number),
        "folder": str(stage.folder), "said": str(said),
        "owner_url": stage.cluster.owner_url, "login_url": stage.cluster.login_url,
    }  # fmt: skip


def _said_file(stage: Stage) -> Path:
    return stage.folder / "said"


def _read_said(stage: Stage) -> Said:
    file = _said_file(stage)
    lines = file.read_text().splitlines() if file.exists() else []
    return [(kind, UUID(media)) for kind, media in map(str.split, lines)]
