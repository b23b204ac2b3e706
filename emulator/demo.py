"""`make demo`: the function streams an answer through the Runtime API, and each line is shown as it arrives.

Which model answers: `emulator.model_server`. The function runs in a process of its own; client,
emulator and stand-in share this one. Times run from the moment the request is sent, cold start included.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

from emulator.front import Front
from emulator.function import Function
from emulator.function_start import RefusedVariableError, check_variables
from emulator.logs import Log
from emulator.model_server import Model, model_server
from emulator.serving import serving
from emulator.settings import FunctionSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DEFAULT_MESSAGE = "What is this, and why does it stream?"
_WIDTH = 100


@dataclass
class Arrivals:
    """What has arrived of an answer, with its times in milliseconds since the request was sent."""

    started: float = field(default_factory=time.perf_counter)
    lines: int = 0
    text_lines: int = 0
    first_text_ms: float | None = None
    last_text_ms: float | None = None
    ended_ms: float = 0.0
    error: str | None = None
    finished: bool = False

    def note(self, line: str) -> float:
        """Take one line of the data stream; returns when it came."""
        now = self.ended_ms = (time.perf_counter() - self.started) * 1000
        self.lines += 1
        code, _, value = line.partition(":")
        if code == "0":
            self.text_lines += 1
            self.last_text_ms = now
            self.first_text_ms = self.first_text_ms if self.first_text_ms is not None else now
        elif code == "3":
            self.error = json.loads(value)
        elif code == "d":
            self.finished = True
        return now


async def main() -> int:
    """Run the demo; returns 0 if an answer streamed and was complete."""
    message = os.environ.get("MESSAGE", "").strip() or DEFAULT_MESSAGE
    log: list[str] = []
    quiet = Log(lambda line: log.append(f"function | {line}"), lambda line: log.append(f"lambda   | {line}"))
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        async with model_server() as model, _function(model, quiet) as url:
            print(f"You       {message}")
            print(f"POST      {url} (a Function URL; the function's process starts with this request)\n")
            arrivals, problem = await _ask(url, message)
    except asyncio.CancelledError:
        print("\nStopped.")
        return 130
    except RefusedVariableError as error:
        print(error, file=sys.stderr)
        return 1
    return _conclude(arrivals, problem, log)


@contextlib.asynccontextmanager
async def _function(model: Model, log: Log) -> AsyncIterator[str]:
    settings = dataclasses.replace(FunctionSettings(), variables=model.variables)
    await check_variables(settings)
    async with Function(settings, log) as function, serving(Front(function, log.platform)) as port:
        print(f"Model     {model.described}")
        if model.warning:
            print(f"          {model.warning}")
        print(f"Function  {' '.join(settings.command[1:])}")
        yield f"http://127.0.0.1:{port}/"
        await function.idle()


async def _ask(url: str, message: str) -> tuple[Arrivals, str | None]:
    """Post what useChat of ai@4 posts, print what comes; returns it with what went wrong, if something did."""
    body = {
        "id": "demo",
        "messages": [{"role": "user", "content": message, "parts": [{"type": "text", "text": message}]}],
        "action": "chat-v2-stream",
    }
    # No proxy of the environment: the emulator is on this machine.
    async with httpx.AsyncClient(timeout=None, trust_env=False) as client:  # noqa: S113 - the function has its own
        arrivals = Arrivals()
        try:
            async with client.stream("POST", url, json=body) as response:
                if response.status_code != httpx.codes.OK:
                    text = (await response.aread()).decode(errors="replace")
                    return arrivals, f"The function answered HTTP {response.status_code}: {text}"
                async for line in _lines(response):
                    arrived = arrivals.note(line)
                    shown = line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"
                    print(f"{arrived:7.0f} ms  {shown or '(keep-alive)'}", flush=True)
        except httpx.TransportError as error:
            return arrivals, f"The answer broke off: {str(error) or type(error).__name__}."
    return arrivals, None


async def _lines(response: httpx.Response) -> AsyncIterator[str]:
    """The answer's lines, each as soon as its end is there. Only LF ends one: JSON may hold U+2028 and the like."""
    rest = b""
    async for chunk in response.aiter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.decode()
    if rest:
        yield rest.decode(errors="replace")


def _conclude(arrivals: Arrivals, problem: str | None, log: list[str]) -> int:
    if problem is None and arrivals.error is not None:
        problem = f"The answer ended with an error: {arrivals.error}"
    if problem is None and not (arrivals.finished and arrivals.text_lines):
        problem = "The answer ended before it was complete."
    if problem is not None:
        print(f"\n{problem}\nThe function's log:", file=sys.stderr)
        print("\n".join(f"  {line}" for line in log), file=sys.stderr)
        return 1
    assert arrivals.first_text_ms is not None
    assert arrivals.last_text_ms is not None
    print(
        f"\nFirst token after {arrivals.first_text_ms:.0f} ms{_cold_start(log)}, "
        f"last after {arrivals.last_text_ms:.0f} ms; {arrivals.text_lines} text lines of {arrivals.lines}, "
        f"{arrivals.ended_ms:.0f} ms in all."
    )
    if arrivals.last_text_ms - arrivals.first_text_ms > 0.1 * arrivals.ended_ms:
        print("Proved: the first words were readable while the model was still writing the rest.")
    else:
        print("The whole answer came within one moment: the model itself did not stream it.")
    print("\nThe same in a browser, on a chat page: make dev (needs Node)")
    return 0


def _cold_start(log: list[str]) -> str:
    report = next((line for line in log if "Init Duration: " in line), "")
    duration = report.partition("Init Duration: ")[2].partition(" ms")[0]
    return f" ({float(duration):.0f} ms of them the cold start)" if duration else ""


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except BrokenPipeError:
        # Whoever read the lines has had enough (`make demo | head`); what is still buffered has no reader.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
