"""What review does in the background."""

from typing import Any

from calotype.database import Caller
from calotype.jobs import Task
from calotype.review.comparing import Comparing
from calotype.review.model import ApplyRules, Compare
from calotype.review.rules import Rules


def review_tasks(comparing: Comparing, rules: Rules) -> list[Task[Any]]:
    async def apply_rules(caller: Caller, job: ApplyRules) -> None:
        await rules.apply(caller, job)

    return [Task(Compare, comparing.compare), Task(ApplyRules, apply_rules)]
