"""`make demo` as a process: the real function, the stand-in model, the streamed answer."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sys
from pathlib import Path

import pytest

from emulator.serving import serving
from emulator.stand_in_model import stand_in_model
from tests.emulator.conftest import PATIENCE

_ROOT = Path(__file__).parents[2]


async def demo(**variables: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "emulator.demo"),
        cwd=_ROOT,
        env=os.environ | variables,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_an_answer_streams() -> None:
    code, out, err = await demo(MESSAGE="Say it in Ghent")
    assert (code, err) == (0, "")
    lines = re.findall(r"^ *(\d+) ms  ([a-z0-9]):(.*)$", out, re.MULTILINE)
    assert lines[0][1] == "f"
    assert [code for _, code, _ in lines][-2:] == ["e", "d"]
    assert '0:" Ghent”."' in out
    times = [int(time) for time, _, _ in lines]
    assert times == sorted(times)
    first = next(time for time, code, _ in lines if code == "0")
    assert f"First token after {first} ms (" in out
    assert "Proved: the first words were readable" in out
    assert "make dev" in out.splitlines()[-1]


async def test_a_server_of_one_s_own_needs_no_key() -> None:
    async with serving(stand_in_model(delay=0.001)) as port:
        code, out, _ = await demo(OPENAI_BASE_URL=f"http://127.0.0.1:{port}/v1", CHAT_MODEL="mine")
    assert code == 0
    assert f"mine at http://127.0.0.1:{port}/v1" in out
    assert "Nothing listens" not in out


async def test_a_refused_key_shows_the_error_and_the_log_and_fails() -> None:
    async with serving(stand_in_model(delay=0)) as port:
        code, _, err = await demo(
            OPENAI_API_KEY="wrong", OPENAI_BASE_URL=f"http://127.0.0.1:{port}/v1", CHAT_MODEL="error-401"
        )
    assert code == 1
    assert "refused this service's credentials" in err
    assert "function | [ERROR]" in err
    assert "wrong" not in err


async def test_an_answer_that_breaks_off_fails() -> None:
    code, out, err = await demo(MESSAGE="/cut")
    assert code == 1
    assert '0:"Hello!"' in out
    assert "The answer ended with an error" in err


async def test_a_function_that_does_not_load_shows_its_log(tmp_path: Path) -> None:
    (tmp_path / "msgspec.py").write_text("raise RuntimeError('no msgspec here')\n")
    paths = os.pathsep.join((str(tmp_path), "lambda", "."))
    code, _, err = await demo(PYTHONPATH=paths)
    assert code == 1
    assert "HTTP 502: Internal Server Error" in err
    assert "no msgspec here" in err


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"CHAT_MAX_MESSAGES": "many"}, "CHAT_MAX_MESSAGES is 'many'; "),
        ({"OPENAI_BASE_URL": "nonsense"}, "OPENAI_BASE_URL is 'nonsense', but "),
        ({"OPENAI_BASE_URL": "http://h:99999/v1"}, "OPENAI_BASE_URL is 'http://h:99999/v1', but "),
        ({"HTTPS_PROXY": "ftp://proxy"}, "HTTPS_PROXY is 'ftp://proxy', but "),
    ],
)
async def test_a_variable_that_the_function_refuses_is_one_sentence(
    variables: dict[str, str], says: str
) -> None:
    """Before anything starts: not a 502 with a traceback in the log."""
    code, out, err = await demo(**{"OPENAI_API_KEY": "any", **variables})
    assert (code, out) == (1, "")
    assert err.startswith(says)
    assert err.count("\n") == 1


@pytest.mark.parametrize(("key", "instead"), [("", "the stand-in"), ("any", "OpenAI's own")])
async def test_a_server_that_is_not_started_is_told_of(key: str, instead: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
    code, out, err = await demo(
        OPENAI_BASE_URL=f"http://localhost:{port}/v1", OPENAI_API_KEY=key, CHAT_RETRY_BUDGET="0"
    )
    assert f"Nothing listens at http://localhost:{port}/v1 (OPENAI_BASE_URL): start it, or unset" in out
    assert f"the variable for {instead}." in out
    assert code == 1
    assert f"localhost:{port}: no connection" in err
