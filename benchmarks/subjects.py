"""What is compared: the function of this project, two peers behind AWS Lambda Web Adapter, and a floor."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.processes import cpu_time

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parent.parent
_PEERS: Final = ROOT / "benchmarks" / "peers"


@dataclass(frozen=True)
class Subject:
    """One column of the table.

    `command` follows the Python of `environment` (`benchmarks.environments`); `{port}` is where a web
    application is to listen. `behind_adapter`: it is one, and the adapter stands between it and the Runtime API.
    It starts in `path`, and imports from `imports` as well.
    """

    name: str
    title: str
    environment: str
    command: tuple[str, ...]
    path: Path
    behind_adapter: bool = False
    imports: tuple[Path, ...] = ()


def _uvicorn(module: str) -> tuple[str, ...]:
    quiet = ("--log-level", "warning", "--no-access-log")
    return "-m", "uvicorn", f"{module}:app", "--host", "127.0.0.1", "--port", "{port}", *quiet


OURS: Final = Subject(
    "ours",
    "this project",
    "function",
    ("-m", "lambda_runtime", "chat.app.streaming_handler"),
    ROOT / "lambda",
)
FASTAPI: Final = Subject(
    "a", "(a) FastAPI, openai SDK", "fastapi", _uvicorn("fastapi_openai"), _PEERS, behind_adapter=True
)
STARLETTE: Final = Subject(
    "b", "(b) Starlette, httpx", "starlette", _uvicorn("starlette_httpx"), _PEERS, behind_adapter=True
)
FLOOR: Final = Subject("floor", "floor: bare sockets", "function", ("socket_loop.py",), _PEERS)
ALL: Final = (FASTAPI, STARLETTE, FLOOR, OURS)


@dataclass(frozen=True)
class Running:
    """A subject's processes; `started` is CLOCK_MONOTONIC in ns, taken before the first of them."""

    subject: Subject
    started: int
    application: int
    adapter: int | None

    @property
    def pids(self) -> list[int]:
        """The application's, and its adapter's if it has one."""
        return [self.application] if self.adapter is None else [self.application, self.adapter]

    def cpu(self) -> list[int]:
        """CPU time in ns so far: of the application, and of its adapter if it has one."""
        return [cpu_time(pid) for pid in self.pids]


@contextlib.contextmanager
def running(
    subject: Subject,
    environments: Path,
    *,
    runtime_api: int,
    base_url: str,
    authorities: Path,
    adapter: Path | None,
) -> Iterator[Running]:
    """A subject's processes, started together as Lambda starts them, and killed at the end.

    Args:
        subject: What to run.
        environments: The folder of `benchmarks.environments.make`.
        runtime_api: The port of the Runtime API.
        base_url: `OPENAI_BASE_URL`.
        authorities: `SSL_CERT_FILE`, which every subject trusts.
        adapter: The adapter's program, for a subject that needs it.
    """
    port = str(_free_port())
    # Nothing of the caller's environment: PYTHON… variables, proxies and CHAT_… settings would change what is
    # measured, differently for each subject.
    environment = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(map(str, subject.imports)),
        "SSL_CERT_FILE": str(authorities),
        "OPENAI_API_KEY": "benchmark",
        "OPENAI_BASE_URL": base_url,
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{runtime_api}",
        "AWS_LAMBDA_FUNCTION_NAME": "chat",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/chat",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2025/01/01/[$LATEST]0123456789abcdef",
        "AWS_LWA_INVOKE_MODE": "response_stream",
        "AWS_LWA_PORT": port,
        # The quicker of its two checks: no request that the application must answer.
        "AWS_LWA_READINESS_CHECK_PROTOCOL": "tcp",
    }
    started = time.monotonic_ns()
    with contextlib.ExitStack() as processes:
        beside = None
        if subject.behind_adapter:
            assert adapter is not None
            beside = processes.enter_context(_process((str(adapter),), environment, subject.path)).pid
        python = str(environments / subject.environment / "bin" / "python")
        command = (python, *(word.format(port=port) for word in subject.command))
        application = processes.enter_context(_process(command, environment, subject.path)).pid
        yield Running(subject, started, application, beside)


@contextlib.contextmanager
def _process(
    command: tuple[str, ...], environment: dict[str, str], directory: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, env=environment, cwd=directory, stdin=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
