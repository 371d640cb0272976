"""Secrets of 256 random bits, of which only a hash is kept."""

import hashlib
import secrets

KEY_PREFIX = "ctk_"


def new_secret(prefix: str = "") -> str:
    return prefix + secrets.token_urlsafe(32)


def hash_secret(secret: str) -> bytes:
    """Hash a secret; one that is random needs no salt and no slowness."""
    return hashlib.sha256(secret.encode()).digest()
