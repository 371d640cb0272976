"""On whose behalf a transaction runs."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal
from uuid import UUID

Role = Literal["anybody", "viewer", "editor", "admin", "curator", "service", "system"]

_EDITING: frozenset[Role] = frozenset({"editor", "admin", "curator", "service"})
_ADMINISTERING: frozenset[Role] = frozenset({"admin", "service"})
# A request that the database keeps waiting for longer is given up; upkeep may take its time.
_LIMITS = ", set_config('statement_timeout', '30s', true), set_config('lock_timeout', '10s', true)"


@dataclass(frozen=True)
class Caller:
    """A role, and the tenant and person it is held in.

    `person` is whoever owns what the caller makes: a person's id, or the id of an API key.
    """

    role: Role
    tenant: UUID | None = None
    person: UUID | None = None

    @property
    def may_edit(self) -> bool:
        return self.role in _EDITING

    @property
    def may_administer(self) -> bool:
        return self.role in _ADMINISTERING

    @cached_property
    def settings(self) -> bytes:
        """The statement that tells PostgreSQL, for one transaction, who is asking.

        Roles are a closed list and ids are UUIDs, so nothing here needs quoting.
        """
        return (
            f"select set_config('search_path', 'calotype, procrastinate, public', true),"
            f" set_config('timezone', 'UTC', true),"
            f" set_config('calotype.tenant', '{self.tenant or ''}', true),"
            f" set_config('calotype.person', '{self.person or ''}', true),"
            f" set_config('calotype.role', '{self.role}', true)"
            f"{'' if self.role == 'system' else _LIMITS}"
        ).encode()

    @property
    def database_role(self) -> str:
        return "calotype_system" if self.role == "system" else "calotype_app"


ANYBODY = Caller(role="anybody")
SYSTEM = Caller(role="system")
