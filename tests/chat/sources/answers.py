"""What an answer comes to, whoever read it: the form in which sources, the openai SDK and LiteLLM are compared."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chat.parts import (
    File,
    Finish,
    ReasoningDelta,
    ReasoningSignature,
    RedactedReasoning,
    Source,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStart,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chat.parts import Part

STREAMS = Path(__file__).parent / "streams"


def server_stream(name: str) -> bytes:
    """The bytes of one of the streams that `streams/README.md` lists."""
    return (STREAMS / f"{name}.sse").read_bytes()


def server_streams() -> list[str]:
    """The names of all of them."""
    return sorted(path.stem for path in STREAMS.glob("*.sse"))


@dataclass
class Summary:
    """An answer's content; ids that were made up by us are "made". `usage`: (input, output) tokens."""

    text: str = ""
    reasoning: str = ""
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    reason: str | None = None
    usage: tuple[int, int] | None = None
    others: list[Any] = field(default_factory=list)


def summary(parts: Iterable[Part]) -> Summary:
    """Sum up parts, and check what holds for every answer: calls are announced, and pieces make the arguments."""
    result = Summary()
    announced: dict[str, str] = {}
    pieces: dict[str, str] = {}
    for part in parts:
        assert result.reason is None, f"{part} comes after Finish"
        match part:
            case TextDelta(text):
                assert text
                result.text += text
            case ReasoningDelta(text):
                assert text
                result.reasoning += text
            case ToolCallStart(call_id, name):
                assert call_id not in announced
                announced[call_id] = name
            case ToolCallDelta(call_id, arguments):
                assert call_id in announced
                assert arguments
                pieces[call_id] = pieces.get(call_id, "") + arguments
            case ToolCall(call_id, name, arguments):
                assert announced[call_id] == name
                assert (json.loads(pieces.get(call_id, "{}")) or {}) == arguments
                result.calls.append((_shown(call_id), name, arguments))
            case Finish(reason, usage):
                result.reason = reason
                if usage is not None:
                    result.usage = (usage.input_tokens, usage.output_tokens)
            case _:
                result.others.append(_other(part))
    return result


def _other(part: Part) -> Any:
    if isinstance(part, Source):
        return ("source", part.url, part.title)
    assert isinstance(part, File | ReasoningSignature | RedactedReasoning), f"a source makes no {part}"
    return part


def merged(parts: Iterable[Part]) -> list[Part]:
    """The parts with adjacent deltas joined and made-up ids equal: what every split of a stream comes to."""
    result: list[Part] = []
    for part in parts:
        last = result[-1] if result else None
        if isinstance(part, TextDelta | ReasoningDelta) and type(last) is type(part):
            assert isinstance(last, TextDelta | ReasoningDelta)
            result[-1] = type(part)(last.text + part.text)
        elif isinstance(part, ToolCallDelta):
            joined = part.arguments
            if isinstance(last, ToolCallDelta) and last.call_id == _shown(part.call_id):
                joined = last.arguments + joined
                result.pop()
            result.append(ToolCallDelta(_shown(part.call_id), joined))
        elif isinstance(part, ToolCallStart):
            result.append(ToolCallStart(_shown(part.call_id), part.name))
        elif isinstance(part, ToolCall):
            result.append(ToolCall(_shown(part.call_id), part.name, part.arguments))
        elif isinstance(part, Source):
            result.append(Source("made", part.url, part.title))
        else:
            result.append(part)
    return result


def _shown(call_id: str) -> str:
    """An id of ours has 24 hexadecimal digits."""
    return "made" if len(call_id) == len("call_") + 24 else call_id
