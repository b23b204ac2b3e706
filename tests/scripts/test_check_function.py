"""The check against emulators that answer wrongly, by the real command: it must fail, and say why."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]


@contextmanager
def emulator(answer: Callable[[dict[str, Any]], bytes]) -> Iterator[str]:
    """A server in the RIE's place, whose answers are the point here. Yields HOST:PORT."""

    class Invocation(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["content-length"])))
            body = answer(event)
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Invocation) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def check(address: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.check_function", address, *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def good(event: dict[str, Any], *, stream: bytes | None = None, drop: bool = False) -> bytes:
    """What a streaming function answers; without a stream it has no key. `drop` leaves the preludes out."""
    status, body = 500, b'{"success": false, "error": "OpenAI API key not configured"}'
    if event.get("action") == "no-such-action":
        status, body = 400, b'{"success": false, "error": "The action no-such-action is unknown."}'
    elif event.get("body") == "{":
        status, body = 400, b'{"success": false, "error": "The body is not JSON."}'
    elif stream is not None:
        status, body = 200, stream
    if "requestContext" not in event or drop:
        return body
    return (
        json.dumps({"statusCode": status, "headers": {"X-Vercel-AI-Data-Stream": "v1"}}).encode()
        + bytes(8)
        + body
    )


def test_it_passes_and_says_what_it_proved() -> None:
    with emulator(good) as address:
        done = check(address, "--handler", "streaming")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("  ok    ") == 7


def test_it_passes_with_a_model() -> None:
    stream = b'0:"a"\nd:{"finishReason":"stop"}\n'
    with emulator(lambda event: good(event, stream=stream)) as address:
        done = check(address, "--handler", "streaming", "--with-model")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (lambda event: b'{"errorType": "Runtime.ExitError", "errorMessage": "gone"}', "handler load"),
        (lambda event: b'{"success": true}', "bad request, unknown action"),
        (lambda event: good(event, stream=b"anything"), "request parsing, direct"),
        (lambda event: good(event, drop=True), "expected a status and headers; came:"),
        (lambda event: good(event | {"requestContext": {}}), "expected the bare answer, without a status"),
    ],
)
def test_it_fails_without_a_model(answer: Callable[[dict[str, Any]], bytes], complaint: str) -> None:
    with emulator(answer) as address:
        done = check(address, "--handler", "streaming")
    assert done.returncode == 1
    assert done.stderr.startswith("  FAIL  ")
    assert complaint in done.stderr


@pytest.mark.parametrize("stream", [None, b"", b'0:"a"\n', b"Hello"])
def test_it_fails_with_a_model(stream: bytes | None) -> None:
    with emulator(lambda event: good(event, stream=stream)) as address:
        done = check(address, "--handler", "streaming", "--with-model")
    assert done.returncode == 1
    assert "  FAIL  streaming, direct {action, payload}" in done.stderr


def test_it_fails_where_the_other_function_answers() -> None:
    with emulator(good) as address:
        done = check(address, "--handler", "buffered")
    assert done.returncode == 1
    assert "  FAIL  handler load: the buffered function started and answered health" in done.stderr
