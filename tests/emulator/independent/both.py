"""The same function behind two emulators, and what each answers to a request."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

from scripts.cargo_lambda import cargo_lambda
from tests.emulator.conftest import PATIENCE
from tests.own_environment import without_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


class Answer(NamedTuple):
    """An HTTP answer; `cut`: it broke off before its end."""

    status: int
    headers: dict[str, str]
    cookies: list[str]
    body: bytes
    cut: bool


class Both(NamedTuple):
    """The same function's URLs, without a slash at their ends."""

    ours: str
    theirs: str

    def ask(self, method: str, path: str, **request: Any) -> tuple[Answer, Answer]:
        """Ours and theirs."""
        return ask(method, self.ours + path, **request), ask(method, self.theirs + path, **request)


# What each adds to an answer of its own: name to reason.
ADDED_BY_US = {
    "x-amzn-requestid": "AWS answers with it",
    "x-amzn-trace-id": "AWS answers with it",
}
ADDED_BY_THEM = {
    "lambda-runtime-function-response-mode": "a header of the Runtime API that goes through; not seen on AWS",
}
OF_THE_CONNECTION = {"date", "content-length", "transfer-encoding", "connection"}


def of_the_function(answer: Answer) -> Answer:
    """An answer without the headers of the connection and those that the emulators add."""
    without = ADDED_BY_US.keys() | ADDED_BY_THEM.keys() | OF_THE_CONNECTION
    headers = {name: value for name, value in answer.headers.items() if name not in without}
    return answer._replace(headers=headers)


def ask(method: str, url: str, **request: Any) -> Answer:
    body, cut = bytearray(), False
    with (
        httpx.Client(timeout=PATIENCE, trust_env=False) as client,
        client.stream(method, url, **request) as response,
    ):
        try:
            for chunk in response.iter_raw():
                body += chunk
        except httpx.RemoteProtocolError:
            cut = True
    cookies = response.headers.get_list("set-cookie")
    headers = {name: value for name, value in response.headers.items() if name != "set-cookie"}
    return Answer(response.status_code, headers, cookies, bytes(body), cut)


@contextlib.contextmanager
def process(*words: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(words, text=True, stderr=subprocess.DEVNULL, **options) as running:
        try:
            yield running
        finally:
            running.terminate()


@contextlib.contextmanager
def behind_both(folder: Path, handler: str, root: Path = HERE, **variables: str) -> Iterator[Both]:
    """A handler of `root` behind this project's emulator, and behind cargo-lambda in an empty `folder`."""
    command = (sys.executable, "-m", "lambda_runtime", handler)
    environment = {**without_settings(os.environ), "PYTHONPATH": str(ROOT / "lambda"), **variables}
    lambdas = {
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
    }
    ours = (sys.executable, "-m", "emulator", "--port", "0", "--task-root", str(root), "--", *command)
    with (
        process(*ours, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as emulator,
        cargo_lambda(folder) as other,
        process(
            *command,
            cwd=root,
            env=environment | lambdas | {"AWS_LAMBDA_RUNTIME_API": other.runtime_api},
            stdout=subprocess.DEVNULL,
        ),
    ):
        assert emulator.stdout is not None
        url = next(line.split()[-1] for line in emulator.stdout if line.startswith("Function URL"))
        yield Both(url.rstrip("/"), other.url)
