"""Kills the child processes when the emulator itself is killed and can no longer do it.

A process of its own, because only that works on every POSIX system (Linux alone could do it with
`PR_SET_PDEATHSIG`). Its standard input is a pipe from the emulator, one line for each process group: `+PID` when
it starts, `-PID` when it is gone. The pipe ends when the emulator does, whatever the reason.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys


def main() -> None:
    """Read until the emulator is gone, then kill the process groups that it left."""
    alive: set[int] = set()
    for line in sys.stdin:
        (alive.add if line[0] == "+" else alive.discard)(int(line[1:]))
    for group in alive:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
