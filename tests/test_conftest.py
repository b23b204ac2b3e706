"""The guard of conftest.py guards."""

from __future__ import annotations

import asyncio
import os
import socket

import pytest

# An address of TEST-NET-1 (RFC 5737), which nobody has.
ELSEWHERE = "192.0.2.1"


def test_no_socket_connects_elsewhere() -> None:
    with socket.socket() as sock, pytest.raises(AssertionError, match="only this machine"):
        sock.connect((ELSEWHERE, 9))


def test_no_datagram_leaves() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
        pytest.raises(AssertionError, match="only this machine"),
    ):
        sock.sendto(b"x", (ELSEWHERE, 9))


async def test_asyncio_is_guarded_too() -> None:
    with pytest.raises(AssertionError, match="only this machine"):
        await asyncio.open_connection(ELSEWHERE, 9)


def test_no_name_is_resolved() -> None:
    with pytest.raises(AssertionError, match="only this machine"):
        socket.getaddrinfo("api.openai.com", 443)


def test_this_machine_can_be_reached() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert client.getpeername() == server.getsockname()


def test_no_key_is_in_the_environment() -> None:
    assert not [name for name in os.environ if name.endswith(("_API_KEY", "_PROXY", "_proxy"))]
