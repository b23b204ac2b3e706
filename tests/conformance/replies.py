"""What the scripted model answers: chat completion streams with the parts that a page must show."""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.upstream import CLOSE, DONE, Reply, chunk, event, usage_chunk

USAGE = (5, 7)


def answer(*deltas: dict[str, Any], finish_reason: str = "stop") -> Reply:
    """A whole answer of these deltas, with usage after its finish reason."""
    return Reply(
        [
            *(event(chunk(delta)) for delta in deltas),
            event(chunk({}, finish_reason)),
            event(usage_chunk(*USAGE)),
            DONE,
        ]
    )


def calls(*made: tuple[str, str, Any], text: str | None = None) -> Reply:
    """Tool calls `(id, name, arguments)`, arguments in two pieces each, as OpenAI streams them."""
    deltas: list[dict[str, Any]] = [{"content": text}] if text else []
    for index, (call_id, name, arguments) in enumerate(made):
        written = json.dumps(arguments)
        named = {"id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
        deltas.append({"tool_calls": [{"index": index, **named}]})
        deltas += [
            {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
            for piece in (written[:2], written[2:])
        ]
    return answer(*deltas, finish_reason="tool_calls")


def broken(*texts: str) -> Reply:
    """An answer whose connection ends in the middle."""
    return Reply([*(event(chunk({"content": text})) for text in texts), CLOSE], framing="close")
