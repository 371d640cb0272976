"""What goes wrong when somebody asks, or is asked who they are."""

from dataclasses import dataclass

from calotype.errors import Conflict, Forbidden, Invalid, Missing, Unavailable


class TenantMissing(Missing):
    """There is no such tenant."""


class KeyMissing(Missing):
    """There is no such key."""


class PersonMissing(Missing):
    """There is no such person."""


class TenantExists(Conflict):
    """There is a tenant with this slug already."""


class PersonExists(Conflict):
    """There is a person with this e-mail address already."""


class OwnAccess(Conflict):
    """Nobody changes their own role or disables themselves: ask another admin."""


class SlugUnfit(Invalid):
    """A slug has 1 to 63 small letters, digits and hyphens, and begins with no hyphen."""


class NameUnfit(Invalid):
    """A name has at most 200 characters, none of them a control character."""


class EmailUnfit(Invalid):
    """An e-mail address has one @, no blanks and at most 254 characters."""


class PasswordUnfit(Invalid):
    """A password has 12 to 1,024 characters."""


class ExpiryPast(Invalid):
    """The time of expiry has passed already."""


class AdminsOnly(Forbidden):
    """Only an admin may do this."""


class ServiceOnly(Forbidden):
    """Only the service role may do this."""


class RoleBeyondYours(Forbidden):
    """You may not give this role."""


class CredentialsRefused(Forbidden):
    """The key or token is wrong, has expired or was revoked."""


class SignInRefused(CredentialsRefused):
    """The e-mail address and the password do not belong together."""


class LinkSpent(Forbidden):
    """The link was used already or has expired: ask for a new one."""


class CrossSiteRequest(Forbidden):
    """A page of another site sent this request with your session."""


@dataclass(eq=False)
class SlowDown(Forbidden):
    """Too many attempts: wait before the next one."""

    retry_after: int

    def __post_init__(self) -> None:
        super().__init__()


class IssuerUnreachable(Unavailable):
    """The keys of the issuer of tokens cannot be fetched."""
