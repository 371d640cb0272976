"""Who looks at a page, as the frame shows it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from calotype.accounts import Accounts, Person, Tenant
from calotype.database import Caller
from calotype.http import Asking, provide


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in; `person` is None for keys and outside tokens."""

    caller: Caller
    tenant: Tenant
    person: Person | None

    @property
    def name(self) -> str:
        if self.person is None:
            return f"A key with the role {self.caller.role}"
        return self.person.name or self.person.email


async def _signed_in(
    caller: Asking, accounts: Annotated[Accounts, Depends(provide(Accounts))]
) -> Visitor:
    """Look the visitor up; whoever is not signed in is asked to."""
    async with accounts.database.snapshot(caller) as snapshot:
        tenant = await accounts.tenants.get(snapshot)
        person = await accounts.people.find(snapshot, caller.person) if caller.person else None
    return Visitor(caller, tenant, person)


async def _anybody(
    request: Request, accounts: Annotated[Accounts, Depends(provide(Accounts))]
) -> Visitor | None:
    caller: Caller = request.state.caller
    return None if caller.role == "anybody" else await _signed_in(caller, accounts)


SignedIn = Annotated[Visitor, Depends(_signed_in)]
Anybody = Annotated[Visitor | None, Depends(_anybody)]
