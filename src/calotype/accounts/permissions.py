"""Who may do what in a tenant, where `Caller.may_edit` does not say it all."""

from collections.abc import Mapping

from calotype.accounts.errors import AdminsOnly, RoleBeyondYours, ServiceOnly
from calotype.accounts.model import KeyRole
from calotype.database import Caller, Role

# Curators change what all tenants share, and service keys reach every tenant, so an admin of one
# tenant cannot hand these roles out.
_GIVEN_ONLY_BY: Mapping[KeyRole, frozenset[Role]] = {
    "curator": frozenset({"service", "system"}),
    "service": frozenset({"system"}),
}


def require_admin(caller: Caller) -> None:
    if not caller.may_administer and caller.role != "system":
        raise AdminsOnly


def require_service(caller: Caller) -> None:
    if caller.role not in ("service", "system"):
        raise ServiceOnly


def require_grant(caller: Caller, role: KeyRole) -> None:
    """Let admins give roles, but none that reaches further than their tenant."""
    require_admin(caller)
    if role in _GIVEN_ONLY_BY and caller.role not in _GIVEN_ONLY_BY[role]:
        raise RoleBeyondYours
