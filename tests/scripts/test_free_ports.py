from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from scripts.free_ports import free_ports

ROOT = Path(__file__).parents[2]


def test_they_are_free_and_differ() -> None:
    ports = free_ports(50)
    assert len(set(ports)) == 50
    with ExitStack() as stack:
        for port in ports:
            stack.enter_context(socket.create_server(("127.0.0.1", port)))


def test_no_port_in_use_is_given() -> None:
    """All that are left of the range, and not the one in use."""
    with socket.create_server(("127.0.0.1", free_ports(1)[0])) as listener:
        assert listener.getsockname()[1] not in free_ports(12_000)


def test_the_ports_are_free_once_they_are_printed() -> None:
    """A shell reads the line before the command has ended."""
    command = [sys.executable, "-m", "scripts.free_ports", "2"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for port in map(int, process.stdout.readline().split()):
            socket.create_server(("127.0.0.1", port)).close()
