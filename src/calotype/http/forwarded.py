"""What a proxy says of the request that it passes on, where the proxy is trusted."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Self

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Forwarded:
    """Believes `X-Forwarded-For` and `-Proto` of trusted proxies, and nobody else's."""

    app: ASGIApp
    trusted: tuple[IPv4Network | IPv6Network, ...]

    @classmethod
    def behind(cls, app: ASGIApp, proxies: Sequence[str]) -> Self:
        return cls(app, tuple(ip_network(proxy, strict=False) for proxy in proxies))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if scope["type"] == "http" and client and self._trusts(client[0]):
            scope = {**scope, **self._told(Headers(scope=scope), client)}
        await self.app(scope, receive, send)

    def _told(self, headers: Headers, client: tuple[str, int]) -> dict[str, object]:
        """The last address that no trusted proxy added is the client's."""
        said = ",".join(headers.getlist("x-forwarded-for"))
        hops = [hop.strip() for hop in said.split(",")]
        foreign = [hop for hop in hops if hop and not self._trusts(hop)]
        told: dict[str, object] = {"client": (foreign[-1], 0) if foreign else client}
        if headers.get("x-forwarded-proto") in ("http", "https"):
            told["scheme"] = headers["x-forwarded-proto"]
        return told

    def _trusts(self, address: str) -> bool:
        try:
            known = ip_address(address)
            known = getattr(known, "ipv4_mapped", None) or known
        except ValueError:
            return False
        return any(known in network for network in self.trusted)
