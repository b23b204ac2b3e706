"""What an answer is made of: the typed parts that sources make and encoders turn into bytes.

Frozen, slotted dataclasses, because one is made for every token. A source yields only these; it never knows
which protocol carries them. JSON values (`arguments`, `result`, `value`) are what `json.loads` gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

# The reasons of the AI SDK (LanguageModelV1FinishReason); "error" and "unknown" are never a model's own.
FinishReason = Literal["stop", "length", "content-filter", "tool-calls", "error", "other", "unknown"]


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer's text, never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of the model's reasoning, never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class RedactedReasoning:
    """Reasoning that the provider shows only in encrypted form."""

    data: str


@dataclass(frozen=True, slots=True)
class ReasoningSignature:
    """The provider's signature over the reasoning before it."""

    signature: str


@dataclass(frozen=True, slots=True)
class Source:
    """A web page that the answer rests on."""

    source_id: str
    url: str
    title: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A file that the model made; `data` is base64."""

    data: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Data:
    """A JSON value beside the text, for the application."""

    value: Any


@dataclass(frozen=True, slots=True)
class Annotation:
    """A JSON value attached to the message itself."""

    value: Any


@dataclass(frozen=True, slots=True)
class ToolCallStart:
    """The model begins a tool call; its arguments follow in pieces."""

    call_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of the arguments' JSON text."""

    call_id: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call, complete."""

    call_id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool run by the backend returned."""

    call_id: str
    result: Any


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that the model counted."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class StepFinish:
    """One model call has ended and another follows (after tools that the backend ran)."""

    reason: FinishReason
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """The answer has ended as the model wanted: the last part of every stream that went well."""

    reason: FinishReason
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Error:
    """The answer has failed: the last part of every stream that did not. `message` is safe to show."""

    message: str


Part = (
    TextDelta
    | ReasoningDelta
    | RedactedReasoning
    | ReasoningSignature
    | Source
    | File
    | Data
    | Annotation
    | ToolCallStart
    | ToolCallDelta
    | ToolCall
    | ToolResult
    | StepFinish
    | Finish
    | Error
)
