"""The chat function itself behind both emulators, with the stand-in model: every protocol, and its ways to fail."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.independent.both import ROOT, Answer, Both, behind_both, of_the_function, process

if TYPE_CHECKING:
    from collections.abc import Iterator

# The ids that are made for each answer, and for each error that the log has.
_MADE = re.compile(rb"(?<=\"messageId\":\")[^\"]+|(?<=error id )[0-9a-f]{12}")


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    model = (sys.executable, "-m", "emulator.stand_in_model", "--port", "0", "--delay-ms", "1")
    with process(*model, cwd=ROOT, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        base_url = next(word for word in running.stdout.readline().split() if word.startswith("http"))
        folder = tmp_path_factory.mktemp("cargo")
        variables = {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": "any"}
        with behind_both(folder, "chat.app.streaming_handler", ROOT / "lambda", **variables) as both:
            yield both


def lasting(answer: Answer) -> Answer:
    """What of an answer is not made anew for each."""
    return of_the_function(answer._replace(body=_MADE.sub(b"ID", answer.body)))


def joined(body: bytes) -> list[tuple[str, str]]:
    """The lines of a stream, deltas of one kind that follow each other as one: how many there are is chance."""
    lines = (_split(line) for line in body.decode().splitlines() if line)
    return [
        (kind, "".join(text for _, text in group))
        for kind, group in itertools.groupby(lines, lambda line: line[0])
    ]


def _split(line: str) -> tuple[str, str]:
    """A line without its text, and the text."""
    prefix, _, value = line.partition(":")
    try:
        parsed = json.loads(value)
    except ValueError:
        return prefix, value
    if isinstance(parsed, str):
        return prefix, parsed
    text = (
        "".join(str(parsed.pop(name, "")) for name in ("delta", "content"))
        if isinstance(parsed, dict)
        else ""
    )
    return f"{prefix}:{json.dumps(parsed)}", text


def said(text: str, **fields: Any) -> dict[str, Any]:
    return {"messages": [{"id": "1", "role": "user", "parts": [{"type": "text", "text": text}]}], **fields}


@pytest.mark.parametrize("protocol", ["data-stream", "ui-message-stream", "sse", "text"])
@pytest.mark.parametrize("text", ["Hello", "/reasoning", "/cut"])
def test_a_conversation(chat: Both, protocol: str, text: str) -> None:
    """An answer, one with reasoning, and one whose model breaks off: the deadline of neither is in the way."""
    ours, theirs = map(lasting, chat.ask("POST", "/", json=said(text, protocol=protocol)))
    assert ours._replace(body=b"") == theirs._replace(body=b"")
    assert joined(ours.body) == joined(theirs.body)
    assert (ours.status, ours.cut) == (200, False)
    assert len(ours.body) > 50


@pytest.mark.parametrize(
    ("method", "path", "request_"),
    [
        ("POST", "/", {"content": b"{", "headers": {"content-type": "application/json"}}),
        ("POST", "/", {"json": {"messages": []}}),
        ("POST", "/", {"json": said("x", protocol="morse")}),
        ("POST", "/?protocol=morse", {"json": said("x")}),
        ("POST", "/", {"content": b"x" * 300_000, "headers": {"content-type": "application/json"}}),
        ("GET", "/?chatId=1", {}),
        ("GET", "/", {}),
    ],
)
def test_a_request_that_gets_no_stream(chat: Both, method: str, path: str, request_: dict[str, Any]) -> None:
    ours, theirs = chat.ask(method, path, **request_)
    assert lasting(ours) == lasting(theirs)


def test_a_stream_that_is_not_to_be_resumed(chat: Both) -> None:
    """204, without a body: neither hands on the newline that the runtime writes for other statuses' sake."""
    ours, theirs = chat.ask("GET", "/api/chat/1/stream")
    assert lasting(ours) == lasting(theirs)
    assert (ours.status, ours.body) == (204, b"")
