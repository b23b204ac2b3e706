"""The same function behind this emulator and behind one of other people: the same bytes.

cargo-lambda is written from another reading of the same Lambda. Where both agree, neither has made it up; where they
differ, the difference stands here with its reason, and the test fails when it is no longer there.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import pytest

from scripts.cargo_lambda import cargo_lambda, missing
from tests.emulator.conftest import HERE, PATIENCE
from tests.emulator.http_function import BINARY, HEAD, LARGE, TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROOT = HERE.parents[1]
pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))


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


def command(handler: str) -> list[str]:
    return [sys.executable, "-m", "lambda_runtime", f"http_function.{handler}"]


def variables() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "lambda")}


@contextlib.contextmanager
def process(*words: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(words, text=True, **options) as running:
        try:
            yield running
        finally:
            running.terminate()


@contextlib.contextmanager
def behind_both(folder: Path, handler: str) -> Iterator[Both]:
    ours = (sys.executable, "-m", "emulator", "--port", "0", "--task-root", str(HERE), "--")
    with (
        process(
            *ours,
            *command(handler),
            cwd=ROOT,
            env=variables(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as emulator,
        cargo_lambda(folder) as other,
        process(
            *command(handler),
            cwd=HERE,
            env=variables()
            | {
                "AWS_LAMBDA_RUNTIME_API": other.runtime_api,
                "AWS_LAMBDA_FUNCTION_NAME": "function",
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ),
    ):
        assert emulator.stdout is not None
        url = next(line.split()[-1] for line in emulator.stdout if line.startswith("Function URL"))
        yield Both(url.rstrip("/"), other.url)


@pytest.fixture(scope="module")
def streaming(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with behind_both(tmp_path_factory.mktemp("cargo"), "streaming") as both:
        yield both


@pytest.fixture(scope="module")
def buffered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with behind_both(tmp_path_factory.mktemp("cargo"), "buffered") as both:
        yield both


# What each adds to an answer of its own: name to reason.
ADDED_BY_US = {
    "x-amzn-requestid": "AWS answers with it",
    "x-amzn-trace-id": "AWS answers with it",
}
ADDED_BY_THEM = {
    "lambda-runtime-function-response-mode": "a header of the Runtime API that goes through; not seen on AWS",
}
OF_THE_CONNECTION = {"date", "content-length", "transfer-encoding", "connection"}


def assert_same(ours: Answer, theirs: Answer) -> None:
    """Status, cookies, body, how it ends, and the function's headers; what each adds is in the tables above."""
    assert ours.status == theirs.status
    assert ours.cookies == theirs.cookies
    assert ours.cut == theirs.cut
    assert ours.body == theirs.body
    assert {
        name: value
        for name, value in ours.headers.items()
        if name not in ADDED_BY_US.keys() | OF_THE_CONNECTION
    } == {
        name: value
        for name, value in theirs.headers.items()
        if name not in ADDED_BY_THEM.keys() | OF_THE_CONNECTION
    }
    assert ADDED_BY_US.keys() <= ours.headers.keys()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/text", "".join(TEXT).encode()),
        ("/head", "".join(TEXT).encode()),
        ("/binary", BINARY),
        ("/large", LARGE),
        ("/nothing", b"\n"),
    ],
)
def test_a_streamed_answer(streaming: Both, path: str, body: bytes) -> None:
    """Text in pieces, status and cookies, NULs right behind the prelude's own, 3 MB, and an end without payload."""
    ours, theirs = streaming.ask("GET", path)
    assert_same(ours, theirs)
    assert (ours.body, ours.cut) == (body, False)
    if path == "/head":
        assert (ours.status, ours.cookies) == (HEAD["statusCode"], HEAD["cookies"])
    assert ADDED_BY_THEM.keys() <= theirs.headers.keys()


def test_both_hand_on_what_is_written_while_the_function_waits(streaming: Both) -> None:
    for url in streaming:
        with (
            socket.create_server(("127.0.0.1", 0)) as gate,
            httpx.Client(timeout=PATIENCE, trust_env=False) as client,
        ):
            gate.settimeout(PATIENCE)
            with client.stream("GET", f"{url}/wait?port={gate.getsockname()[1]}") as response:
                pieces = response.iter_raw()
                assert next(pieces) == b"first "
                gate.accept()[0].close()
                assert b"".join(pieces) == b"second"


def test_a_failure_in_mid_stream_breaks_the_answer_off(streaming: Both) -> None:
    ours, theirs = streaming.ask("GET", "/raise-later")
    assert_same(ours, theirs)
    assert (ours.status, ours.body, ours.cut) == (200, b"whole so far", True)


def test_a_failure_before_the_first_byte(streaming: Both) -> None:
    """AWS keeps the reason to the log; cargo-lambda shows its developer the error, as 500."""
    ours, theirs = streaming.ask("GET", "/raise")
    assert (ours.status, ours.body) == (502, b"Internal Server Error")
    assert theirs.status == 500
    assert b'"errorType": "ValueError"' in theirs.body


def test_a_stream_without_prelude(streaming: Both) -> None:
    """On AWS it is a 200; cargo-lambda reads every stream's first chunk as a prelude."""
    ours, theirs = streaming.ask("GET", "/bare")
    assert (ours.status, ours.headers["content-type"], ours.body) == (
        200,
        "application/octet-stream",
        b"no prelude",
    )
    assert theirs.status == 500


@pytest.mark.parametrize("path", ["/head", "/binary", "/"])
def test_a_buffered_answer(buffered: Both, path: str) -> None:
    assert_same(*buffered.ask("GET", path))


