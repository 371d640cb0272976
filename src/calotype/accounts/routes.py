"""HTTP: tenants, keys, people and sessions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from calotype.accounts.errors import CredentialsRefused, SlowDown
from calotype.accounts.model import NewSession, PersonChange
from calotype.accounts.service import Accounts
from calotype.accounts.session_store import SESSION_DAYS
from calotype.accounts.wire import (
    AcceptBody,
    InvitationBody,
    InviteBody,
    KeyBody,
    LinkBody,
    NewKeyBody,
    NewTenantBody,
    PasswordBody,
    PersonBody,
    PersonChangeBody,
    ResetBody,
    ResetLinkBody,
    SessionBody,
    ShownKeyBody,
    SignInBody,
    TenantBody,
)
from calotype.database import Caller, Transaction
from calotype.errors import CalotypeError
from calotype.http import (
    Asking,
    ListQuery,
    NotSignedIn,
    OnlyOnce,
    Page,
    decode_cursor,
    page,
    provide,
    responses,
)

SESSION_COOKIE = "calotype_session"
STATUSES: Mapping[type[CalotypeError], int] = {CredentialsRefused: 401, SlowDown: 429}

router = APIRouter()

Serving = Annotated[Accounts, Depends(provide(Accounts))]


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """How the session's secret travels; `secure` where the public address is https."""

    secure: bool

    def give(self, response: Response, session: NewSession) -> None:
        response.set_cookie(
            SESSION_COOKIE,
            session.secret,
            max_age=SESSION_DAYS * 24 * 3600,
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )
        response.headers["Cache-Control"] = "no-store"

    def take(self, response: Response) -> None:
        response.delete_cookie(SESSION_COOKIE, secure=self.secure, httponly=True)


CookieJar = Annotated[SessionCookie, Depends(provide(SessionCookie))]


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


async def _address(request: Request) -> str:
    return request.client.host if request.client else ""


AnyCaller = Annotated[Caller, Depends(_caller)]
Address = Annotated[str, Depends(_address)]


@router.post(
    "/api/tenants",
    status_code=201,
    summary="Add a tenant",
    tags=["tenants"],
    responses=responses(403, 409, 422),
)
async def add_tenant(body: NewTenantBody, accounts: Serving, once: OnlyOnce) -> TenantBody:
    """For the service role; the tenant begins with the buckets image, custom, blog and about."""

    async def effect(tx: Transaction) -> TenantBody:
        return TenantBody.model_validate(await accounts.tenants.add(tx, body.slug, body.name))

    return await once.answer(body, TenantBody, effect)


@router.get(
    "/api/tenants/current",
    summary="The tenant you act in",
    tags=["tenants"],
    responses=responses(),
)
async def current_tenant(caller: Asking, accounts: Serving) -> TenantBody:
    async with accounts.database.snapshot(caller) as snapshot:
        return TenantBody.model_validate(await accounts.tenants.get(snapshot))


@router.post(
    "/api/keys",
    status_code=201,
    summary="Make an API key",
    tags=["keys"],
    responses=responses(403, 409, 422),
)
async def create_key(body: NewKeyBody, accounts: Serving, once: OnlyOnce) -> ShownKeyBody:
    """For admins. The secret is shown once and kept nowhere; only service gives `curator`."""

    async def effect(tx: Transaction) -> ShownKeyBody:
        keys = accounts.keys
        return ShownKeyBody.of(await keys.create(tx, body.role, body.name, body.expires_at))

    return await once.answer(body, ShownKeyBody, effect)


@router.get("/api/keys", summary="List API keys", tags=["keys"], responses=responses(403, 422))
async def list_keys(
    caller: Asking, accounts: Serving, asked: Annotated[ListQuery, Query()]
) -> Page[KeyBody]:
    """For admins: the keys of the tenant, oldest first, revoked ones too."""
    async with accounts.database.snapshot(caller) as snapshot:
        keys, total = await accounts.keys.list_keys(
            snapshot, after=decode_cursor(asked.cursor), limit=asked.limit + 1
        )
    shown = [KeyBody.model_validate(key) for key in keys]
    return page(shown, asked.limit, shown[: asked.limit][-1].id if shown else None, total)


@router.delete(
    "/api/keys/{key_id}",
    status_code=204,
    summary="Revoke an API key",
    tags=["keys"],
    responses=responses(403, 404, 422),
)
async def revoke_key(key_id: UUID, caller: Asking, accounts: Serving) -> None:
    """For admins. The key is refused from now on; it stays in the list."""
    async with accounts.database.transaction(caller) as tx:
        await accounts.keys.revoke(tx, key_id)


@router.get("/api/people", summary="List people", tags=["people"], responses=responses(403, 422))
async def list_people(
    caller: Asking, accounts: Serving, asked: Annotated[ListQuery, Query()]
) -> Page[PersonBody]:
    """For admins: the people of the tenant, in the order in which they were invited."""
    async with accounts.database.snapshot(caller) as snapshot:
        people, total = await accounts.people.list_people(
            snapshot, after=decode_cursor(asked.cursor), limit=asked.limit + 1
        )
    shown = [PersonBody.model_validate(person) for person in people]
    return page(shown, asked.limit, shown[: asked.limit][-1].id if shown else None, total)


