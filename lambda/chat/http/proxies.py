"""Which proxy the environment names for a URL, as curl, Python and Go agree on it.

`http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`, lower case before upper case. `no_proxy` is a list of
host names (each covers its subdomains, with or without a leading dot), IP addresses, CIDR networks, any of them
with `:port`, or `*` for all. `HTTP_PROXY` in upper case is read as well: a Lambda function is no CGI script, a
client's `Proxy:` header does not reach its environment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from chat.settings import SettingsError
from chat.web_addresses import checked, without_password

if TYPE_CHECKING:
    from collections.abc import Mapping


class Proxy(NamedTuple):
    """An HTTP proxy; `secure`: it is spoken to over TLS. `authorization` is the header's value, or empty."""

    host: str
    port: int
    secure: bool
    authorization: str


def proxy_for(scheme: str, host: str, port: int, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy through which to reach a server, or None for a direct connection.

    Raises:
        SettingsError: the variable holds no URL of an HTTP proxy.
    """
    for name in (f"{scheme}_proxy", "all_proxy"):
        for spelling in (name, name.upper()):
            if value := environ.get(spelling, "").strip():
                excluded = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
                return None if _is_excluded(host, port, excluded) else _parse(spelling, value)
    return None


def _parse(name: str, value: str) -> Proxy:
    try:
        # curl and Go take a proxy without a scheme for an HTTP one.
        url = checked(value if "://" in value else f"http://{value}", with_user=True)
    except ValueError as error:
        raise SettingsError(
            f"{name} is {without_password(value)!r}, but {error}; it must be the URL of an HTTP proxy, for example "
            "http://proxy.example:3128 (SOCKS proxies are not supported; a user and a password are "
            "percent-encoded). Unset it, or name the server's host in NO_PROXY."
        ) from None
    authorization = ""
    if url.username is not None:
        import base64  # noqa: PLC0415 - only proxies with a password need it

        pair = f"{unquote(url.username)}:{unquote(url.password or '')}"
        authorization = "Basic " + base64.b64encode(pair.encode()).decode()
    secure = url.scheme == "https"
    return Proxy(url.hostname or "", url.port or (443 if secure else 80), secure, authorization)


def _is_excluded(host: str, port: int, excluded: str) -> bool:
    host = host.lower().rstrip(".")
    return any(_matches(entry.strip().lower(), host, port) for entry in excluded.replace(" ", ",").split(","))


def _matches(entry: str, host: str, port: int) -> bool:
    if not entry:
        return False
    if entry == "*":
        return True
    if "/" in entry:
        return _in_network(host, entry)
    if entry.startswith("["):  # [::1] or [::1]:8080
        entry, _, tail = entry[1:].partition("]")
        entry_port = tail.removeprefix(":")
    elif entry.count(":") == 1:
        entry, _, entry_port = entry.partition(":")
    else:
        entry_port = ""
    if entry_port and entry_port != str(port):
        return False
    name = entry.removeprefix("*").strip(".")
    return host == name or host.endswith(f".{name}")


def _in_network(host: str, network: str) -> bool:
    import ipaddress  # noqa: PLC0415 - only networks in NO_PROXY need it

    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
