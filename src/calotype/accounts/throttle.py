"""Attempts to sign in, slowed down by who is asked for and by where the question comes from."""

import hmac
import ipaddress
from dataclasses import dataclass

from calotype.accounts import session_store
from calotype.accounts.errors import SlowDown
from calotype.database import ANYBODY, Database, Transaction

_FREE_FOR_LOGIN = 5
_FREE_FOR_ADDRESS = 20


@dataclass(frozen=True, slots=True)
class Attempt:
    """Two keyed hashes: nobody who reads the table learns an address or a name."""

    login: bytes
    address: bytes


@dataclass(frozen=True, slots=True)
class Throttle:
    """Lets a few attempts through and makes each further one wait twice as long."""

    database: Database
    key: bytes

    async def count(self, login: str, address: str) -> Attempt:
        """Count an attempt before it is looked at, so that guesses sent together count too."""
        attempt = Attempt(
            self._hash("login", login.lower()), self._hash("address", network_of(address))
        )
        async with self.database.transaction(ANYBODY) as tx:
            await _count(tx, attempt.login, _FREE_FOR_LOGIN)
            await _count(tx, attempt.address, _FREE_FOR_ADDRESS)
        return attempt

    async def forgive(self, attempt: Attempt) -> None:
        """Forget what led to a success; whoever else tried from the address still counts."""
        async with self.database.transaction(ANYBODY) as tx:
            await session_store.forget_attempts(tx, attempt.login)
            await session_store.take_attempt_back(tx, attempt.address)

    def _hash(self, kind: str, text: str) -> bytes:
        return hmac.digest(self.key, f"{kind}:{text}".encode(), "sha256")


async def _count(tx: Transaction, subject: bytes, free: int) -> None:
    if not await session_store.count_attempt(tx, subject, free):
        raise SlowDown(await session_store.seconds_to_wait(tx, subject, free))


def network_of(address: str) -> str:
    """One household has a whole /64 of IPv6, so that is what counts as one address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False))
