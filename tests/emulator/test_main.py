"""The command line, as a process of its own: what it prints, how it ends, and that it leaves nobody behind."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.emulator.conftest import HERE, PATIENCE, Control

_ROOT = Path(__file__).parents[2]
_FUNCTION = ("--", sys.executable, "raw_runtime.py")

StartCommand = Callable[..., AbstractAsyncContextManager[asyncio.subprocess.Process]]


@pytest.fixture
def start(control: Control) -> StartCommand:
    @asynccontextmanager
    async def run(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "emulator", *arguments),
            cwd=_ROOT,
            env={**os.environ, "CONTROL": str(control.port)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(PATIENCE):
                yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    return run


async def url_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    found = re.search(rb"http://127\.0\.0\.1:\d+", await process.stdout.readline())
    assert found
    return found[0].decode()


async def invoke(url: str, event: dict[str, str]) -> httpx.Response:
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
        return await client.post(f"{url}/2015-03-31/functions/named/invocations", json=event)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_no_process_is_left_however_the_emulator_ends(
    start: StartCommand, control: Control, number: signal.Signals
) -> None:
    """The function blocks in its handler and has a child: after the emulator both are gone."""
    arguments = ("--port", "0", "--name", "named", "--task-root", str(HERE), *_FUNCTION, "ok")
    async with start(*arguments) as process:
        url = await url_of(process)
        await invoke(url, {"do": "child"})
        child = await control.arrival()
        hanging = asyncio.create_task(invoke(url, {"do": "hang"}))
        function = await control.arrival()
        process.send_signal(number)
        await function.gone()
        await child.gone()
        code = await process.wait()
        assert code == (-number if number is signal.SIGKILL else 0)
        await asyncio.gather(hanging, return_exceptions=True)


async def test_the_function_s_output_and_lambda_s_lines_are_told_apart(start: StartCommand) -> None:
    arguments = ("--port", "0", "--name", "named", "--memory", "256", "--task-root", str(HERE))
    async with start(*arguments, *_FUNCTION, "init-exit") as process:
        assert (await invoke(await url_of(process), {})).json()["errorType"] == "Runtime.ExitError"
        process.terminate()
        _, log = await process.communicate()
        lines = log.decode().splitlines()
        assert lines[0] == "function | leaving at once"
        assert lines[1].startswith("lambda   | INIT_REPORT")
        assert process.returncode == 0


async def test_without_a_command_the_function_of_this_repository_runs(start: StartCommand) -> None:
    """As `python -m emulator` alone does; without a key it has an answer of its own."""
    async with start("--port", "0") as process:
        url = await url_of(process)
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
            answer = await client.post(url, json={"messages": [{"role": "user", "content": "Hello"}]})
        assert answer.status_code == 500
        assert answer.json() == {"success": False, "error": "OpenAI API key not configured"}


async def test_a_port_in_use_is_a_sentence(start: StartCommand) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with start("--port", str(port)) as process:
            _, said = await process.communicate()
            assert process.returncode == 1
            assert said.decode().startswith(
                f"Cannot listen on 127.0.0.1 port {port}: address already in use."
            )
            assert "Traceback" not in said.decode()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--timeout", "0"), "up to 900 seconds"),
        (("--timeout", "901"), "up to 900 seconds"),
        (("--timeout", "soon"), "soon is not a timeout"),
        (("--port", "70000"), "ports are 0 to 65535"),
        (("--task-root", "/nowhere"), "/nowhere is not a directory"),
    ],
)
async def test_wrong_options_are_sentences(
    start: StartCommand, arguments: tuple[str, ...], says: str
) -> None:
    async with start(*arguments) as process:
        _, said = await process.communicate()
        assert process.returncode == 2
        assert says in said.decode()
