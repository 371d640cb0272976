"""Requests that another site makes with a person's session."""

import pytest

from calotype.accounts import CrossSiteRequest, check_same_site

OWN = "https://pictures.example.org"


@pytest.mark.parametrize(
    ("method", "headers", "allowed"),
    [
        ("GET", {}, True),
        ("HEAD", {"sec-fetch-site": "cross-site"}, True),
        ("OPTIONS", {"origin": "https://evil.example"}, True),
        ("POST", {"sec-fetch-site": "same-origin"}, True),
        ("POST", {"sec-fetch-site": "none"}, True),
        ("POST", {"sec-fetch-site": "same-site"}, False),
        ("POST", {"sec-fetch-site": "cross-site"}, False),
        ("POST", {"sec-fetch-site": "cross-site", "origin": OWN}, False),
        ("DELETE", {"sec-fetch-site": "same-origin", "origin": "null"}, True),
        ("POST", {"origin": OWN}, True),
        ("post", {"origin": "https://evil.example"}, False),
        ("PUT", {"origin": OWN + ".evil.example"}, False),
        ("PATCH", {"origin": "http://pictures.example.org"}, False),
        ("DELETE", {"origin": "null"}, False),
        ("POST", {"referer": OWN + "/"}, False),
        ("POST", {}, False),
        ("FROB", {}, False),
    ],
)
def test_an_unsafe_request_with_a_session_comes_from_our_own_pages(method, headers, allowed):
    if allowed:
        check_same_site(method, headers, OWN)
    else:
        with pytest.raises(CrossSiteRequest):
            check_same_site(method, headers, OWN)
