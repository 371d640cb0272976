"""Protection of pages against requests that other sites make with a person's session."""

from collections.abc import Mapping

from calotype.accounts.errors import CrossSiteRequest

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

# `none` is what a browser says of a request that no page made: somebody reloaded a form.
_OWN_SITES = frozenset({"same-origin", "none"})


def check_same_site(method: str, headers: Mapping[str, str], own_origin: str) -> None:
    """Refuse an unsafe request with a session unless a page of ours made it.

    *headers* have names in small letters. Browsers tell by `Sec-Fetch-Site` where a request comes
    from, but only over HTTPS and on the same machine; `Origin` is told everywhere. A request that
    has neither was made by no browser of today, and programs have keys.
    """
    if method.upper() in _SAFE_METHODS:
        return
    site = headers.get("sec-fetch-site")
    ours = site in _OWN_SITES if site else headers.get("origin") == own_origin
    if not ours:
        raise CrossSiteRequest
