"""Waiting for a program of other people to listen, which has no way to say so."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import subprocess

_PATIENCE: Final = 30.0
_BETWEEN: Final = 0.02


def wait_until_it_listens(port: int, process: subprocess.Popen[Any]) -> None:
    """Try to connect to a port of 127.0.0.1 until it works.

    Raises:
        RuntimeError: the process has ended, or does not listen within 30 seconds.
    """
    until = time.monotonic() + _PATIENCE
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise RuntimeError(f"Nothing listens on port {port} after {_PATIENCE:g} seconds.") from None
            time.sleep(_BETWEEN)
        else:
            return
    raise RuntimeError(f"What was to listen on port {port} has ended with {process.returncode}.")
