"""No test reaches a real model by accident: sockets connect to this machine alone, and no key is in the environment.

The guard is an audit hook, which sees every connect of the process whatever library makes it. Processes that tests
start are not guarded, but they inherit the environment without keys, proxies and other settings of a developer's.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from tests.own_environment import is_setting

if TYPE_CHECKING:
    from collections.abc import Iterator

# No test is timed: on a busy machine a fast one would fail.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

_guarding = False


class ReachedOutError(AssertionError):
    """A test tried to leave this machine."""


def _is_here(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if not isinstance(host, str) or host in ("", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    if not _guarding or not event.startswith("socket."):
        return
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        sock, address = arguments[0], arguments[-1]
        if sock.family in (socket.AF_INET, socket.AF_INET6) and address and not _is_here(address[0]):
            raise ReachedOutError(f"a test tried to reach {address[0]}; only this machine is allowed")
    elif event == "socket.getaddrinfo" and not _is_here(arguments[0]):
        raise ReachedOutError(f"a test tried to resolve {arguments[0]!r}; only this machine is allowed")


sys.addaudithook(_guard)


@pytest.fixture(autouse=True)
def _stay_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    global _guarding  # noqa: PLW0603 - an audit hook cannot be removed, only told to look away
    for name in list(os.environ):
        if is_setting(name):
            monkeypatch.delenv(name)
    _guarding = True
    yield
    _guarding = False
