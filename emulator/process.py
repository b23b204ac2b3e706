"""Child processes: each in a group of its own, its output passed on line by line, never an orphan.

The function's, and where the page is served, npm and Vite.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# Between SIGTERM and SIGKILL, when an extension is registered (AWS developer guide, "Shutdown phase").
_GRACE_SECONDS = 0.5
_LAST_LINES_SECONDS = 1.0
_READS_AT_ONCE = 16


class CommandError(Exception):
    """A command cannot be started; the message says what to do."""


class Watchdog:
    """The emulator's end of `emulator.watchdog`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls) -> Watchdog:
        """Start it, out of reach of the terminal's Ctrl-C."""
        script = str(Path(__file__).with_name("watchdog.py"))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", script, stdin=asyncio.subprocess.PIPE, start_new_session=True
        )
        return cls(process)

    def watch(self, group: int) -> None:
        """Take over a process group should the emulator die."""
        self._write(f"+{group}\n")

    def forget(self, group: int) -> None:
        """The process group is gone."""
        self._write(f"-{group}\n")

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode())

    async def stop(self) -> None:
        """End it; it kills what it still watches."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


class ChildProcess:
    """A running command. `exited` is done when it and all that it started are gone, and its output was read."""

    def __init__(
        self, process: asyncio.subprocess.Process, watchdog: Watchdog, output: int, log: Callable[[str], None]
    ) -> None:
        self.pid = process.pid
        self._process = process
        self._watchdog = watchdog
        self._output = _Output(output, log)
        self.exited: asyncio.Task[int] = asyncio.create_task(self._reap())

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        environment: Mapping[str, str],
        directory: Path,
        watchdog: Watchdog,
        log: Callable[[str], None],
    ) -> ChildProcess:
        """Start `command` in `directory`; `log` gets each line that it prints.

        Raises:
            CommandError: there is no such command or directory.
        """
        # A pipe of our own: with asyncio's, the wait for the process would be one for its children as well.
        output, printed = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                env=dict(environment),
                cwd=directory,
                start_new_session=True,
            )
        except OSError as error:
            os.close(output)
            reason = (error.strerror or str(error)).lower()
            raise CommandError(
                f"Cannot start {' '.join(command)!r} in {directory}: {reason}. The command runs the function's "
                "runtime client, for example: python -m lambda_runtime chat.app.streaming_handler"
            ) from None
        finally:
            os.close(printed)
        watchdog.watch(process.pid)
        return cls(process, watchdog, output, log)

    async def stop(self, *, gracefully: bool) -> None:
        """Kill the whole group; `gracefully` sends SIGTERM first and waits half a second."""
        for number, patience in ((signal.SIGTERM, _GRACE_SECONDS), (signal.SIGKILL, None)):
            # A group that is gone gets no signal: its number may be another's by now.
            if not self.exited.done() and (gracefully or number is signal.SIGKILL):
                self._signal(number)
                await asyncio.wait({self.exited}, timeout=patience)

    def read_output(self) -> None:
        """Pass on what has been printed by now, so that a line stands in the log before what came after it."""
        self._output.read()

    def peak_memory_mb(self) -> int | None:
        """The most memory that the process has used, in MB; None where the system does not tell (Linux does)."""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return -(-int(line.split()[1]) // 1024)
        return None

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    async def _reap(self) -> int:
        code = await self._process.wait()
        self._signal(signal.SIGKILL)  # what it started and left behind
        # A child that made itself a session of its own lives on, as it would not on Lambda, and may hold the pipe.
        await asyncio.wait({self._output.ended}, timeout=_LAST_LINES_SECONDS)
        self._output.close()
        self._watchdog.forget(self.pid)
        return code


class _Output:
    """The reading end of the pipe on which a process prints; each line goes to `log`, until `ended`.

    Not asyncio's own reader, which would have what it read wait for its turn while the Runtime API goes on.
    """

    def __init__(self, descriptor: int, log: Callable[[str], None]) -> None:
        self._descriptor = descriptor
        self._log = log
        self._rest = b""
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        os.set_blocking(descriptor, False)
        self._loop.add_reader(descriptor, self.read)

    def read(self) -> None:
        """Pass on what is there; a process that prints without end does not hold up the rest."""
        for _ in range(_READS_AT_ONCE):
            if self.ended.done():
                return
            try:
                chunk = os.read(self._descriptor, 65536)
            except BlockingIOError:
                return
            if not chunk:
                self.close()
                return
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                _log_line(line, self._log)

    def close(self) -> None:
        """Read no more; a line without its end is one as well."""
        if self.ended.done():
            return
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        self.ended.set_result(None)
        if self._rest:
            _log_line(self._rest, self._log)


def _log_line(line: bytes, log: Callable[[str], None]) -> None:
    """AWS's own Python client writes the lines of one message with CR between them: they are lines here."""
    for text in line.decode(errors="replace").rstrip("\r").split("\r"):
        log(text)


def describe_exit(code: int) -> str:
    """How a process ended, in the words of Lambda's `Runtime.ExitError`."""
    if code == 0:
        return "Runtime exited without providing a reason"
    if code < 0:
        name = (signal.strsignal(-code) or f"signal {-code}").lower()
        return f"Runtime exited with error: signal: {name}"
    return f"Runtime exited with error: exit status {code}"
