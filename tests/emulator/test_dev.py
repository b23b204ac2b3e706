"""`make dev` as a process: the page, the function behind it, its one end, and that it leaves nobody behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from emulator.dev import DevSettings, VariableError
from emulator.page_server import FRONTEND
from emulator.serving import serving
from emulator.stand_in_model import stand_in_model

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

_ROOT = Path(__file__).parents[2]
# The first start may install the page's packages.
_PATIENCE = 180
_CHAT = {"id": "c", "messages": [{"role": "user", "content": "Say it in Ghent"}]}

pytestmark = [
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed"),
    pytest.mark.skipif(sys.platform != "linux", reason="the process tree is read from /proc"),
]


@dataclass
class Dev:
    """A running `make dev`."""

    process: asyncio.subprocess.Process
    said: str = ""

    async def started(self) -> None:
        """Wait until it has said where everything is."""
        assert self.process.stdout is not None
        while "Ctrl-C stops everything." not in self.said:
            line = await self.process.stdout.readline()
            assert line, await self.ended()
            self.said += line.decode()

    async def ended(self) -> tuple[int | None, str]:
        """Its exit code and what it said on stderr."""
        out, err = await self.process.communicate()
        self.said += out.decode()
        return self.process.returncode, err.decode()

    def address(self, label: str) -> str:
        found = re.search(rf"^{label} +(http\S+)", self.said, re.MULTILINE)
        assert found, self.said
        return found[1]


@contextlib.asynccontextmanager
async def dev(**variables: str) -> AsyncIterator[Dev]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "emulator.dev"),
        cwd=_ROOT,
        env={**os.environ, "PORT": "0", "PAGE_PORT": "0", **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            yield Dev(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        yield client


def text_of(stream: str) -> str:
    """The text of a data stream."""
    return "".join(json.loads(line[2:]) for line in stream.splitlines() if line.startswith("0:"))


def below(pid: int) -> dict[int, str]:
    """The processes under one, by number, with their command lines."""
    children: dict[int, list[int]] = {}
    commands: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
                commands[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
    found: dict[int, str] = {}
    waiting = list(children.get(pid, ()))
    while waiting:
        child = waiting.pop()
        found[child] = commands[child]
        waiting += children.get(child, ())
    return found


@contextlib.contextmanager
def watching(pids: dict[int, str]) -> Iterator[Callable[[], Awaitable[None]]]:
    """Yields what waits until all of these processes are gone, whoever their parent is by then."""
    descriptors = [os.pidfd_open(pid) for pid in pids]

    async def gone() -> None:
        loop = asyncio.get_running_loop()
        for descriptor in descriptors:
            exited = asyncio.Event()
            loop.add_reader(descriptor, exited.set)
            await exited.wait()
            loop.remove_reader(descriptor)

    try:
        yield gone
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


async def test_the_page_gets_its_answer_from_the_function_token_by_token(client: httpx.AsyncClient) -> None:
    """Both pages are there, and what the page posts streams through Vite's proxy as it does at the Function URL."""
    async with dev(STAND_IN_DELAY_MS="10") as running:
        await running.started()
        page = running.address("Page")
        for path in ("", "v4.html"):
            answer = await client.get(page + path)
            assert answer.status_code == 200
            assert 'type="module"' in answer.text
        for url in (f"{page}api/chat", running.address("Function URL")):
            async with client.stream("POST", url, json=_CHAT) as response:
                chunks = [chunk.decode() async for chunk in response.aiter_bytes()]
            assert response.headers["x-vercel-ai-data-stream"] == "v1"
            assert "Say it in Ghent" in text_of("".join(chunks))
            assert len(chunks) > 10
        direct = await client.post(running.address("Direct invoke"), json=_CHAT)
        assert "Say it in Ghent" in text_of(direct.text)
        running.process.send_signal(signal.SIGINT)
        code, log = await running.ended()
    assert code == 0
    assert "a stand-in on this machine" in running.said
    assert "lambda   | REPORT RequestId:" in log


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_no_process_is_left_however_it_ends(client: httpx.AsyncClient, number: signal.Signals) -> None:
    """In the middle of an answer: the page's server, the function and the watchdogs are gone after it."""
    async with dev(STAND_IN_DELAY_MS="1000") as running:
        await running.started()
        async with client.stream("POST", f"{running.address('Page')}api/chat", json=_CHAT) as response:
            await anext(response.aiter_bytes())
            processes = below(running.process.pid)
            commands = " ".join(processes.values())
            assert "vite.js" in commands
            assert "chat.app.streaming_handler" in commands
            with watching(processes) as gone:
                running.process.send_signal(number)
                await gone()
        code, _ = await running.ended()
    assert code == (-number if number is signal.SIGKILL else 0)


async def test_without_the_page_s_server_all_of_it_ends_and_says_so() -> None:
    async with dev() as running:
        await running.started()
        processes = below(running.process.pid)
        (vite,) = (pid for pid, command in processes.items() if "vite.js" in command)
        with watching(processes) as gone:
            os.kill(vite, signal.SIGKILL)
            await gone()
        code, log = await running.ended()
    assert code == 1
    assert "The page's dev server (Vite) ended by signal 9." in log


async def test_an_endpoint_elsewhere_gets_the_page_s_requests(client: httpx.AsyncClient) -> None:
    """No emulator runs then; the address's path is the page's whole path."""
    async with (
        serving(stand_in_model(delay=0)) as port,
        dev(LAMBDA_ENDPOINT=f"http://127.0.0.1:{port}/v1/models") as running,
    ):
        await running.started()
        answer = await client.get(f"{running.address('Page')}api/chat", headers={"authorization": "Bearer x"})
        assert answer.json()["data"][0]["id"] == "stand-in"
        assert "no emulator runs here" in running.said
        assert "Function URL" not in running.said
        assert not any("streaming_handler" in command for command in below(running.process.pid).values())
        running.process.terminate()
        assert (await running.ended())[0] == 0


