"""Passwords, hashed slowly and in a thread."""

import asyncio
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from calotype.accounts.errors import PasswordUnfit

SHORTEST, LONGEST = 12, 1024
_AT_ONCE = 2

# The hash of random bytes that were thrown away: it costs as much to refuse somebody unknown as
# somebody known.
_NOBODYS = (
    "$argon2id$v=19$m=65536,t=3,p=4$XukmAvG8dbrURw012Vq+Wg"
    "$fxMiZO2oSCdpK0VF5I9GOdOpOT/RrH3I19BorjEakuY"
)


@dataclass(frozen=True, slots=True)
class Passwords:
    """Argon2id; each hash takes 64 MiB, so only a few are computed at once."""

    hasher: PasswordHasher = field(default_factory=PasswordHasher)
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def hash(self, password: str) -> str:
        if not SHORTEST <= len(password) <= LONGEST:
            raise PasswordUnfit
        async with self.turns:
            return await asyncio.to_thread(self.hasher.hash, password)

    async def matches(self, hashed: str | None, password: str) -> bool:
        """Compare in the same time whether there is a hash or not."""
        async with self.turns:
            return await asyncio.to_thread(self._verify, hashed or _NOBODYS, password)

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self.hasher.verify(hashed, password)
        except VerifyMismatchError:
            return False
