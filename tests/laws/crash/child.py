"""A process that forks for each order: the fork acts, and stops itself at the boundary named.

An order is a line of JSON on standard input; each change of the fork's state is one on standard
output. Everything is imported before, so that a fork is ready at once.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from calotype.errors import CalotypeError
from tests.conftest import Cluster
from tests.laws.crash.scenarios import SCENARIOS
from tests.laws.crash.stage import staged


async def perform(order: dict[str, Any]) -> None:
    async def stop() -> None:
        os.kill(os.getpid(), order["signal"])

    def say(kind: str, media: UUID) -> None:
        with Path(order["said"]).open("a") as file:
            file.write(f"{kind} {media}\n")

    cluster = Cluster(order["owner_url"], order["login_url"])
    async with staged(cluster, Path(order["folder"])) as stage:
        await stage.open()
        stage.watch.act_at(order["boundary"], stop)
        try:
            await SCENARIOS[order["scenario"]].act(stage, say)
        except CalotypeError as trouble:
            sys.stderr.write(f"told the client: {trouble!r}\n")


def main() -> None:
    pid = 0
    for line in sys.stdin:
        order = json.loads(line)
        if order == "continue":
            os.kill(pid, signal.SIGCONT)
        else:
            pid = os.fork()
            if pid == 0:
                os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
                asyncio.run(perform(order))
                os._exit(0)
        _, status = os.waitpid(pid, os.WUNTRACED)
        stopped = os.WIFSTOPPED(status)
        code = None if stopped else os.waitstatus_to_exitcode(status)
        sys.stdout.write(json.dumps({"stopped": stopped, "code": code}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
