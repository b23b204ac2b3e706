"""What may have held an answer back, by what is known of the way that it came. Does no I/O.

Facts, with their sources:

- A Function URL streams in invoke mode RESPONSE_STREAM alone, and not, says AWS's guide, from a function in a VPC
  (AWS developer guide, "Response streaming").
- API Gateway streams REST APIs alone, with the integration's response transfer mode STREAM, and then neither caches
  nor encodes (AWS API Gateway guide, "Stream the integration response").
- AWS's runtime interface emulator collects the whole answer before it hands it on.
- `Via` and `X-Cache` are what proxies and CDNs leave in an answer (RFC 9110 §7.6.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

from scripts.smoke.quoting import quoted
from scripts.smoke.target import Kind

if TYPE_CHECKING:
    from scripts.smoke.exchange import Exchange
    from scripts.smoke.target import Target

_BY_KIND = {
    Kind.FUNCTION_URL: "the URL's invoke mode must be RESPONSE_STREAM, and a function in a VPC does not stream",
    Kind.API_GATEWAY: "the integration's response transfer mode must be STREAM",
    Kind.OTHER: "a proxy in front of the function must not buffer (nginx: proxy_buffering off)",
}


def proxied(target: Target) -> bool:
    """Whether the environment leads requests for the endpoint through a proxy."""
    proxies = getproxies()
    scheme = target.url.partition(":")[0]
    return (
        not target.is_local
        and bool(proxies.get(scheme) or proxies.get("all"))
        and not proxy_bypass(target.host)
    )


def suspects(exchange: Exchange, target: Target, *, through_proxy: bool) -> str:
    """What to look at, the likeliest first, as one sentence."""
    if target.kind is Kind.INVOCATION:
        return (
            "AWS's own emulator (RIE) hands answers on whole and cannot show a stream: it is seen at our emulator's "
            "address (.venv/bin/python -m emulator), in make demo, or at a Function URL."
        )
    found = []
    if encoding := exchange.header("content-encoding"):
        found.append(f"something on the way compresses ({quoted(encoding)}), and what compresses collects")
    if through_proxy:
        found.append("the request went through the proxy of this environment (NO_PROXY leaves it out)")
    if passed := [value for name in ("via", "x-cache") if (value := exchange.header(name))]:
        found.append(f"the answer came through {quoted(' and '.join(passed))}")
    found.append(_BY_KIND[target.kind])
    found.append(
        "and the model's server itself must stream (OPENAI_BASE_URL=… make demo shows whether it does)"
    )
    return f"Look at the way: {'; '.join(found)}."
