"""What the routes of accounts take and answer with."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from calotype.accounts.model import (
    DEFAULT_TENANT,
    Invitation,
    KeyRole,
    NewKey,
    NewLink,
    Purpose,
    Tenant,
    TenantRole,
)
from calotype.database import Role
from calotype.http import Told, Wire

_LINE = r"^[^\x00-\x1f\x7f]*$"

Line = Annotated[str, Field(max_length=200, pattern=_LINE)]
Email = Annotated[str, Field(max_length=254, pattern=_LINE, examples=["ada@example.org"])]
Secret = Annotated[str, Field(min_length=1, max_length=200, description="The one-time secret.")]
Password = Annotated[str, Field(max_length=1024, examples=["three words and more"])]
Slug = Annotated[str, Field(max_length=63, pattern=_LINE, description="The tenant's slug.")]


class TenantBody(Told):
    """A tenant."""

    id: UUID
    slug: str
    name: str
    created_at: datetime


class NewTenantBody(Wire):
    """A tenant to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"slug": "acme", "name": "Acme"}]})

    slug: Slug
    name: Line


class KeyBody(Told):
    """An API key, without its secret."""

    id: UUID
    role: KeyRole
    name: str
    created_by: UUID | None
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


class NewKeyBody(Wire):
    """A key to make."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "editor", "name": "shop"}]})

    role: TenantRole
    name: Line = ""
    expires_at: AwareDatetime | None = None


class ShownKeyBody(KeyBody):
    """An API key with its secret, which is shown this once."""

    secret: str | None = Field(description="Null when the answer is a repeated one.")

    @classmethod
    def of(cls, new: NewKey) -> Self:
        shown = KeyBody.model_validate(new.key).model_dump()
        return cls(**shown, secret=new.secret)

    def without_secrets(self) -> Self:
        return self.model_copy(update={"secret": None})


class PersonBody(Wire):
    """A person."""

    id: UUID
    email: str
    name: str
    role: TenantRole
    has_password: bool
    created_at: datetime
    disabled_at: datetime | None


class LinkBody(Wire):
    """A one-time link, to be handed to the person it was made for."""

    purpose: Purpose
    secret: str
    url: str = Field(description="The page that the link leads to, from the server's root.")
    expires_at: datetime

    @classmethod
    def of(cls, link: NewLink) -> Self:
        url = f"/{link.purpose}/{link.secret}"
        return cls(purpose=link.purpose, secret=link.secret, url=url, expires_at=link.expires_at)


class InviteBody(Wire):
    """Somebody to invite."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"email": "ada@example.org", "role": "editor"}]}
    )

    email: Email
    name: Line = ""
    role: TenantRole = "editor"


class InvitationBody(Told):
    """A person, and the link by which they choose a password (`POST /api/people/accept`)."""

    person: PersonBody
    link: LinkBody | None = Field(description="Null when the answer is a repeated one.")

    @classmethod
    def of(cls, invitation: Invitation) -> Self:
        person = PersonBody.model_validate(invitation.person)
        return cls(person=person, link=LinkBody.of(invitation.link))

    def without_secrets(self) -> Self:
        return self.model_copy(update={"link": None})


class PersonChangeBody(Wire):
    """What is to become different; what is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "admin"}]})

    email: Email | None = None
    name: Line | None = None
    role: TenantRole | None = None
    disabled: bool | None = None


class AcceptBody(Wire):
    """The secret of an invitation, and the password to sign in with from now on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"secret": "the link's secret", "password": "three words and more"}]
        }
    )

    secret: Secret
    password: Password
    name: Line | None = None


class ResetBody(Wire):
    """Whose password is to be set anew."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "ada@example.org"}]})

    email: Email
    tenant: Slug = DEFAULT_TENANT


class ResetLinkBody(Wire):
    """The link for an admin to hand on; others are told nothing."""

    link: LinkBody | None


class PasswordBody(Wire):
    """A new password, and what gives the right to set it: a link's secret, or the current one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"password": "three words and more", "secret": "the link's secret"},
                {"password": "three words and more", "currentPassword": "what it was"},
            ]
        }
    )

    password: Password
    secret: Secret | None = None
    current_password: Password | None = None


class SignInBody(Wire):
    """Who wants to sign in, and where."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"email": "ada@example.org", "password": "three words and more"}]
        }
    )

    email: Email
    password: Password
    tenant: Slug = DEFAULT_TENANT


class SessionBody(Wire):
    """Who asks: `personId` owns what they make; `person` is null for keys and outside tokens."""

    role: Role
    tenant: TenantBody
    person_id: UUID | None
    person: PersonBody | None

    @classmethod
    def of(cls, role: Role, tenant: Tenant, person_id: UUID | None, person: object) -> Self:
        return cls(
            role=role,
            tenant=TenantBody.model_validate(tenant),
            person_id=person_id,
            person=PersonBody.model_validate(person) if person else None,
        )
