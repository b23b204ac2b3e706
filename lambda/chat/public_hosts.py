"""Whether a host that a client names can be one of the public internet, as far as its name alone tells.

A self-hosted model's server fetches images by itself, from inside the network that it stands in. Nothing is looked up:
a public name may still have a private address, which that server alone can see when it connects.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

# RFC 6761, RFC 6762, RFC 8375; ICANN has set `internal` aside for private use, and clouds name their machines by it.
_PRIVATE_SUFFIXES: Final = ("localhost", "local", "internal", "home.arpa")
# What resolvers and the WHATWG's URL standard take for an IPv4 address: 127.1, 0x7f.1, 017700000001, 2130706433.
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
# IANA's global unicast. Outside of it are ::1, what maps or translates IPv4, link-local, unique local and multicast.
_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")


def may_be_public(host: str) -> bool:
    """Whether a host may be public.

    Args:
        host: In lower case and without a port, as `urlsplit` gives it; IPv6 without brackets.
    """
    if ":" in host:
        return _is_public_ipv6(host)
    try:
        # Full-width digits and the ideographic full stop are none behind this.
        name = (host if host.isascii() else host.encode("idna").decode()).lower().removesuffix(".")
    except UnicodeError:
        return False
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        return _is_public_ipv4(name)
    return "." in name and not f".{name}".endswith(tuple(f".{suffix}" for suffix in _PRIVATE_SUFFIXES))


def _is_public_ipv4(text: str) -> bool:
    try:
        # Four decimal numbers without a leading zero, the one spelling that everybody reads alike.
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return address.is_global and not address.is_multicast


def _is_public_ipv6(text: str) -> bool:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return False
    # An address of 6to4 leads to the IPv4 address in it.
    return address in _GLOBAL_UNICAST and address.is_global and address.sixtofour is None
