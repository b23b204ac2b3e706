r"""The AI SDK's data stream v1, which ai@4's useChat reads (`streamProtocol: "data"`).

Facts, each from the client, @ai-sdk/ui-utils@1.2.11 (`processDataStream`, `processChatResponse`) or
@ai-sdk/react@1.2.12; `tests/chat/protocols/` holds this encoder against both:

- A line is `CODE:JSON\n`. All lines of one read are parsed before the first of them counts, so one bad line
  takes the good ones beside it along. Only an empty line means nothing (`line !== ""`); a comment throws.
- `3` throws its text as an Error in the page: nothing after it is read, `d` before it changes nothing (the
  throw skips `onFinish`). So it stands alone. Without an `f` before it no empty answer appears in the page.
- `c` reads `partialToolCalls[id].text`: without an earlier `b` that is a TypeError; after its `9` it would turn
  the finished call back into a partial one. `a` throws "tool_result must be preceded by a tool_call".
- Parts of a tool call are found by id in the whole message: a second call of the same id overwrites the first.
- `f` names the message (`message.id = value.messageId`): one id for every `f`, or React mounts it anew.
- Only `e` ends the current text part: text after a tool call would be glued to the text before it.
- The page runs the next round of its own tools only when every call behind the last `f` has a result
  (`isAssistantMessageWithCompletedToolCalls`). So text behind a call that waits for the page follows an `e` alone:
  it stands apart, and the round still runs. Blanks after a call, which some servers send, wait for text.
- Usage counts only as two numbers (else NaN): unknown usage is left out. `d` carries the sum of all steps.
- There is no code for a call that went wrong, for documents as sources (pages read `source.url`) or for approval: the
  first is a result with an `error`, the others are annotations in the form of the UI message stream.
- A stream that was stopped has no code either. `d` is a clean end; a last step without calls keeps the page from
  posting the results of those before it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar, assert_never

from chat.json_text import encode_json, encode_text
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
from chat.protocols import PartOrderError, named
from chat.protocols.calls import Calls, OutOfPlaceError
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
    from collections.abc import Iterable, Mapping

    from chat.parts import FinishReason, Part, Terminal, ToolPart, Usage
    from chat.protocols.values import MessagePart, StepPart

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def message_id() -> str:
    """An id as the AI SDK makes them on a server: `msg-` and 24 letters and digits."""
    return "msg-" + "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in os.urandom(24))


_CODES: dict[type, bytes] = {
    ReasoningSignature: b"j",
    RedactedReasoning: b"i",
    Source: b"h",
    File: b"k",
}


class DataStream:
    """One answer as a data stream: `f (g|j|i|h|k|0|b|c|9|a)* e` for each step, then `d`; or `3` at any place.

    `2` and `8` stand anywhere before the end. Steps open and close by themselves; what cannot be repaired (a
    part after the end, a delta or result of a tool call that does not wait for one) is a `PartOrderError`.
    """

    content_type: ClassVar[str] = "text/plain; charset=utf-8"
    headers: ClassVar[Mapping[str, str]] = {"X-Vercel-AI-Data-Stream": "v1"}

    def __init__(self, identity: str | None = None) -> None:
        """`identity` is the message's id, made here if not given."""
        self._start = b'f:{"messageId":%b}\n' % encode_text(identity or message_id())
        self._calls = Calls()
        self._ended = False
        self._step_open = False
        self._step_called = False  # a tool call stands in the open step
        self._step_answered = False  # a tool result stands in it: the model has been called again
        self._blanks = ""  # text after a tool call that shows nothing yet
        self._usage = TotalUsage()

    @property
    def ended(self) -> bool:
        """Whether `d` or `3` has been encoded."""
        return self._ended

    def heartbeat(self) -> bytes:
        """An empty line: the only thing that the client skips."""
        return b"" if self._ended else b"\n"

    def encode(self, parts: Iterable[Part]) -> bytes:
        """The lines of some parts.

        Raises:
            PartOrderError: see the class.
        """
        lines: list[bytes] = []
        for part in parts:
            if self._ended:
                raise PartOrderError(f"{named(part)} came after the end of the answer.", b"".join(lines))
            match part:
                case TextDelta():
                    self._write_text(part.text, lines)
                case ReasoningDelta():
                    self._write_reasoning(part.text, lines)
                case StepFinish():
                    self._finish_step(part, lines)
                case Finish() | Error() | Abort():
                    self._finish(part, lines)
                case (
                    ToolCallStart()
                    | ToolCallDelta()
                    | ToolCall()
                    | ToolInputError()
                    | ToolResult()
                    | ToolError()
                    | ToolApprovalRequest()
                    | ToolDenied()
                ):
                    self._write_tool(part, lines)
                case _:
                    self._write_beside(part, lines)
        return b"".join(lines)

    def _write_beside(self, part: StepPart | MessagePart, lines: list[bytes]) -> None:
        match part:
            case ReasoningSignature() | RedactedReasoning() | Source() | File():
                self._open_step(lines)
                lines.append(_line(_CODES[type(part)], part_value(part)))
            case Data():
                lines.append(_line(b"2", [data_value(part)]))
            case Annotation():
                lines.append(_line(b"8", [part.value]))
            case DocumentSource():
                lines.append(_line(b"8", [annotation_value(part)]))
            case _:
                assert_never(part)

    def _write_text(self, text: str, lines: list[bytes]) -> None:
        if self._step_called:
            text = self._blanks + text
            if not text or text.isspace():
                self._blanks = text
                return
            self._blanks = ""
            waits_for_the_page = not self._step_answered
            self._close_step("tool-calls", None, lines)
            # A call that only the page can answer must stay in the last step that has begun, or no round follows.
            self._step_open = waits_for_the_page
        if text:
            self._open_step(lines)
            lines.append(b"0:" + encode_text(text) + b"\n")

    def _write_reasoning(self, text: str, lines: list[bytes]) -> None:
        """Reasoning after a result belongs to a new call of the model, or its signature would cover both."""
        if self._step_answered:
            self._flush_blanks(lines)
            self._close_step("tool-calls", None, lines)
        if text:
            self._open_step(lines)
            lines.append(b"g:" + encode_text(text) + b"\n")

    def _write_tool(self, part: ToolPart, lines: list[bytes]) -> None:
        try:
            self._calls.take(part)
        except OutOfPlaceError as error:
            raise PartOrderError(str(error), b"".join(lines)) from None
        if isinstance(part, ToolApprovalRequest):
            lines.append(_line(b"8", [annotation_value(part)]))
            return
        self._open_step(lines)
        self._step_called = True
        match part:
            case ToolCallStart():
                lines.append(_line(b"b", part_value(part)))
            case ToolCallDelta():
                lines.append(_line(b"c", part_value(part)))
            case ToolCall():
                lines.append(_line(b"9", call_value(part)))
            case ToolInputError():
                lines += (_line(b"9", call_value(part)), _line(b"a", answer_value(part)))
                self._step_answered = True
            case ToolResult() | ToolError() | ToolDenied():
                lines.append(_line(b"a", answer_value(part)))
                self._step_answered = True

    def _open_step(self, lines: list[bytes]) -> None:
        if not self._step_open:
            self._step_open = True
            lines.append(self._start)

    def _finish_step(self, part: StepFinish | Finish, lines: list[bytes]) -> None:
        """End a call of the model; one that said nothing has a step as well."""
        self._end_step(part.reason, part.usage, lines)
        self._usage.add(part)

    def _finish(self, part: Terminal, lines: list[bytes]) -> None:
        match part:
            case Finish():
                self._finish_step(part, lines)
                lines.append(_line(b"d", {"finishReason": part.reason, **_usage(self._usage.known)}))
            case Abort():
                called = self._step_called
                self._end_step("other", None, lines)
                if called:
                    self._end_step("other", None, lines)
                lines.append(_line(b"d", {"finishReason": "other"}))
            case Error():
                self._flush_blanks(lines)
                lines.append(b"3:" + encode_text(part.message) + b"\n")
        self._ended = True

    def _end_step(self, reason: FinishReason, usage: Usage | None, lines: list[bytes]) -> None:
        self._open_step(lines)
        self._flush_blanks(lines)
        self._close_step(reason, usage, lines)

    def _close_step(self, reason: FinishReason, usage: Usage | None, lines: list[bytes]) -> None:
        lines.append(_line(b"e", {"finishReason": reason, **_usage(usage), "isContinued": False}))
        self._step_open = self._step_called = self._step_answered = False

    def _flush_blanks(self, lines: list[bytes]) -> None:
        if self._blanks:
            lines.append(b"0:" + encode_text(self._blanks) + b"\n")
            self._blanks = ""


def _usage(usage: Usage | None) -> dict[str, Any]:
    if usage is None:
        return {}
    return {"usage": usage_value(usage)}


def _line(code: bytes, value: Any) -> bytes:
    return code + b":" + encode_json(value) + b"\n"
