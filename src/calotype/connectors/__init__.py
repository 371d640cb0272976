"""Typed HTTP clients of other people's services."""

from calotype.connectors.errors import ServiceUnavailable
from calotype.connectors.issuer import fetch_key_set

__all__ = ["ServiceUnavailable", "fetch_key_set"]
