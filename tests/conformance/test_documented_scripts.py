"""The scripts of docs/frontend.md, run as they stand there in front of the real function."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from tests.conformance.replies import broken
from tests.docs.examples import RUN, examples
from tests.fakes.upstream import error_reply, text_reply

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.upstream import FakeUpstream

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def run(language: str, api: str, folder: Path) -> tuple[int, str, str]:
    """Exit code, output and errors of the page's script in a language."""
    (script,) = [example for example in examples() if example.language == language and RUN in example.words]
    file = folder / ("script.mjs" if language == "js" else "script.sh")
    file.write_text(script.code)
    command = ["node", str(file), api] if language == "js" else ["bash", "-eu", str(file)]
    process = await asyncio.create_subprocess_exec(
        *command,
        env=os.environ | {"ENDPOINT": api},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


@pytest.mark.parametrize("language", ["js", "sh"])
async def test_the_answer_is_printed(api: str, upstream: FakeUpstream, tmp_path: Path, language: str) -> None:
    upstream.enqueue(text_reply("Grü", "ße\n", "Welt"))
    assert await run(language, api, tmp_path) == (0, "Grüße\nWelt", "")
    assert upstream.requests[0].json["messages"][-1] == {"role": "user", "content": "Hello"}


async def test_the_script_tells_an_error_before_the_answer(
    api: str, upstream: FakeUpstream, tmp_path: Path
) -> None:
    upstream.enqueue(error_reply(429, {"message": "slow down"}))
    code, output, errors = await run("js", api, tmp_path)
    assert (code, output) == (1, "")
    assert "rate" in errors.lower()


async def test_the_script_tells_an_answer_that_breaks_off(
    api: str, upstream: FakeUpstream, tmp_path: Path
) -> None:
    upstream.enqueue(broken("Half"))
    code, output, errors = await run("js", api, tmp_path)
    assert (code, output) == (1, "Half")
    assert "broke off" in errors
