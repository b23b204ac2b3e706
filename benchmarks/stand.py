"""The two servers that every subject is measured between, each a process, and one invocation through them."""

from __future__ import annotations

import contextlib
import json
import select
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Literal

import certifi

from benchmarks import subjects
from benchmarks.answer import expected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.answer import Question
    from benchmarks.subjects import Running, Subject

Scheme = Literal["http", "https"]

PATIENCE: Final = 120.0
"""Seconds that an invocation may take: several times what the slowest does."""

# A Function URL event as Lambda sends it: the adapter reads more of it than the function does.
_EVENT: Final[dict[str, Any]] = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/",
    "rawQueryString": "",
    "headers": {
        "accept": "*/*",
        "content-type": "application/json",
        "host": "abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-central-1.on.aws",
        "origin": "https://chat.example.com",
        "user-agent": "Mozilla/5.0",
        "x-amzn-trace-id": "Root=1-5759e988-bd862e3fe1be46a994272793",
        "x-forwarded-for": "192.0.2.1",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    },
    "requestContext": {
        "accountId": "anonymous",
        "apiId": "abcdefghijklmnopqrstuvwxyz012345",
        "domainName": "abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-central-1.on.aws",
        "domainPrefix": "abcdefghijklmnopqrstuvwxyz012345",
        "http": {
            "method": "POST",
            "path": "/",
            "protocol": "HTTP/1.1",
            "sourceIp": "192.0.2.1",
            "userAgent": "Mozilla/5.0",
        },
        "requestId": "8f5e2f0c-6d0e-4f4e-9c5e-0123456789ab",
        "routeKey": "$default",
        "stage": "$default",
        "time": "01/Jan/2025:00:00:00 +0000",
        "timeEpoch": 1735689600000,
    },
    "isBase64Encoded": False,
}


class WrongAnswerError(Exception):
    """A subject did not answer as asked; its numbers would mean nothing."""


@dataclass(frozen=True)
class Arrivals:
    """What the Runtime API saw of one invocation; see `benchmarks.runtime_api`, times in ns."""

    sent: int
    first: int
    end: int
    cpu: list[int]
    tokens: list[list[int]]


class Stand:
    """A Runtime API, a model's server, and the file of authorities that makes its certificate trusted."""

    def __init__(
        self,
        api: subprocess.Popen[str],
        ports: dict[str, int],
        *,
        authorities: Path,
        environments: Path,
        adapter: Path | None,
    ) -> None:
        self._api = api
        self._port = int(_line(api.stdout))
        self._ports = ports
        self._authorities = authorities
        self._environments = environments
        self._adapter = adapter

    @property
    def function_python(self) -> Path:
        """The interpreter with what the function's image carries."""
        return self._environments / "function" / "bin" / "python"

    @contextlib.contextmanager
    def start(self, subject: Subject, scheme: Scheme) -> Iterator[Running]:
        """A subject's processes, which ask this stand's Runtime API for events and its server for answers."""
        base_url = f"{scheme}://localhost:{self._ports[scheme]}/v1"
        with subjects.running(
            subject,
            self._environments,
            runtime_api=self._port,
            base_url=base_url,
            authorities=self._authorities,
            adapter=self._adapter,
        ) as running:
            yield running

    def offer(
        self,
        question: Question,
        *,
        bytes_per_second: int | None = None,
        acknowledge: bool = True,
    ) -> None:
        """Hand out one event as soon as a runtime asks for it."""
        messages = [{"role": "user", "content": question.text()}]
        event = _EVENT | {"body": json.dumps({"id": "benchmark", "messages": messages})}
        command: dict[str, Any] = {
            "event": event,
            "watch": [],
            "bytes_per_second": bytes_per_second,
            "acknowledge": acknowledge,
        }
        self._send(command)

    def watch(self, running: Running) -> None:
        """Have the processes' CPU time taken at the first content of the event that was offered."""
        self._send({"watch": running.pids})

    def collect(self, question: Question) -> Arrivals:
        """Wait until the response has ended and the runtime asks for the next event.

        Raises:
            WrongAnswerError: the answer is not the model's, whole and in order, or does not come.
        """
        assert self._api.stdout is not None
        if not select.select([self._api.stdout], [], [], PATIENCE)[0]:
            raise WrongAnswerError(
                f"The function has not answered in {PATIENCE:.0f} s; what it says is above."
            )
        result = json.loads(_line(self._api.stdout))
        if result["error"] is not None or not result["finished"]:
            raise WrongAnswerError(
                f"The function failed: {result['error'] or 'its answer has no finish part'}"
            )
        if question.stamped:
            whole = [token[0] for token in result["tokens"]] == list(range(question.events))
        else:
            whole = result["digest"] == expected(question)
        if not whole:
            raise WrongAnswerError("The function's text is not the model's.")
        return Arrivals(*(result[name] for name in ("sent", "first", "end", "cpu", "tokens")))

    def ask(
        self,
        running: Running,
        question: Question,
        *,
        bytes_per_second: int | None = None,
        acknowledge: bool = True,
    ) -> Arrivals:
        """One invocation from its offer to the end."""
        self.offer(question, bytes_per_second=bytes_per_second, acknowledge=acknowledge)
        self.watch(running)
        return self.collect(question)

    def _send(self, command: dict[str, Any]) -> None:
        assert self._api.stdin is not None
        self._api.stdin.write(json.dumps(command) + "\n")
        self._api.stdin.flush()


@contextlib.contextmanager
def stand(directory: Path, environments: Path, adapter: Path | None) -> Iterator[Stand]:
    """Both servers, up.

    Args:
        directory: For the certificate, which is made here.
        environments: The folder of `benchmarks.environments.make`.
        adapter: The adapter's program, if there is one.

    Raises:
        RuntimeError: the openssl program is missing.
    """
    certificate, key = _make_certificate(directory)
    # A client that trusts a whole bundle of authorities, as in production, also trusts this one.
    authorities = directory / "authorities.pem"
    authorities.write_bytes(Path(certifi.where()).read_bytes() + certificate.read_bytes())
    with (
        _server("benchmarks.upstream", str(certificate), str(key)) as upstream,
        _server("benchmarks.runtime_api") as api,
    ):
        ports = json.loads(_line(upstream.stdout))
        yield Stand(api, ports, authorities=authorities, environments=environments, adapter=adapter)


@contextlib.contextmanager
def _server(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = (sys.executable, "-m", module, *arguments)
    with subprocess.Popen(
        command, cwd=subjects.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _line(stream: IO[str] | None) -> str:
    assert stream is not None
    line = stream.readline()
    if not line:
        raise RuntimeError("A server of the benchmark has ended; its own words are above.")
    return line


def _make_certificate(directory: Path) -> tuple[Path, Path]:
    program = shutil.which("openssl")
    if program is None:
        raise RuntimeError("The program openssl is missing (Debian: apt-get install openssl).")
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    arguments = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    arguments += ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    arguments += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([program, *arguments], check=True, capture_output=True)
    return certificate, key