@router.post(
    "/api/people",
    status_code=201,
    summary="Invite a person",
    tags=["people"],
    responses=responses(403, 409, 422),
)
async def invite_person(body: InviteBody, accounts: Serving, once: OnlyOnce) -> InvitationBody:
    """For admins. No e-mail is sent: hand the link on; inviting again makes a new one."""

    async def effect(tx: Transaction) -> InvitationBody:
        people = accounts.people
        return InvitationBody.of(await people.invite(tx, body.email, body.name, body.role))

    return await once.answer(body, InvitationBody, effect)


@router.post(
    "/api/people/accept",
    summary="Accept an invitation",
    tags=["people"],
    responses=responses(403, 422, 429),
)
async def accept_invitation(
    body: AcceptBody, accounts: Serving, address: Address, cookie: CookieJar, response: Response
) -> PersonBody:
    """Choose a password with the secret of an invitation; this signs in as well."""
    session = await accounts.people.accept(
        body.secret, body.password, name=body.name, address=address
    )
    cookie.give(response, session)
    return PersonBody.model_validate(session.person)


@router.post(
    "/api/people/reset",
    status_code=202,
    summary="Ask for a new password",
    tags=["people"],
    responses={
        201: {"model": ResetLinkBody, "description": "An admin asked: the link to hand on."},
        **responses(403, 404, 422, 429),
    },
)
async def reset_password(
    body: ResetBody, caller: AnyCaller, accounts: Serving, address: Address, response: Response
) -> ResetLinkBody:
    """Give an admin a link for the person; from anybody else, the question goes into the log."""
    if not caller.may_administer:
        await accounts.people.ask_for_reset(tenant=body.tenant, email=body.email, address=address)
        return ResetLinkBody(link=None)
    async with accounts.database.transaction(caller) as tx:
        link = await accounts.people.make_reset_link(tx, body.email)
    response.status_code = 201
    return ResetLinkBody(link=LinkBody.of(link))


@router.put(
    "/api/people/password",
    status_code=204,
    summary="Set your password",
    tags=["people"],
    responses=responses(403, 404, 422, 429),
)
async def set_password(
    body: PasswordBody, caller: AnyCaller, accounts: Serving, address: Address, cookie: CookieJar
) -> Response:
    """With a reset link's secret, or signed in with the current one; ends all your sessions.

    Somebody who is signed in gets a new session at once.
    """
    response = Response(status_code=204)
    if body.secret is not None:
        await accounts.people.reset_password(body.secret, body.password, address=address)
        return response
    if caller.role == "anybody":
        raise NotSignedIn
    session = await accounts.people.change_password(
        caller, current=body.current_password, password=body.password, address=address
    )
    cookie.give(response, session)
    return response


@router.patch(
    "/api/people/{person_id}",
    summary="Change a person",
    tags=["people"],
    responses=responses(403, 404, 409, 422),
)
async def change_person(
    person_id: UUID, body: PersonChangeBody, caller: Asking, accounts: Serving
) -> PersonBody:
    """For admins: e-mail, name, role, disabled. Whoever is disabled is signed out at once."""
    change = PersonChange(body.email, body.name, body.role, body.disabled)
    async with accounts.database.transaction(caller) as tx:
        return PersonBody.model_validate(await accounts.people.change(tx, person_id, change))


@router.post(
    "/api/session",
    status_code=204,
    summary="Sign in",
    tags=["session"],
    responses=responses(422, 429),
)
async def sign_in(
    body: SignInBody, accounts: Serving, address: Address, cookie: CookieJar
) -> Response:
    """Set the session cookie. After a few attempts each further one has to wait longer."""
    session = await accounts.sessions.sign_in(
        tenant=body.tenant, email=body.email, password=body.password, address=address
    )
    response = Response(status_code=204)
    cookie.give(response, session)
    return response


@router.get("/api/session", summary="Who you are", tags=["session"], responses=responses())
async def who_am_i(caller: Asking, accounts: Serving) -> SessionBody:
    async with accounts.database.snapshot(caller) as snapshot:
        tenant = await accounts.tenants.get(snapshot)
        person = await accounts.people.find(snapshot, caller.person) if caller.person else None
    return SessionBody.of(caller.role, tenant, caller.person, person)


@router.delete(
    "/api/session",
    status_code=204,
    summary="Sign out",
    tags=["session"],
    responses=responses(422),
)
async def sign_out(
    request: Request,
    caller: AnyCaller,
    accounts: Serving,
    cookie: CookieJar,
    *,
    everywhere: bool = False,
) -> Response:
    """End this session, or with `?everywhere=true` all of yours; does no harm twice."""
    secret = request.cookies.get(SESSION_COOKIE, "")
    async with accounts.database.transaction(caller) as tx:
        await accounts.sessions.sign_out(tx, secret)
        if everywhere:
            await accounts.sessions.sign_out_everywhere(tx)
    response = Response(status_code=204)
    cookie.take(response)
    return response


@router.get(
    "/sign-in/{secret}",
    status_code=303,
    response_class=RedirectResponse,
    summary="Sign in by a one-time link",
    tags=["session"],
    responses=responses(403),
)
async def sign_in_by_link(secret: str, accounts: Serving, cookie: CookieJar) -> RedirectResponse:
    """Set the session cookie and lead to the first page; the link works once, for 15 minutes."""
    session = await accounts.sessions.sign_in_by_link(secret)
    response = RedirectResponse("/", status_code=303)
    response.headers["Referrer-Policy"] = "no-referrer"
    cookie.give(response, session)
    return response
