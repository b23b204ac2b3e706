"""Local Lambdas that are compared: this project's, cargo-lambda's, AWS's own, and none at all but a Runtime API.

All run the same function, benchmarks/functions/paced.py, by this project's runtime.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from benchmarks.subjects import ROOT, Subject
from scripts import cargo_lambda
from scripts.free_ports import free_ports
from scripts.listening import wait_until_it_listens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from benchmarks.answer import Question

_FUNCTIONS: Final = ROOT / "benchmarks" / "functions"
_COMMAND: Final = ("-m", "lambda_runtime", "paced.handler")


@dataclass(frozen=True)
class Local:
    """A local Lambda that runs: where the function is asked, and the process that stands before it."""

    url: str
    pid: int


@dataclass(frozen=True)
class Emulator:
    """One column of the table.

    `run(python, concurrency)` has it run the function by the interpreter `python`, in as many environments at once as
    are asked for. `missing` says why it cannot run here, or nothing. `direct`: what is posted is the event itself, and
    not the body of an HTTP request that becomes one.
    """

    name: str
    title: str
    run: Callable[[Path, int], AbstractContextManager[Local]]
    missing: Callable[[], str | None]
    direct: bool = False

    def body(self, question: Question) -> bytes:
        """What is posted to ask a question."""
        body = json.dumps({"messages": [{"role": "user", "content": question.text()}]})
        return (json.dumps({"body": body}) if self.direct else body).encode()


BARE: Final = Subject(
    "bare", "bare Runtime API", "function", _COMMAND, _FUNCTIONS, imports=(ROOT / "lambda",)
)


def _environment() -> dict[str, str]:
    """Nothing of the caller's: no variable may tell on one column and not on another."""
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8"} | {
        "PYTHONPATH": str(ROOT / "lambda")
    }


@contextlib.contextmanager
def _process(
    command: Sequence[str | Path],
    directory: Path,
    variables: dict[str, str] | None = None,
    stdout: int = subprocess.DEVNULL,
    log: IO[str] | int = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen[str]]:
    """A process, its standard error in `log`."""
    with subprocess.Popen(
        command,
        cwd=directory,
        env=_environment() | (variables or {}),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=log,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


@contextlib.contextmanager
def _ours(python: Path, concurrency: int) -> Iterator[Local]:
    options = ("--port", "0", "--timeout", "300", "--init-timeout", "60", "--concurrency", str(concurrency))
    command = (sys.executable, "-m", "emulator", *options, "--task-root", _FUNCTIONS, "--", python, *_COMMAND)
    with (
        tempfile.TemporaryFile("w+") as log,
        _process(command, ROOT, stdout=subprocess.PIPE, log=log) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Function URL"):
                yield Local(line.split()[-1], process.pid)
                return
        log.seek(0)
        raise RuntimeError(f"The emulator of this project did not start. It says:\n{log.read()}")


@contextlib.contextmanager
def _cargo_lambda(python: Path, concurrency: int) -> Iterator[Local]:
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as environments:
        other = environments.enter_context(cargo_lambda.cargo_lambda(Path(folder), concurrency=concurrency))
        variables = {
            "AWS_LAMBDA_RUNTIME_API": other.runtime_api,
            "AWS_LAMBDA_FUNCTION_NAME": "function",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        }
        for _ in range(concurrency):
            environments.enter_context(_process((python, *_COMMAND), _FUNCTIONS, variables))
        yield Local(f"{other.url}/", other.pid)


@contextlib.contextmanager
def _rie(python: Path, _concurrency: int) -> Iterator[Local]:
    port, api_port = free_ports(2)
    listen = ("--runtime-interface-emulator-address", f"127.0.0.1:{port}")
    api = ("--runtime-api-address", f"127.0.0.1:{api_port}")
    variables = {"AWS_LAMBDA_FUNCTION_TIMEOUT": "300"}
    with _process((_fetched_rie(), *listen, *api, python, *_COMMAND), _FUNCTIONS, variables) as process:
        wait_until_it_listens(port, process)
        yield Local(f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations", process.pid)


def _fetched_rie() -> str:
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    script = ROOT / "scripts" / "fetch_rie.sh"
    fetched = subprocess.run(["bash", script, machine], stdout=subprocess.PIPE, text=True, check=False)
    if fetched.returncode:
        raise RuntimeError("AWS's emulator could not be fetched; the reason is above.")
    return fetched.stdout.strip()


def _nothing() -> None:
    """This project's own needs nothing more."""


def _rie_missing() -> str | None:
    return None if sys.platform == "linux" else "AWS's emulator is a Linux program"


OURS: Final = Emulator("emulator", "this project's emulator", _ours, _nothing)
CARGO_LAMBDA: Final = Emulator("cargo_lambda", "cargo-lambda", _cargo_lambda, cargo_lambda.missing)
RIE: Final = Emulator("rie", "AWS's RIE, which buffers", _rie, _rie_missing, direct=True)
