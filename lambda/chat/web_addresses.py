"""URLs that others set, of the model's server, of proxies, of images: one check, so that no later step fails."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_SCHEME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")
# RFC 1035, 2.3.4: labels of 1 to 63 octets. Underscores are no part of host names, but names of containers have them.
_HOST: Final = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")


def checked(url: str, *, with_user: bool = False) -> SplitResult:
    """Split an http or https URL, each piece of which is then known to be usable.

    Args:
        url: As the variable has it.
        with_user: Whether it may have a user and a password in it.

    Raises:
        ValueError: what is wrong with it, as the middle of a sentence and without a password.
    """
    # urlsplit drops tabs and newlines in silence. What cannot be printed cannot be seen in the variable either:
    # controls, exotic blanks, and the half surrogates that stand for bytes which are not UTF-8.
    if " " in url or not url.isprintable():
        raise ValueError("it has a blank or a control character in it")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("its host cannot be read; an IPv6 address stands in brackets") from None
    if parts.scheme not in ("http", "https"):
        raise ValueError("it does not begin with http:// or https://")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("its port is no number from 1 to 65535")
    host = parts.hostname or ""
    if not host:
        raise ValueError("it names no host")
    if "@" in parts.netloc and not with_user:
        raise ValueError("it has a user or a password in it, which nobody would be sent")
    # A colon means an IPv6 address, which urlsplit has checked.
    if ":" not in host and not _HOST.fullmatch(_in_ascii(host)):
        # Not shown: it may be the first half of a password.
        raise ValueError("its host is not the name of one")
    return parts


def without_password(url: str) -> str:
    """A URL as it may be shown, whatever is wrong with it: no user, no password, no query.

    Everything up to the last @ goes: a password with a slash in it is what makes many a URL wrong.
    """
    scheme = match[0] if (match := _SCHEME.match(url)) else ""
    _, at, place = url.removeprefix(scheme).rpartition("@")
    place, question_mark, _ = place.partition("?")
    return scheme + ("…@" if at else "") + place + ("?…" if question_mark else "")


def _in_ascii(host: str) -> str:
    """A host's name as it is looked up; "" if it has no such form."""
    if host.isascii():
        return host  # the codec costs milliseconds of the cold path
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return ""
