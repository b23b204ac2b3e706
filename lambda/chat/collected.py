"""An answer as a whole, for clients that cannot stream: parts in, one JSON object out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, assert_never

from chat.json_text import encode_json, sound_text
from chat.parts import (
    Abort,
    Annotation,
    Data,
    DocumentSource,
    Error,
    File,
    Finish,
    ReasoningDelta,
    ReasoningSignature,
    RedactedReasoning,
    Source,
    StepFinish,
    TextDelta,
    ToolApprovalRequest,
    ToolCall,
    ToolCallDelta,
    ToolCallStart,
    ToolDenied,
    ToolError,
    ToolInputError,
    ToolResult,
)
from chat.protocols.totals import TotalUsage
from chat.protocols.values import (
    annotation_value,
    answer_value,
    call_value,
    data_value,
    part_value,
    usage_value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chat.parts import FinishReason, Part

ListedPart = (
    ToolCall
    | ToolInputError
    | ToolResult
    | ToolError
    | ToolApprovalRequest
    | ToolDenied
    | Source
    | DocumentSource
    | File
    | Data
    | Annotation
)


class CollectedAnswer:
    """The parts of one answer, put together under the names that the data stream has for them."""

    def __init__(self) -> None:
        self.error: str | None = None
        """What an `Error` part said; the answer until then stays."""
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._lists: dict[str, list[Any]] = {}
        self._reason: FinishReason = "unknown"
        self._usage = TotalUsage()

    def add(self, parts: Iterable[Part]) -> None:
        """Take the next parts."""
        for part in parts:
            match part:
                case TextDelta():
                    self._text.append(part.text)
                case ReasoningDelta():
                    self._reasoning.append(part.text)
                case StepFinish() | Finish():
                    self._reason = part.reason
                    self._usage.add(part)
                case Abort():
                    self._reason = "other"
                case Error():
                    self.error = part.message
                    self._reason = "error"
                case ToolCallStart() | ToolCallDelta() | ReasoningSignature() | RedactedReasoning():
                    pass  # pieces of a call that comes complete as well; provider data without words
                case _:
                    for name, value in _listed(part):
                        self._lists.setdefault(name, []).append(value)

    def as_json(self) -> dict[str, Any]:
        """The answer as `{text, finishReason}` and what it had besides.

        That is any of `reasoning`, `toolCalls`, `toolResults`, `sources`, `files`, `data`, `annotations`,
        `usage`; `usage` is `{promptTokens, completionTokens, totalTokens}` over all
        steps, absent if that of one is unknown.
        """
        answer: dict[str, Any] = {"text": sound_text("".join(self._text)), "finishReason": self._reason}
        if self._reasoning:
            answer["reasoning"] = sound_text("".join(self._reasoning))
        # Through the encoder, for it leaves nothing that another one stumbles over (NaN, halves of characters).
        answer |= json.loads(encode_json(self._lists))
        if (total := self._usage.known) is not None:
            totals = {"totalTokens": total.input_tokens + total.output_tokens}
            answer["usage"] = usage_value(total) | totals
        return answer


def _listed(part: ListedPart) -> list[tuple[str, Any]]:  # noqa: PLR0911 - a table, one line a part
    """Name of the list and what is put there."""
    match part:
        case ToolCall():
            return [("toolCalls", call_value(part))]
        case ToolInputError():
            return [("toolCalls", call_value(part)), ("toolResults", answer_value(part))]
        case ToolResult() | ToolError() | ToolDenied():
            return [("toolResults", answer_value(part))]
        case Source():
            return [("sources", part_value(part))]
        case File():
            return [("files", part_value(part))]
        case Data():
            return [("data", data_value(part))]
        case Annotation():
            return [("annotations", part.value)]
        case DocumentSource() | ToolApprovalRequest():
            return [("annotations", annotation_value(part))]
        case _:
            assert_never(part)
