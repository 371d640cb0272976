"""Tokens of an outside issuer, whose keys a real server on this machine publishes."""

import asyncio
import base64
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import NAMESPACE_URL, uuid5

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt import PyJWS
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from calotype.accounts import Accounts, CredentialsRefused, Issuer, IssuerUnreachable, TenantMissing
from calotype.errors import Unavailable

NAME = "https://issuer.example"
AUDIENCE = "calotype"

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SMALL_RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
SECRET = b"a secret that is shared and long"


def published(key, kid, **more):
    algorithm = {
        rsa.RSAPrivateKey: RSAAlgorithm,
        ec.EllipticCurvePrivateKey: ECAlgorithm,
        ed25519.Ed25519PrivateKey: OKPAlgorithm,
    }
    kind = next(value for name, value in algorithm.items() if isinstance(key, name))
    return {**json.loads(kind.to_jwk(key.public_key())), "kid": kid, **more}


FIRST_KEYS = [
    published(RSA, "rsa"),
    published(EC, "ec"),
    published(ED, "ed"),
    published(SMALL_RSA, "small"),
    published(RSA, "for-encryption", use="enc"),
    {"kty": "oct", "kid": "shared", "k": base64.urlsafe_b64encode(SECRET).decode()},
]


@dataclass
class Publisher:
    """An HTTP server that answers with keys, and counts how often it was asked."""

    keys: list[dict[str, object]] = field(default_factory=lambda: list(FIRST_KEYS))
    asked: int = 0
    works: bool = True
    url: str = ""


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    publisher = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            publisher.asked += 1
            body = json.dumps({"keys": publisher.keys}).encode()
            self.send_response(200 if publisher.works else 500)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    publisher.url = f"http://127.0.0.1:{server.server_port}/jwks"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield publisher
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Clock:
    """Time that passes when a test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def outside(database, publisher, clock, here):
    """Accounts that believe the issuer; depends on `here` for a tenant."""

    async def fetch_jwks():
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                return (await client.get(publisher.url)).raise_for_status().json()
        except httpx.HTTPError as error:
            raise Unavailable from error

    issuer = Issuer(name=NAME, audience=AUDIENCE, fetch_jwks=fetch_jwks, clock=clock)
    return Accounts(database, secret_keys=("k",), issuer=issuer)


@pytest.fixture
def claims(here):
    now = datetime.now(UTC)
    return {
        "iss": NAME,
        "aud": AUDIENCE,
        "sub": "user-17",
        "exp": now + timedelta(minutes=5),
        "iat": now,
        "tenant": here.slug,
        "role": "editor",
    }


def token(claims, key=RSA, algorithm="RS256", kid="rsa"):
    return jwt.encode(claims, key, algorithm, headers={"kid": kid} if kid else None)


def signed_with(public, claims):
    """Sign by hand with the public key as a shared secret, which the library would refuse."""
    head, body, _ = token(claims, SECRET, "HS256").split(".")
    signature = hmac.digest(public, f"{head}.{body}".encode(), "sha256")
    return f"{head}.{body}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


async def recognise(accounts, token, tenant=None):
    return await accounts.recognise(authorization=f"Bearer {token}", session=None, tenant=tenant)


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"), [(RSA, "RS256", "rsa"), (EC, "ES256", "ec"), (ED, "EdDSA", "ed")]
)
async def test_a_good_token_stands_for_a_person_by_its_claims(
    outside, here, claims, key, algorithm, kid
):
    caller = await recognise(outside, token(claims, key, algorithm, kid))
    assert (caller.role, caller.tenant) == ("editor", here.admin.tenant)
    assert caller.person == uuid5(uuid5(NAMESPACE_URL, NAME), "user-17")


WRONG_CLAIMS = [
    {"exp": datetime.now(UTC) - timedelta(minutes=1)},
    {"nbf": datetime.now(UTC) + timedelta(hours=1)},
    {"aud": "somebody else"},
    {"iss": "https://other.example"},
    {"role": "service"},
    {"role": "system"},
    {"role": ["admin"]},
    {"tenant": "no-such-tenant"},
    {"tenant": None},
    {"sub": 17},
]


async def test_a_token_with_a_wrong_claim_is_refused(outside, claims):
    for change in WRONG_CLAIMS:
        body = json.dumps({**claims, **change}, default=lambda time: int(time.timestamp()))
        encoded = PyJWS().encode(body.encode(), RSA, "RS256", headers={"kid": "rsa"})
        with pytest.raises(CredentialsRefused):
            await recognise(outside, encoded)


async def test_a_token_without_a_claim_is_refused(outside, claims):
    for missing in ("exp", "iss", "aud", "sub", "tenant", "role"):
        others = {name: value for name, value in claims.items() if name != missing}
        with pytest.raises(CredentialsRefused):
            await recognise(outside, token(others))


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_a_token_that_somebody_else_signed_is_refused(outside, claims):
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    good = token(claims)
    head, body, signature = good.split(".")
    other = token({**claims, "role": "admin"}).split(".")[1]
    public = RSA.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    forgeries = [
        token(claims, stranger),
        token(claims, None, "none"),
        signed_with(public, claims),
        token(claims, SECRET, "HS256", "shared"),
        token(claims, RSA, "RS512"),
        token(claims, RSA, "PS256"),
        token(claims, EC, "ES256", "rsa"),
        token(claims, SMALL_RSA, "RS256", "small"),
        token(claims, RSA, "RS256", "for-encryption"),
        token(claims, RSA, "RS256", None),
        f"{head}.{other}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        "..",
        "a.b.c",
    ]
    for forgery in forgeries:
        with pytest.raises(CredentialsRefused):
            await recognise(outside, forgery)
    assert (await recognise(outside, good)).role == "editor"


async def test_a_token_reaches_no_other_tenant_than_its_own(outside, here, elsewhere, claims):
    with pytest.raises(TenantMissing):
        await recognise(outside, token(claims), tenant=elsewhere.slug)
    assert (await recognise(outside, token(claims), tenant=here.slug)).role == "editor"


async def test_without_an_issuer_in_the_settings_no_token_is_believed(accounts, claims):
    with pytest.raises(CredentialsRefused):
        await recognise(accounts, token(claims))


async def test_many_tokens_need_one_fetch(outside, claims, publisher):
    await asyncio.gather(*(recognise(outside, token(claims)) for _ in range(10)))
    assert publisher.asked == 1


async def test_an_unknown_key_is_looked_for_at_most_once_a_minute(
    outside, claims, publisher, clock
):
    await recognise(outside, token(claims))
    newer = token(claims, EC, "ES256", "newer")
    for _ in range(5):
        with pytest.raises(CredentialsRefused):
            await recognise(outside, newer)
    assert publisher.asked == 1
    publisher.keys.append(published(EC, "newer"))
    clock.now += 61
    assert (await recognise(outside, newer)).role == "editor"
    assert publisher.asked == 2


async def test_a_key_that_was_withdrawn_is_believed_for_ten_minutes_only(
    outside, claims, publisher, clock
):
    await recognise(outside, token(claims))
    publisher.keys = [published(EC, "ec")]
    clock.now += 599
    await recognise(outside, token(claims))
    clock.now += 2
    with pytest.raises(CredentialsRefused):
        await recognise(outside, token(claims))


async def test_an_issuer_that_is_out_of_order_is_borne_for_an_hour(
    outside, claims, publisher, clock
):
    await recognise(outside, token(claims))
    publisher.works = False
    clock.now += 3599
    assert (await recognise(outside, token(claims))).role == "editor"
    clock.now += 2
    for _ in range(3):
        with pytest.raises(IssuerUnreachable):
            await recognise(outside, token(claims))
    assert publisher.asked == 2
    publisher.works = True
    clock.now += 60
    assert (await recognise(outside, token(claims))).role == "editor"


@pytest.mark.parametrize("keys", [[], [{"kty": "oct"}], [{"kty": "RSA", "kid": "rsa"}]])
async def test_an_issuer_that_publishes_nothing_usable_is_believed_nothing(
    outside, claims, publisher, keys
):
    publisher.keys = keys
    with pytest.raises(CredentialsRefused):
        await recognise(outside, token(claims))
