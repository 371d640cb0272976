"""Background work of accounts."""

from calotype.accounts.model import Tidy
from calotype.accounts.service import Accounts
from calotype.database import Caller
from calotype.jobs import Task


def tidy_task(accounts: Accounts) -> Task[Tidy]:
    """Remove what has expired, every hour."""

    async def tidy(caller: Caller, _: Tidy) -> None:
        await accounts.tidy(caller)

    return Task(Tidy, tidy, every="17 * * * *")
