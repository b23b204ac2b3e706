"""`make dev`: the chat page in a browser, in front of the function on this machine. One command, one Ctrl-C.

Page (Vite's dev server) → emulator (a Function URL that streams) → the function's process → the model: the real one
with `OPENAI_API_KEY`, a server at `OPENAI_BASE_URL` (Ollama), else the stand-in. With `LAMBDA_ENDPOINT` there is no
emulator: the page alone, in front of whatever answers there (a deployed URL, a container).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import os
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from emulator.front import Front
from emulator.function import Function
from emulator.logs import Log
from emulator.model_server import Model, model_server
from emulator.page_server import PageError, PageServer, page_server
from emulator.serving import PortError, port_number, serving
from emulator.settings import FunctionSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping


class VariableError(ValueError):
    """A variable of the environment has a value that it cannot have; the message says which and what it takes."""


@dataclass(frozen=True, slots=True)
class DevSettings:
    """What the environment's variables ask for. `endpoint` is None where the emulator answers."""

    port: int = 9001
    page_port: int = 5173
    endpoint: str | None = None
    stand_in_delay: float = 0.04

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> DevSettings:
        """Read PORT, PAGE_PORT, LAMBDA_ENDPOINT and STAND_IN_DELAY_MS; an empty one is as none.

        Raises:
            VariableError: one of them cannot be used.
        """
        given = {name: text.strip() for name, text in variables.items() if text.strip()}
        ports: dict[str, int] = {}
        for field, name in (("port", "PORT"), ("page_port", "PAGE_PORT")):
            if name in given:
                try:
                    ports[field] = port_number(given[name])
                except argparse.ArgumentTypeError as error:
                    raise VariableError(f"{name}: {error}; 0 takes a free one.") from None
        delay = given.get("STAND_IN_DELAY_MS", "40")
        if not delay.isdecimal():
            raise VariableError(
                f"STAND_IN_DELAY_MS is {delay!r}; give the milliseconds before each token, 0 or more."
            )
        return cls(
            **ports, endpoint=_endpoint(given.get("LAMBDA_ENDPOINT")), stand_in_delay=int(delay) / 1000
        )


async def main() -> int:
    """Run until Ctrl-C or SIGTERM (0), or until a part of it cannot go on (1); leaves no process behind."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    work = asyncio.create_task(_work())
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not work.done():
        print("\nStopping.", flush=True)
        work.cancel()
    try:
        await work
    except asyncio.CancelledError:
        return 0
    except (PageError, PortError, VariableError) as error:
        print(error, file=sys.stderr)
    return 1


async def _work() -> None:
    """Serve until cancelled.

    Raises:
        PageError, PortError, VariableError: something is not there, is taken, or has ended.
    """
    settings = DevSettings.of(os.environ)
    log = Log.to(sys.stderr)

    def of_page(line: str) -> None:
        print(f"page     | {line}", file=sys.stderr, flush=True)

    async with contextlib.AsyncExitStack() as parts:
        model: Model | None = None
        endpoint = settings.endpoint
        if endpoint is None:
            model = await parts.enter_async_context(model_server(settings.stand_in_delay))
            endpoint = await parts.enter_async_context(_function(model, settings.port, log))
        page = await parts.enter_async_context(page_server(endpoint, settings.page_port, of_page))
        _say_where(page, endpoint, model)
        raise await page.ended()


@contextlib.asynccontextmanager
async def _function(model: Model, port: int, log: Log) -> AsyncIterator[str]:
    """The function behind its Function URL, which is yielded."""
    settings = dataclasses.replace(FunctionSettings(), variables=model.variables)
    front = Front(function := Function(settings, log), log.platform)
    async with function, serving(front, port=port, option="PORT=…") as bound:
        try:
            yield f"http://127.0.0.1:{bound}/"
        finally:
            # First the function, so that answers still open end before their server does.
            await function.stop()


def _say_where(page: PageServer, endpoint: str, model: Model | None) -> None:
    print(f"Page           {page.url} (AI SDK 7, UI message stream)")
    print(f"               {page.url}v4.html (AI SDK 4, data stream)")
    if model is None:
        print(
            f"Endpoint       {endpoint} (LAMBDA_ENDPOINT): no emulator runs here, what answers there answers"
        )
    else:
        print(f"Function URL   {endpoint}")
        print(f"Direct invoke  {endpoint}2015-03-31/functions/function/invocations")
        print(f"Model          {model.described}")
        if model.stand_in:
            print(
                "               say /markdown, /reasoning, /sources, /image, /long; or /cut and other failures:"
            )
            print("               .venv/bin/python -m emulator.stand_in_model --help lists them")
    print("Ctrl-C stops everything.\n", flush=True)


def _endpoint(text: str | None) -> str | None:
    """LAMBDA_ENDPOINT, if it is an address.

    Raises:
        VariableError: it is something else.
    """
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise VariableError(
            f"LAMBDA_ENDPOINT is {text!r}; give the address of what answers, for example "
            "https://abc.lambda-url.eu-central-1.on.aws/ or, without it, have the emulator answer."
        )
    return text


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except BrokenPipeError:
        # Whoever read the lines has had enough; what is still buffered has no reader.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
