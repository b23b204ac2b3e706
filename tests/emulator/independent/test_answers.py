"""The same function behind this emulator and behind one of other people: the same bytes.

cargo-lambda is written from another reading of the same Lambda. Where both agree, neither has made it up; where they
differ, the difference stands here with its reason, and the test fails when it is no longer there.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.emulator.conftest import PATIENCE
from tests.emulator.independent.both import ADDED_BY_THEM, ADDED_BY_US, of_the_function
from tests.emulator.independent.http_function import BINARY, HEAD, LARGE, TEXT

if TYPE_CHECKING:
    from tests.emulator.independent.both import Both


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
    assert of_the_function(ours) == of_the_function(theirs)
    assert (ours.body, ours.cut) == (body, False)
    if path == "/head":
        assert (ours.status, ours.cookies) == (HEAD["statusCode"], HEAD["cookies"])
    assert ADDED_BY_US.keys() <= ours.headers.keys()
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
    """The error is in the trailers, which cargo-lambda does not know: there it is chance how the answer ends."""
    ours, theirs = streaming.ask("GET", "/raise-later")
    assert of_the_function(ours) == of_the_function(theirs)._replace(cut=True)
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
    ours, theirs = buffered.ask("GET", path)
    assert of_the_function(ours) == of_the_function(theirs)


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


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_reaches_the_function(streaming: Both, method: str) -> None:
    """OPTIONS as well, where no CORS is configured; HEAD brings no body back."""
    ours, theirs = streaming.ask(method, "/head")
    assert of_the_function(ours) == of_the_function(theirs)
    assert (ours.status, bool(ours.body)) == (HEAD["statusCode"], method != "HEAD")
