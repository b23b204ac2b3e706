"""`make dev`: the chat page in a browser, in front of the function on this machine. One command, one Ctrl-C.

Page (Vite's dev server) → emulator (a Function URL that streams, with the CORS settings and limits of the stack
`STACK`, "dev") → the function's process, new where its code has changed → the model: the real one with
`OPENAI_API_KEY`, a server at `OPENAI_BASE_URL` (Ollama), else the stand-in. With `LAMBDA_ENDPOINT` there is no
emulator: the page alone, in front of whatever answers there (a deployed URL, a container).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from emulator.front import Front
from emulator.function import Function
from emulator.function_start import RefusedVariableError, check_variables
from emulator.logs import Log
from emulator.model_server import Model, model_server
from emulator.page_server import PageError, PageServer, page_server
from emulator.reload import reloading
from emulator.serving import PortError, port_number, serving
from emulator.settings import FunctionSettings
from emulator.stack import Stack, StackError, read_stack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping


_ROOT = Path(__file__).resolve().parent.parent


class VariableError(ValueError):
    """A variable of the environment has a value that it cannot have; the message says which and what it takes."""


@dataclass(frozen=True)
class DevSettings:
    """What the environment's variables ask for. `endpoint` is None where the emulator answers."""

    port: int = 9001
    page_port: int = 5173
    endpoint: str | None = None
    stack: str = "dev"
    stand_in_delay: float = 0.04
    cors_origins: tuple[str, ...] = ()

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> DevSettings:
        """Read PORT, PAGE_PORT, LAMBDA_ENDPOINT, STACK, STAND_IN_DELAY_MS and CORS_ORIGIN; an empty one is as none.

        Raises:
            VariableError: one of them cannot be used.
        """
        given = {name: text.strip() for name, text in variables.items() if text.strip()}
        delay = given.get("STAND_IN_DELAY_MS", "40")
        if not delay.isdecimal():
            raise VariableError(
                f"STAND_IN_DELAY_MS is {delay!r}; give the milliseconds before each token, 0 or more."
            )
        return cls(
            port=_port(given, "PORT", cls.port),
            page_port=_port(given, "PAGE_PORT", cls.page_port),
            endpoint=_endpoint(given.get("LAMBDA_ENDPOINT")),
            stack=given.get("STACK", cls.stack),
            stand_in_delay=int(delay) / 1000,
            cors_origins=_origins(given.get("CORS_ORIGIN", "")),
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
    except (PageError, PortError, RefusedVariableError, StackError, VariableError) as error:
        print(error, file=sys.stderr)
    return 1


async def _work() -> None:
    """Serve until cancelled.

    Raises:
        PageError, PortError, RefusedVariableError, StackError, VariableError: something is not there, is wrong or
            taken, or has ended.
    """
    settings = DevSettings.of(os.environ)
    log = Log.to(sys.stderr)

    def of_page(line: str) -> None:
        print(f"page     | {line}", file=sys.stderr, flush=True)

    async with contextlib.AsyncExitStack() as parts:
        model: Model | None = None
        stack: Stack | None = None
        endpoint = settings.endpoint
        if endpoint is None:
            stack = read_stack(_ROOT, settings.stack, (), more=settings.cors_origins)
            model = await parts.enter_async_context(model_server(settings.stand_in_delay))
            endpoint = await parts.enter_async_context(_function(model, stack, settings.port, log))
        page = await parts.enter_async_context(page_server(endpoint, settings.page_port, of_page))
        _say_where(page, endpoint, model, stack)
        raise await page.ended()


@contextlib.asynccontextmanager
async def _function(model: Model, stack: Stack, port: int, log: Log) -> AsyncIterator[str]:
    """The function behind its Function URL, which is yielded."""
    settings = FunctionSettings(variables=model.variables, **stack.settings)
    await check_variables(settings)
    async with (
        Function(settings, log) as function,
        serving(Front(function, log.platform, stack.cors, log.emulator), port=port, option="PORT=…") as bound,
        reloading(function, log.platform),
    ):
        try:
            yield f"http://127.0.0.1:{bound}/"
        finally:
            # First the function, so that answers still open end before their server does.
            await function.stop()


def _say_where(page: PageServer, endpoint: str, model: Model | None, stack: Stack | None) -> None:
    print(f"Page           {page.url} (AI SDK 7, UI message stream)")
    print(f"               {page.url}v4.html (AI SDK 4, data stream)")
    if model is None or stack is None:
        print(
            f"Endpoint       {endpoint} (LAMBDA_ENDPOINT): no emulator runs here, what answers there answers"
        )
    else:
        print(f"Function URL   {endpoint}")
        print(f"               {_pages(stack)}")
        print(f"Direct invoke  {endpoint}2015-03-31/functions/function/invocations")
        print(f"Model          {model.described}")
        if model.warning:
            print(f"               {model.warning}")
        if model.stand_in:
            print(
                "               say /markdown, /reasoning, /sources, /image, /long; or /cut and other failures:"
            )
            print("               .venv/bin/python -m emulator.stand_in_model --help lists them")
    print("Ctrl-C stops everything.\n", flush=True)


def _pages(stack: Stack) -> str:
    """Which pages of another origin may call the Function URL, and how to have one more among them."""
    origins = stack.cors.allow_origins if stack.cors is not None else ()
    if "*" in origins:
        return "for pages of any origin"
    allowed = f"for pages of {' '.join(origins)}" if origins else "for no page of another origin"
    return f"{allowed}; one more: CORS_ORIGIN=http://localhost:5174 make dev"


def _origins(text: str) -> tuple[str, ...]:
    """The origins of CORS_ORIGIN, separated by commas.

    Raises:
        VariableError: one of them is none.
    """
    origins = tuple(dict.fromkeys(origin.strip() for origin in text.split(",") if origin.strip()))
    if origins:
        try:
            read_stack(_ROOT, None, origins)
        except StackError as error:
            raise VariableError(f"CORS_ORIGIN is {text!r}: {error}") from None
    return origins


def _port(given: Mapping[str, str], name: str, default: int) -> int:
    """The port of a variable.

    Raises:
        VariableError: it is none.
    """
    try:
        return port_number(given[name]) if name in given else default
    except argparse.ArgumentTypeError as error:
        raise VariableError(f"{name}: {error}; 0 takes a free one.") from None


def _endpoint(text: str | None) -> str | None:
    """LAMBDA_ENDPOINT, if it is an address.

    Raises:
        VariableError: it is something else, or has credentials in it.
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
    if "@" in parts.netloc:
        # Not repeated here: what this says may be read in a log.
        raise VariableError(
            "LAMBDA_ENDPOINT has a user or a password in it, which the page would show to everyone; give the "
            "address without, and let the endpoint itself decide who may call it."
        )
    return text


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except BrokenPipeError:
        # Whoever read the lines has had enough; what is still buffered has no reader.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
