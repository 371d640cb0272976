"""The keys that an issuer of tokens publishes."""

from typing import Any

import httpx

from calotype.connectors.errors import ServiceUnavailable

_SECONDS = 10


async def fetch_key_set(url: str) -> dict[str, Any]:
    """Fetch a JSON Web Key Set."""
    try:
        async with httpx.AsyncClient(timeout=_SECONDS) as client:
            answer = await client.get(url)
            answer.raise_for_status()
            return answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise ServiceUnavailable(f"The key set of the issuer cannot be fetched: {error}") from error
