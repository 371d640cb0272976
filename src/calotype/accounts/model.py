"""Tenants, people, keys, sessions and links as values."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from calotype.accounts.errors import EmailUnfit, NameUnfit, SlugUnfit
from calotype.jobs import Job

TenantRole = Literal["viewer", "editor", "admin", "curator"]
KeyRole = Literal["viewer", "editor", "admin", "curator", "service"]
Purpose = Literal["sign-in", "invite", "reset"]

DEFAULT_TENANT = "default"
LONGEST_NAME = 200
LONGEST_EMAIL = 254

_CONTROLS = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f\ud800-\udfff]+@[^@\s\x00-\x1f\x7f\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organisation with its people, keys and media."""

    id: UUID
    slug: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in to a tenant."""

    id: UUID
    tenant_id: UUID
    email: str
    name: str
    role: TenantRole
    has_password: bool
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class PersonChange:
    """What is to become different about a person; None leaves it as it is."""

    email: str | None = None
    name: str | None = None
    role: TenantRole | None = None
    disabled: bool | None = None

    @property
    def touches_access(self) -> bool:
        return self.role is not None or self.disabled is not None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key once its secret was shown; a service key belongs to no tenant."""

    id: UUID
    tenant_id: UUID | None
    tenant_slug: str | None
    role: KeyRole
    name: str
    created_by: UUID | None
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key and its secret, which is shown this once."""

    key: ApiKey
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Whom a key's secret stands for."""

    id: UUID
    tenant_id: UUID | None
    tenant_slug: str | None
    role: KeyRole
    name: str
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class SessionHolder:
    """Whom a session's secret stands for."""

    id: UUID
    tenant_id: UUID
    tenant_slug: str
    person_id: UUID
    role: TenantRole
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class NewSession:
    """A stay that has just begun, and its secret."""

    person: Person
    expires_at: datetime
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link that works once, and its secret."""

    person_id: UUID
    purpose: Purpose
    expires_at: datetime
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A person who was asked to come, and the link to hand to them."""

    person: Person
    link: NewLink


@dataclass(frozen=True, slots=True)
class Tidy(Job):
    """Remove sessions, links, counts and answers whose time is over."""

    name: ClassVar[str] = "accounts:tidy"


def fit_slug(slug: str) -> str:
    if not _SLUG.fullmatch(slug):
        raise SlugUnfit
    return slug


def fit_name(name: str) -> str:
    if len(name) > LONGEST_NAME or _CONTROLS.search(name):
        raise NameUnfit
    return name.strip()


def fit_email(email: str) -> str:
    if len(email) > LONGEST_EMAIL or not _EMAIL.fullmatch(email):
        raise EmailUnfit
    return email
