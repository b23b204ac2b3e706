"""What an answer told its client, whichever of the four protocols it is in: read strictly, one terminal and no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.chat.function.conftest import data_stream
from tests.chat.protocols.ui_grammar import Reader, chunks, events

PROTOCOLS = ("data-stream", "ui-message-stream", "sse", "text")
HEADERS = {
    "data-stream": {"content-type": "text/plain; charset=utf-8", "x-vercel-ai-data-stream": "v1"},
    "ui-message-stream": {
        "content-type": "text/event-stream",
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
        "x-vercel-ai-ui-message-stream": "v1",
    },
    "sse": {
        "content-type": "text/event-stream",
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
    },
    "text": {"content-type": "text/plain; charset=utf-8"},
}
HEARTBEATS = {"data-stream": b"\n", "ui-message-stream": b":\n\n", "sse": b":\n\n"}


@dataclass(frozen=True)
class Told:
    """`reason`: the finish reason of an answer that ended well, where the protocol tells it."""

    text: str
    reason: str | None = None
    error: str | None = None
    usage: Any = None


def told(protocol: str, body: str) -> Told:
    match protocol:
        case "data-stream":
            return _data_stream(body)
        case "ui-message-stream":
            return _ui_message_stream(body.encode())
        case "sse":
            return _plain_events(events(body.encode()))
        case _:
            text, _, error = body.partition("\n\nError: ")
            return Told(text, error=error or None)


def _data_stream(body: str) -> Told:
    lines = data_stream(body)
    text = "".join(value for code, value in lines if code == "0")
    (terminal,) = [(code, value) for code, value in lines if code in "d3"]
    assert terminal == lines[-1]
    if terminal[0] == "3":
        return Told(text, error=terminal[1])
    return Told(text, terminal[1]["finishReason"], usage=terminal[1].get("usage"))


def _ui_message_stream(body: bytes) -> Told:
    Reader(approvals=True).read(body)
    found = chunks(body)
    text = "".join(chunk["delta"] for chunk in found if chunk["type"] == "text-delta")
    if found[-1]["type"] == "error":
        return Told(text, error=found[-1]["errorText"])
    metadata = found[-1]["messageMetadata"]
    return Told(text, metadata["finishReason"], usage=metadata.get("usage"))


def _plain_events(found: list[dict[str, Any]]) -> Told:
    text = "".join(event["content"] for event in found if event["type"] == "text-delta")
    (terminal,) = [event for event in found if event["type"] in ("finish", "error")]
    assert terminal is found[-1]
    if terminal["type"] == "error":
        return Told(text, error=terminal["message"])
    return Told(text, terminal["finishReason"], usage=terminal.get("usage"))
