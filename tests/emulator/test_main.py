"""The command line, as a process of its own: what it prints, how it ends, and that it leaves nobody behind."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
import time
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
    """Two functions block in their handlers, one has a child, one has begun its answer: afterwards all are gone."""
    arguments = ("--port", "0", "--name", "named", "--task-root", str(HERE), *_FUNCTION, "ok")
    async with start(*arguments) as process:
        url = await url_of(process)
        await invoke(url, {"do": "child"})
        child = await control.arrival()
        running = [asyncio.create_task(invoke(url, {"do": what})) for what in ("hang", "hang-midstream")]
        functions = [await control.arrival() for _ in running]
        process.send_signal(number)
        for line in (*functions, child):
            await line.gone()
        code = await process.wait()
        assert code == (-number if number is signal.SIGKILL else 0)
        await asyncio.gather(*running, return_exceptions=True)


async def test_its_options_reach_the_function(start: StartCommand, control: Control, tmp_path: Path) -> None:
    """One environment at most, a fault for every invocation, and reload, which says what it saw."""
    for name in ("raw_runtime.py", "touched.py"):
        (tmp_path / name).write_bytes((HERE / "raw_runtime.py").read_bytes())
    options = ("--concurrency", "1", "--fault", "kill@1", "--bandwidth", "--reload")
    names = ("--port", "0", "--name", "named", "--task-root", str(tmp_path))
    async with start(*options, *names, *_FUNCTION, "ok") as process:
        url = await url_of(process)
        killed = (await invoke(url, {"do": "pid"})).json()
        assert killed["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
        running = asyncio.create_task(invoke(url, {"do": "hang"}))
        function = await control.arrival()
        assert (await invoke(url, {"do": "pid"})).status_code == 429
        (tmp_path / "touched.py").write_text("# new")
        assert process.stderr is not None
        while b"Changed: touched.py" not in await process.stderr.readline():
            pass
        process.terminate()
        await function.gone()
        await asyncio.gather(running, return_exceptions=True)


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


async def test_the_stack_s_pages_may_call_and_a_rest_api_stands_beside(start: StartCommand) -> None:
    arguments = ("--port", "0", "--stack", "dev", "--rest-api-port", "0", "--rest-api-stage", "v1")
    async with start(*arguments, "--task-root", str(HERE), *_FUNCTION, "ok") as process:
        assert process.stdout is not None
        url = await url_of(process)
        said = [(await process.stdout.readline()).decode().strip() for _ in range(4)]
        assert said[0] == "for pages of http://localhost:5173 http://localhost:3000"
        assert said[2] == f"for AWS's SDKs: endpoint_url={url}"
        found = re.fullmatch(r"REST API +(http://127\.0\.0\.1:\d+/v1)/", said[3])
        assert found
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
            preflight = await client.options(url, headers={"origin": "http://localhost:5173"})
            assert preflight.headers["access-control-max-age"] == "86400"
            event = (await client.get(f"{found[1]}/echo", headers={"X-Case": "a"})).json()
        assert (event["requestContext"]["stage"], event["headers"]["X-Case"]) == ("v1", "a")


async def test_options_of_the_command_line_come_before_the_stack_s(start: StartCommand) -> None:
    """The stack says 512 MB and 120 seconds, and two other pages."""
    pages = ("--cors-origin", "http://localhost:1", "--cors-origin", "http://localhost:2")
    arguments = ("--port", "0", "--stack", "dev", "--name", "named", "--memory", "300", *pages)
    async with start(*arguments, "--task-root", str(HERE), *_FUNCTION, "ok") as process:
        assert process.stdout is not None
        url = await url_of(process)
        assert (await process.stdout.readline()).decode().split()[-2:] == [
            "http://localhost:1",
            "http://localhost:2",
        ]
        answer = (await invoke(url, {"do": "pid"})).json()
        assert answer["environment"]["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "300"
        assert 60 < int(answer["next"]["lambda-runtime-deadline-ms"]) / 1000 - time.time() <= 120


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
        (("--memory=-5",), "-5 is not a memory size; Lambda has 128 to 10240 MB"),
        (("--memory", "127"), "127 is not a memory size"),
        (("--memory", "10241"), "10241 is not a memory size"),
        (("--memory", "1 GB"), "1 GB is not a memory size"),
        (("--concurrency", "0"), "at least one environment"),
        (("--fault", "oops"), "'oops' is no fault; write one of timeout, kill, gone, slow-reader"),
        (("--port", "70000"), "ports are 0 to 65535"),
        (("--task-root", "/nowhere"), "/nowhere is not a directory"),
        (("--stack", "nowhere"), "Pulumi.nowhere.yaml. The stacks here: Pulumi.dev.yaml"),
        (("--cors-origin", "localhost:5173"), "corsAllowOrigins[0] is"),
        (("--rest-api-port", "x"), "ports are 0 to 65535"),
        (("--rest-api-stage", "a/b"), "'a/b' is not a stage"),
    ],
)
async def test_wrong_options_are_sentences(
    start: StartCommand, arguments: tuple[str, ...], says: str
) -> None:
    async with start(*arguments) as process:
        _, said = await process.communicate()
        assert process.returncode == 2
        assert says in said.decode()
