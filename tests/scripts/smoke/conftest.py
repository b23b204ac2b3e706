"""The real function behind the emulator, the stand-in as its model, and the command itself in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from emulator.front import Front
from emulator.function import Function
from emulator.logs import Log
from emulator.serving import serving
from emulator.settings import FunctionSettings
from emulator.stand_in_model import stand_in_model

ROOT = Path(__file__).parents[3]
# The pace of the stand-in: the whole answer of 96 words takes two seconds.
DELAY_SECONDS = 0.02


@dataclass(frozen=True)
class Done:
    """How the command ended."""

    code: int
    out: str
    err: str


class Smoke(Protocol):
    """Runs `make smoke` with these variables, and waits for its end."""

    def __call__(self, **variables: str) -> Awaitable[Done]: ...


StartFunction = Callable[..., AbstractAsyncContextManager[str]]


@pytest.fixture
def smoke() -> Smoke:
    async def run(**variables: str) -> Done:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "scripts.smoke",
            env=os.environ | variables,
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode is not None
        return Done(process.returncode, out.decode(), err.decode())

    return run


@pytest.fixture
def start_function() -> StartFunction:
    """Starts the function of this repository behind the emulator; yields the address of its Function URL."""

    @contextlib.asynccontextmanager
    async def start(handler: str = "chat.app.streaming_handler", **variables: str) -> AsyncIterator[str]:
        log = Log(lambda _: None, lambda _: None)
        async with serving(stand_in_model(DELAY_SECONDS)) as model:
            upstream = {"OPENAI_API_KEY": "any", "OPENAI_BASE_URL": f"http://127.0.0.1:{model}/v1"}
            settings = FunctionSettings(
                command=(sys.executable, "-m", "lambda_runtime", handler), variables=upstream | variables
            )
            async with Function(settings, log) as function, serving(Front(function, log.platform)) as port:
                yield f"http://127.0.0.1:{port}/"

    return start
