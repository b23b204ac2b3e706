"""What a cold start may import: modules, not times. Any package beyond these would cost every cold start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fakes.runtime_api import FakeRuntimeApi
from tests.fakes.runtime_process import Starter
from tests.fakes.secrets_manager import secret_reply
from tests.fakes.upstream import FakeUpstream, text_reply

if TYPE_CHECKING:
    from collections.abc import Iterable

_LAMBDA = Path(__file__).parents[1] / "lambda"
_ALLOWED = {"chat", "lambda_runtime", "httptools", "msgspec"}
# The usual ways back to a slow start, by name: the set above would say it less plainly.
_HEAVY = {
    *(
        "openai",
        "litellm",
        "boto3",
        "botocore",
        "fastapi",
        "starlette",
        "pydantic",
        "httpx",
        "requests",
        "aiohttp",
    ),
    *("urllib3", "certifi", "anyio"),
}
# Of the standard library: 3 to 30 ms each, and there is a way without.
_SLOW = {
    *("email", "http", "urllib.request", "xml", "unittest", "multiprocessing", "sqlite3", "ctypes"),
    *("random", "tempfile", "shutil", "zipfile", "importlib.metadata", "concurrent.futures.process", "pydoc"),
}
# msgspec takes typing_extensions where it is installed; the image has only what requirements/function.txt locks.
_AS_IN_THE_IMAGE = "import sys; sys.modules['typing_extensions'] = None\n"
# Cython's bookkeeping stands among the modules without being one.
_TELL = "print('MODULES', *(name for name, it in sys.modules.items() if getattr(it, '__spec__', None)), flush=True)\n"


def _modules(program: str) -> set[str]:
    """All modules of a fresh process that runs a program in the function's environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run(
        [sys.executable, "-c", _AS_IN_THE_IMAGE + program + "\n" + _TELL],
        env=environment | {"PYTHONPATH": str(_LAMBDA)},
        cwd=_LAMBDA,
        capture_output=True,
        text=True,
        check=True,
    )
    return _told(done.stdout)


def _told(output: str) -> set[str]:
    (line,) = [line for line in output.splitlines() if line.startswith("MODULES ")]
    return set(line.split()[1:])


def _packages(modules: Iterable[str]) -> set[str]:
    """The packages of modules that are not Python's own."""
    return {name.partition(".")[0] for name in modules} - sys.stdlib_module_names


def test_the_handlers_import_their_two_dependencies_and_nothing_else() -> None:
    imported = _modules("import chat.app, lambda_runtime.__main__") - _modules("pass")
    assert not _packages(imported) & _HEAVY
    assert _packages(imported) == _ALLOWED
    assert not imported & _SLOW


def test_the_runtime_alone_imports_the_standard_library_alone() -> None:
    imported = _modules("import lambda_runtime.__main__") - _modules("pass")
    assert _packages(imported) == {"lambda_runtime"}
    assert not imported & _SLOW


def test_a_package_too_many_would_be_seen() -> None:
    """The check itself can fail: what a module pulls in is found, also where it is not named."""
    imported = _modules("import chat.app, certifi, random") - _modules("pass")
    assert _packages(imported) - _ALLOWED == {"certifi"} <= _HEAVY
    assert "random" in imported & _SLOW


@pytest.mark.parametrize("key", ["environment", "secret"])
@pytest.mark.parametrize("handler", ["streaming_handler", "handler"])
async def test_the_first_answer_imports_no_further_package(
    handler: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import put off until the first request is as much a part of the cold start; so is what reads the secret."""
    for name in [name for name in os.environ if name.startswith("COVERAGE")]:
        monkeypatch.delenv(name)  # it would import what the function does not
    told = "from chat.app import {0}\nimport atexit\natexit.register(lambda: exec({1!r}))\n"
    (tmp_path / "told.py").write_text(_AS_IN_THE_IMAGE + told.format(handler, _TELL))
    async with FakeRuntimeApi() as api, FakeUpstream() as upstream, FakeUpstream() as secrets_manager:
        upstream.enqueue(text_reply("Hel", "lo"))
        secrets_manager.enqueue(secret_reply('{"OPENAI_API_KEY": "key"}'))
        secret = {
            "CHAT_SECRET_ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:chat-AbCdEf",
            "AWS_ENDPOINT_URL": secrets_manager.url,
            **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), "any"),
        }
        start = Starter(api.address, tmp_path)
        process = await start(
            f"told.{handler}",
            OPENAI_BASE_URL=upstream.url,
            **(secret if key == "secret" else {"OPENAI_API_KEY": "key"}),
        )
        answer = await api.invoke({"messages": [{"role": "user", "content": "Hi"}]}).result()
        assert b"Hel" in answer.body
        assert len(secrets_manager.requests) == (1 if key == "secret" else 0)
        imported = _told(await process.stop())
    imported -= _modules("pass") | {"told", "__main__"}
    assert _packages(imported) == _ALLOWED
    assert not imported & _SLOW
    # What only a secret needs costs nobody else a start.
    assert ("chat.aws" in imported) is ("hmac" in imported) is (key == "secret")