def test_a_result_that_is_no_response(buffered: Both) -> None:
    """A Function URL makes the JSON body of a 200 of it; cargo-lambda wants a statusCode."""
    ours, theirs = buffered.ask("GET", "/no-response")
    assert (ours.status, ours.headers["content-type"], ours.body) == (
        200,
        "application/json",
        b'{"some": "object"}',
    )
    assert theirs.status == 500


def test_a_buffered_answer_without_cookies(buffered: Both) -> None:
    """AWS asks for a statusCode alone; cargo-lambda reads no response that does not list its cookies."""
    ours, theirs = buffered.ask("GET", "/no-cookies")
    assert (ours.status, ours.body, ours.cookies) == (200, b"{}", [])
    assert theirs.status == 500


def test_a_buffered_failure(buffered: Both) -> None:
    ours, theirs = buffered.ask("GET", "/raise")
    assert (ours.status, ours.body) == (502, b"Internal Server Error")
    assert theirs.status == 500


ABSENT = object()
ANY = object()


class Difference(NamedTuple):
    """Where the two events differ, and why; values are given where they do not change from run to run."""

    ours: Any
    theirs: Any
    why: str


_NOT_OF_A_URL = "an event of another service, whose fields cargo-lambda gives all the same"
DIFFERENCES = {
    **{
        name: Difference(ABSENT, None, _NOT_OF_A_URL)
        for name in ("type", "methodArn", "identitySource", "authorizationToken", "resource")
    },
    "httpMethod": Difference(ABSENT, "GET", f"{_NOT_OF_A_URL}; it is GET whatever the method"),
    "stageVariables": Difference(ABSENT, {}, _NOT_OF_A_URL),
    "requestContext.accountId": Difference("anonymous", None, "AWS: the caller's account, or this word"),
    "requestContext.apiId": Difference("127", None, "AWS: the URL's id, the first label of its domain"),
    "requestContext.domainName": Difference(
        "127.0.0.1", "localhost", "AWS: the name that the client asked for"
    ),
    "requestContext.domainPrefix": Difference("127", "function", "AWS: the first label of the domain"),
    "requestContext.requestId": Difference(ANY, ANY, "each its own"),
    "requestContext.time": Difference(ANY, ANY, "each its own"),
    "requestContext.timeEpoch": Difference(ANY, ANY, "AWS: milliseconds; cargo-lambda gives seconds"),
    "requestContext.http.protocol": Difference("HTTP/1.1", "http", "AWS: with its version"),
    "requestContext.http.userAgent": Difference("a browser", "cargo-lambda", "AWS: the client's"),
    "headers.host": Difference(ANY, ANY, "each its own port"),
    "headers.x-amzn-trace-id": Difference(ANY, ABSENT, "AWS adds it"),
    "headers.x-forwarded-for": Difference("127.0.0.1", ABSENT, "AWS adds it"),
    "headers.x-forwarded-port": Difference(ANY, ABSENT, "AWS adds it"),
    "headers.x-forwarded-proto": Difference("http", ABSENT, "AWS adds it; there it is https"),
    "headers.lambda-runtime-aws-request-id": Difference(
        ABSENT, ANY, "a header of the Runtime API that leaks"
    ),
    "headers.connection": Difference(
        ABSENT, "keep-alive", "of the client's own connection, which ends at AWS"
    ),
    "headers.x-twice": Difference(
        "one,two", "one", "AWS joins repeated headers; cargo-lambda gives the first"
    ),
}
WITHOUT_QUERY = {"rawQueryString": Difference("", None, "AWS: an empty string")}


def flat(value: Any, at: str = "") -> dict[str, Any]:
    """Paths to leaves; an empty object is a leaf."""
    if not isinstance(value, dict) or not value:
        return {at: value}
    inner = (flat(each, f"{at}.{name}" if at else name) for name, each in value.items())
    return dict(itertools.chain.from_iterable(part.items() for part in inner))


REQUESTS: dict[str, dict[str, Any]] = {
    "text": {
        "method": "POST",
        "content": '{"q": "Grüße"}'.encode(),
        "headers": {"content-type": "application/json"},
    },
    "binary": {
        "method": "PUT",
        "content": bytes(range(256)),
        "headers": {"content-type": "application/octet-stream"},
    },
    "no-body": {"method": "DELETE"},
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS.keys())
@pytest.mark.parametrize("query", ["", "?a=1&b=x%20y&a=2&c", "?plus=a+b&percent=%C3%BC"])
def test_the_event(streaming: Both, request_: dict[str, Any], query: str) -> None:
    """Every field is equal but those of `DIFFERENCES`, each of which is really there."""
    headers = [
        ("cookie", "k=v; l=w"),
        ("user-agent", "a browser"),
        ("x-twice", "one"),
        ("x-twice", "two"),
        *request_.get("headers", {}).items(),
    ]
    request = {name: value for name, value in request_.items() if name != "method"} | {"headers": headers}
    ours, theirs = (
        flat(httpx.Response(200, content=each.body).json())
        for each in streaming.ask(request_["method"], f"/echo{query}", **request)
    )
    differences = DIFFERENCES if query else DIFFERENCES | WITHOUT_QUERY
    different = {at for at in ours.keys() | theirs.keys() if ours.get(at, ABSENT) != theirs.get(at, ABSENT)}
    # Asked within one second, both may tell the same time.
    assert different | {"requestContext.time"} == differences.keys()
    for at, difference in differences.items():
        for event, expected in ((ours, difference.ours), (theirs, difference.theirs)):
            assert expected is ANY or event.get(at, ABSENT) == expected, (at, difference.why)
    assert 999 < ours["requestContext.timeEpoch"] / theirs["requestContext.timeEpoch"] < 1001
    assert ours.get("body") == theirs.get("body")
