"""Bodies are bounded wherever they arrive, whoever sends them."""

import httpx
import pytest

from calotype.http import Forwarded
from tests import pictures
from tests.http.speaking import check_problem

TWO_MIB = b"x" * (2 << 20)


@pytest.mark.parametrize("media_type", ["application/json", "multipart/form-data; boundary=b"])
async def test_a_large_body_is_refused_before_anybody_is_asked(client, media_type) -> None:
    answer = await client.post(
        "/api/session", content=TWO_MIB, headers={"Content-Type": media_type, "Authorization": ""}
    )
    assert answer.status_code in (401, 413)
    open_to_all = httpx.AsyncClient(transport=client._transport, base_url="http://calotype.test")
    async with open_to_all as anybody:
        answer = await anybody.post(
            "/api/session", content=TWO_MIB, headers={"Content-Type": media_type}
        )
    check_problem(answer, 413)


async def test_the_type_of_a_form_may_be_in_capitals(client: httpx.AsyncClient) -> None:
    request = client.build_request("POST", "/api/media", files={"file": ("a", pictures.jpeg())})
    request.headers["Content-Type"] = request.headers["Content-Type"].replace("form", "Form")
    assert (await client.send(request)).status_code == 201


async def test_the_last_address_that_no_proxy_of_ours_added_counts() -> None:
    seen = []

    async def app(scope, receive, send) -> None:
        seen.append(scope["client"][0])

    lines = [(b"x-forwarded-for", b"6.6.6.6"), (b"x-forwarded-for", b"1.2.3.4")]
    for peer in ("10.0.0.1", "::ffff:10.0.0.1", "10.9.9.9"):
        scope = {"type": "http", "client": (peer, 1), "headers": lines}
        await Forwarded.behind(app, ["10.0.0.1"])(scope, None, None)
    assert seen == ["1.2.3.4", "1.2.3.4", "10.9.9.9"]


async def test_invented_methods_are_counted_together(client: httpx.AsyncClient) -> None:
    for number in range(3):
        await client.request(f"INVENTED{number}", "/api/media")
    figures = (await client.get("/metrics")).text
    assert "INVENTED" not in figures
    assert 'method="other"' in figures
