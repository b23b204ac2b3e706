"""What an answer is made of: the typed parts that sources make and encoders turn into bytes.

Frozen msgspec structs, because one is made for every token (docs/decisions/0006-parts-are-structs.md). A source
yields only these; it never knows which protocol carries them. JSON values (`arguments`, `result`, `value`) are
what `json.loads` gives.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

# The reasons of the AI SDK (LanguageModelV1FinishReason); "error" and "unknown" are never a model's own.
FinishReason = Literal["stop", "length", "content-filter", "tool-calls", "error", "other", "unknown"]


class TextDelta(Struct, frozen=True):
    """A piece of the answer's text, never empty."""

    text: str


class ReasoningDelta(Struct, frozen=True):
    """A piece of the model's reasoning, never empty."""

    text: str


class RedactedReasoning(Struct, frozen=True):
    """Reasoning that the provider shows only in encrypted form."""

    data: str


class ReasoningSignature(Struct, frozen=True):
    """The provider's signature over the reasoning before it."""

    signature: str


class Source(Struct, frozen=True):
    """A web page that the answer rests on."""

    source_id: str
    url: str
    title: str | None = None


class DocumentSource(Struct, frozen=True):
    """A document that the answer rests on and that has no address, such as a page of an uploaded file."""

    source_id: str
    media_type: str
    title: str
    filename: str | None = None


class File(Struct, frozen=True):
    """A file that the model made; `data` is base64."""

    data: str
    media_type: str


class Data(Struct, frozen=True):
    """A JSON value beside the text, for the application.

    `name` says what it is. Of values with one name and one `data_id` the page shows the last; a `transient` one is
    told to the page and not kept in the message.
    """

    value: Any
    name: str = "value"
    data_id: str | None = None
    transient: bool = False


class Annotation(Struct, frozen=True):
    """A JSON value attached to the message itself."""

    value: Any


class ToolCallStart(Struct, frozen=True):
    """The model begins a tool call; its arguments follow in pieces."""

    call_id: str
    name: str


class ToolCallDelta(Struct, frozen=True):
    """A piece of the arguments' JSON text."""

    call_id: str
    arguments: str


class ToolCall(Struct, frozen=True):
    """A tool call, complete."""

    call_id: str
    name: str
    arguments: dict[str, Any]


class ToolResult(Struct, frozen=True):
    """What a tool run by the backend returned."""

    call_id: str
    result: Any


class ToolInputError(Struct, frozen=True):
    """A tool call that cannot be used, in the place of `ToolCall`.

    `arguments` is what could be made of the model's: an object, any other JSON value, its text, or None.
    """

    call_id: str
    name: str
    arguments: Any
    message: str


class ToolError(Struct, frozen=True):
    """A tool run by the backend failed, in the place of `ToolResult`. `message` is safe to show."""

    call_id: str
    message: str


class ToolApprovalRequest(Struct, frozen=True):
    """A call that the user must allow before anyone runs it."""

    call_id: str
    approval_id: str


class ToolDenied(Struct, frozen=True):
    """A call that the user did not allow, of this answer or of the message that it continues."""

    call_id: str


class Usage(Struct, frozen=True):
    """Tokens that the model counted."""

    input_tokens: int
    output_tokens: int


class StepFinish(Struct, frozen=True):
    """One model call has ended and another follows (after tools that the backend ran)."""

    reason: FinishReason
    usage: Usage | None = None


class Finish(Struct, frozen=True):
    """The answer has ended as the model wanted: the last part of every stream that went well.

    `usage` is that of the last model call, as in `StepFinish`.
    """

    reason: FinishReason
    usage: Usage | None = None


class Error(Struct, frozen=True):
    """The answer has failed: the last part of every stream that did not. `message` is safe to show."""

    message: str


class Abort(Struct, frozen=True):
    """The answer was stopped on purpose, by whoever asked for it: the last part, and no failure."""


Terminal = Finish | Error | Abort
"""One of these ends every stream, and nothing follows it."""

ToolPart = (
    ToolCallStart
    | ToolCallDelta
    | ToolCall
    | ToolInputError
    | ToolResult
    | ToolError
    | ToolApprovalRequest
    | ToolDenied
)
"""What concerns one tool call, named by its `call_id`."""

Part = (
    TextDelta
    | ReasoningDelta
    | RedactedReasoning
    | ReasoningSignature
    | Source
    | DocumentSource
    | File
    | Data
    | Annotation
    | ToolPart
    | StepFinish
    | Terminal
)
