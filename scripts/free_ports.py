"""Prints free ports of 127.0.0.1, for programs that cannot take port 0 and say which they got.

    python -m scripts.free_ports [COUNT]

They lie below the ranges from which systems give ports to connections (Linux from 32768, others from 49152): one
of those could be taken by any connection before the program listens.
"""

from __future__ import annotations

import random
import socket
import sys

_RANGE = range(20_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Ports on which nothing listened a moment ago, all different."""
    found: list[int] = []
    for port in random.sample(_RANGE, len(_RANGE)):
        if len(found) == count:
            break
        with socket.socket() as candidate:
            # As servers do: a port whose last connections have just been closed is free.
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
    return found


if __name__ == "__main__":
    print(*free_ports(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
