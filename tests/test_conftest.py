"""The guard of conftest.py guards."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.own_environment import is_setting, without_settings

ROOT = Path(__file__).resolve().parents[1]

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


def test_no_setting_is_in_the_environment() -> None:
    assert not [name for name in os.environ if is_setting(name)]


@pytest.mark.parametrize(
    "name", ["CHAT_MODEL", "OPENAI_LOG", "ANTHROPIC_API_KEY", "https_proxy", "STACK", "STAND_IN_DELAY_MS"]
)
def test_a_developer_s_settings_reach_no_test(name: str) -> None:
    """The test above, where the shell has one."""
    ours = f"{Path(__file__).relative_to(ROOT)}::{test_no_setting_is_in_the_environment.__name__}"
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", ours)
    ran = subprocess.run(
        command, cwd=ROOT, env=os.environ | {name: "any"}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout


def test_processes_of_fixtures_have_no_settings() -> None:
    assert without_settings({"PATH": "/bin", "CHAT_MODEL": "m", "AWS_REGION": "r", "STACK": "s"}) == {
        "PATH": "/bin",
        "AWS_REGION": "r",
    }
