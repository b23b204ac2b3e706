"""The plain event stream (`sse`), for clients without the AI SDK: curl, fetch, a client in any other language.

Each event is `data: ` and one JSON object with a `type`; a client skips types that it does not know:

- `text-delta`, `reasoning-delta`: `content`
- `tool-call-start`: `toolCallId`, `toolName`; `tool-call-delta`: `toolCallId`, `content` (a piece of the input's JSON)
- `tool-call`: `toolCallId`, `toolName`, `input`
- `tool-result`: `toolCallId`, and `output` or `error` (a sentence)
- `tool-approval-request`: `toolCallId`, `approvalId`
- `source`: `id`, and `url`, `title`? or `mediaType`, `title`, `filename`?
- `file`: `mediaType`, `data` (base64)
- `data`: `name`, `value`, `id`?, `transient`?; `annotation`: `value`
- `step-finish`: `finishReason`, `usage`? (`inputTokens`, `outputTokens`, `totalTokens`)

The last event is `finish`, with `finishReason` and the `usage` of all steps if known, or `error` with a `message`. A
connection that ends without one of them has failed. Comments (`:`) keep silent connections alive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, assert_never

from chat.json_text import encode_text, sound_text
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
from chat.protocols import PartOrderError, events, named
from chat.protocols.calls import DENIED, Calls, OutOfPlaceError
from chat.protocols.events import event, told_usage
from chat.protocols.totals import TotalUsage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chat.parts import Part, Terminal, ToolPart

    _Beside = Source | DocumentSource | File | Data | Annotation
    _Rare = ToolPart | _Beside | StepFinish | ReasoningSignature | RedactedReasoning

_TEXT = b'data: {"type":"text-delta","content":'
_REASONING = b'data: {"type":"reasoning-delta","content":'


class EventStream:
    """One answer as plain events, ended by `finish` or `error`.

    Signatures and encrypted reasoning are left out: they are for the provider alone, in messages that these clients do
    not keep.
    """

    content_type: ClassVar[str] = events.CONTENT_TYPE
    headers: ClassVar[Mapping[str, str]] = events.HEADERS

    def __init__(self) -> None:
        self._calls = Calls()
        self._usage = TotalUsage()
        self._ended = False

    @property
    def ended(self) -> bool:
        """Whether `finish` or `error` has been encoded."""
        return self._ended

    def heartbeat(self) -> bytes:
        """A comment."""
        return b"" if self._ended else events.HEARTBEAT

    def encode(self, parts: Iterable[Part]) -> bytes:
        """The events of some parts.

        Raises:
            PartOrderError: a part after the end, or one that its tool call does not wait for.
        """
        out: list[bytes] = []
        for part in parts:
            if self._ended:
                raise PartOrderError(f"{named(part)} came after the end of the answer.", b"".join(out))
            match part:
                case TextDelta():
                    if part.text:
                        out.append(_TEXT + encode_text(part.text) + b"}\n\n")
                case ReasoningDelta():
                    if part.text:
                        out.append(_REASONING + encode_text(part.text) + b"}\n\n")
                case Finish() | Error() | Abort():
                    out.append(self._terminal(part))
                case _:
                    out += map(event, self._values(part, out))
        return b"".join(out)

    def _values(self, part: _Rare, out: list[bytes]) -> list[dict[str, Any]]:
        match part:
            case ReasoningSignature() | RedactedReasoning():
                return []
            case StepFinish():
                self._usage.add(part)
                return [{"type": "step-finish", "finishReason": part.reason, **told_usage(part.usage)}]
            case Source() | DocumentSource() | File() | Data() | Annotation():
                return [_beside(part)]
            case _:
                try:
                    self._calls.take(part)
                except OutOfPlaceError as error:
                    raise PartOrderError(str(error), b"".join(out)) from None
                return _tool(part)

    def _terminal(self, part: Terminal) -> bytes:
        self._ended = True
        match part:
            case Finish():
                self._usage.add(part)
                told = {"finishReason": part.reason, **told_usage(self._usage.known)}
                return event({"type": "finish", **told})
            case Abort():
                return event({"type": "finish", "finishReason": "other"})
            case Error():
                return event({"type": "error", "message": sound_text(part.message)})


def _beside(part: _Beside) -> dict[str, Any]:
    match part:
        case Source():
            title = {} if part.title is None else {"title": part.title}
            return {"type": "source", "id": part.source_id, "url": part.url, **title}
        case DocumentSource():
            filename = {} if part.filename is None else {"filename": part.filename}
            named = {"mediaType": part.media_type, "title": part.title, **filename}
            return {"type": "source", "id": part.source_id, **named}
        case File():
            return {"type": "file", "mediaType": part.media_type, "data": part.data}
        case Data():
            identity = {} if part.data_id is None else {"id": part.data_id}
            transient = {"transient": True} if part.transient else {}
            return {"type": "data", "name": part.name, "value": part.value, **identity, **transient}
        case Annotation():
            return {"type": "annotation", "value": part.value}


def _tool(part: ToolPart) -> list[dict[str, Any]]:  # noqa: PLR0911 - a table, one line a part
    call: dict[str, Any] = {"toolCallId": part.call_id}
    match part:
        case ToolCallStart():
            return [{"type": "tool-call-start", **call, "toolName": part.name}]
        case ToolCallDelta():
            return [{"type": "tool-call-delta", **call, "content": part.arguments}]
        case ToolCall():
            return [_called(part)]
        case ToolInputError():
            return [_called(part), _failed(part.call_id, part.message)]
        case ToolResult():
            return [{"type": "tool-result", **call, "output": part.result}]
        case ToolError():
            return [_failed(part.call_id, part.message)]
        case ToolDenied():
            return [_failed(part.call_id, DENIED)]
        case ToolApprovalRequest():
            return [{"type": "tool-approval-request", **call, "approvalId": part.approval_id}]
        case _:
            assert_never(part)


def _called(part: ToolCall | ToolInputError) -> dict[str, Any]:
    call = {"toolCallId": part.call_id, "toolName": part.name}
    return {"type": "tool-call", **call, "input": part.arguments}


def _failed(call_id: str, message: str) -> dict[str, Any]:
    return {"type": "tool-result", "toolCallId": call_id, "error": sound_text(message)}