async def test_the_function_url_has_the_stack_s_cors_settings(client: httpx.AsyncClient) -> None:
    """Those of Pulumi.dev.yaml, which a page of another origin meets as it would meet them on AWS, and more by name."""
    async with dev(CORS_ORIGIN="http://localhost:5174, https://other.example") as running:
        await running.started()
        url = running.address("Function URL")
        for origin, allowed in (
            ("http://localhost:3000", True),
            ("http://localhost:5174", True),
            ("https://other.example", True),
            ("https://elsewhere.example", False),
        ):
            answer = await client.options(
                url, headers={"origin": origin, "access-control-request-method": "POST"}
            )
            assert answer.status_code == 200
            assert answer.headers.get("access-control-allow-origin") == (origin if allowed else None)
        running.process.terminate()
        _, log = await running.ended()
    pages = "http://localhost:5173 http://localhost:3000 http://localhost:5174 https://other.example"
    assert f"for pages of {pages}; one more: CORS_ORIGIN=" in running.said
    assert (
        log.count("emulator | Preflight from https://elsewhere.example: not among the allowed origins (") == 1
    )
    assert log.count("Preflight from") == 1


async def test_an_unknown_stack_is_a_sentence() -> None:
    async with dev(STACK="nowhere") as running:
        code, log = await running.ended()
    assert code == 1
    assert "Pulumi.nowhere.yaml" in log
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("variable", "says"), [("PORT", "choose another with PORT="), ("PAGE_PORT", "PAGE_PORT=5174 make dev")]
)
async def test_a_taken_port_is_a_sentence(variable: str, says: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with dev(**{variable: str(taken.getsockname()[1])}) as running:
            code, log = await running.ended()
    assert code == 1
    assert says in log
    assert "Traceback" not in log


async def test_a_server_of_one_s_own_is_the_model() -> None:
    async with serving(stand_in_model(delay=0)) as port:
        base_url = f"http://127.0.0.1:{port}/v1"
        async with dev(OPENAI_BASE_URL=base_url, CHAT_MODEL="mine") as running:
            await running.started()
            running.process.terminate()
            await running.ended()
    assert f"mine at {base_url}" in running.said
    assert "Nothing listens" not in running.said
    assert "/markdown" not in running.said


async def test_a_variable_that_the_function_refuses_is_one_sentence() -> None:
    async with dev(OPENAI_BASE_URL="nonsense") as running:
        code, log = await running.ended()
    assert (code, running.said) == (1, "")
    assert log.startswith("OPENAI_BASE_URL is 'nonsense', but it does not begin with http")
    assert log.count("\n") == 1


async def test_a_model_s_server_that_is_not_started_is_told_of() -> None:
    """It may be started later: the page is there all the same."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        base_url = f"http://127.0.0.1:{bound.getsockname()[1]}/v1"
    async with dev(OPENAI_BASE_URL=base_url) as running:
        await running.started()
        running.process.terminate()
        await running.ended()
    assert f"Nothing listens at {base_url} (OPENAI_BASE_URL): start it" in running.said


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"PORT": "many"}, "PORT: many is not a port"),
        ({"PAGE_PORT": "70000"}, "PAGE_PORT: 70000 is not a port"),
        ({"STAND_IN_DELAY_MS": "-1"}, "STAND_IN_DELAY_MS is '-1'"),
        ({"CORS_ORIGIN": "http://localhost:5174/"}, "CORS_ORIGIN is 'http://localhost:5174/': "),
        ({"CORS_ORIGIN": "http://a.example,localhost"}, "CORS_ORIGIN is 'http://a.example,localhost': "),
        ({"LAMBDA_ENDPOINT": "abc.on.aws"}, "LAMBDA_ENDPOINT is 'abc.on.aws'; give the address"),
        ({"LAMBDA_ENDPOINT": "http://[1"}, "LAMBDA_ENDPOINT is 'http://[1'"),
        ({"LAMBDA_ENDPOINT": "http://h:99999/"}, "LAMBDA_ENDPOINT is"),
        ({"LAMBDA_ENDPOINT": "ftp://host/"}, "LAMBDA_ENDPOINT is"),
        ({"LAMBDA_ENDPOINT": "https://me:hush@h/"}, "LAMBDA_ENDPOINT has a user or a password in it, which"),
        ({"LAMBDA_ENDPOINT": "https://hush@h/"}, "LAMBDA_ENDPOINT has a user or a password in it, which"),
    ],
)
def test_wrong_variables_are_sentences(variables: dict[str, str], says: str) -> None:
    with pytest.raises(VariableError) as raised:
        DevSettings.of(variables)
    assert str(raised.value).startswith(says)
    assert "hush" not in str(raised.value)


async def test_a_wrong_variable_ends_the_command() -> None:
    async with dev(PORT="many") as running:
        code, log = await running.ended()
    assert (code, log) == (1, "PORT: many is not a port; ports are 0 to 65535; 0 takes a free one.\n")


def test_empty_variables_are_none_at_all() -> None:
    assert DevSettings.of({"PORT": "", "LAMBDA_ENDPOINT": " ", "PAGE_PORT": ""}) == DevSettings()


def test_the_page_is_where_the_repository_has_it() -> None:
    assert (FRONTEND / "package-lock.json").is_file()
