"""The parts of one answer out of its chunks, without I/O: what every OpenAI-compatible source shares.

Chunks go in as they come; `take()` gives what they made since the last call, adjacent text (or reasoning, or
arguments of one call) joined: one delta for one read costs everyone behind less, and the browser most of all.
A malformed chunk raises, and what came before it can still be taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from chat.failures import FailureKind, SourceError
from chat.parts import (
    File,
    Finish,
    ReasoningDelta,
    ReasoningSignature,
    RedactedReasoning,
    Source,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from chat.sources.openai_chunks import ToolCallPiece, decode, decode_leniently, token_usage
from chat.sources.openai_errors import UpstreamError, failure_of
from chat.sources.tool_calls import ToolCalls, new_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chat.parts import FinishReason, Part
    from chat.sources.openai_chunks import Choice, Chunk, Delta

# OpenAI's own words first; then TGI and Together, Anthropic through thin proxies, Mistral.
_REASONS: Final[dict[str, FinishReason]] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content-filter",
    "tool_calls": "tool-calls",
    "function_call": "tool-calls",
    "eos": "stop",
    "eos_token": "stop",
    "stop_sequence": "stop",
    "end_turn": "stop",
    "max_tokens": "length",
    "model_length": "length",
    "tool_use": "tool-calls",
}


class Assembler:
    """Turns the events of one answer into parts.

    `done`: `[DONE]` has come, and whatever follows it is nothing to this answer.
    """

    def __init__(self, taken_ids: Iterable[str] = ()) -> None:
        """`taken_ids`: see `ToolCalls`."""
        self._taken_ids = taken_ids
        self.done = False
        self._batch: list[Part] = []
        self._text: list[str] = []
        self._text_part: type[TextDelta | ReasoningDelta] = TextDelta
        self._tools: ToolCalls | None = None
        self._reason: str | None = None
        self._usage: Usage | None = None
        self._urls: set[str] = set()
        self._half = ""  # the first half of a surrogate pair that a server cut in two

    def feed(self, data: bytes) -> None:
        """Take the data of one event.

        Raises:
            SourceError: the event is malformed (BROKEN_STREAM), or an error (its kind).
        """
        try:
            chunk = decode(data)
        except ValueError as error:
            if not data.strip():
                return
            if data.lstrip().startswith(b"[DONE]"):
                self.done = True
                return
            chunk = _decode_anyway(data, error)
        except RecursionError:
            raise _malformed("it is nested too deeply", data) from None
        self.add(chunk, data)

    def add(self, chunk: Chunk, data: bytes | None = None) -> None:
        """Take one chunk; `data` is its JSON, of which an error says more than the chunk does.

        Raises:
            SourceError: as for `feed`.
        """
        if chunk.error or chunk.object == "error":
            raise stream_error(data if data is not None else msgspec.json.encode({"error": chunk.error}))
        if chunk.choices:
            for choice in chunk.choices:
                if not choice.index or choice.index == "0":
                    self._add_choice(choice)
        if chunk.usage is not None:
            self._add_usage(chunk.usage)
        if chunk.citations:
            for url in _items(chunk.citations):
                self._add_source(url, None)

    def take(self) -> list[Part]:
        """The parts made since the last call; may be empty."""
        if self._text:
            self._flush_text()
        batch, self._batch = self._batch, []
        return batch

    def finish(self) -> list[Part]:
        """The last parts, after the last event: whole tool calls, then `Finish`.

        Raises:
            SourceError: BROKEN_STREAM, the stream has ended without a finish reason and without `[DONE]`, or a
                tool call in it cannot be used.
        """
        reason: FinishReason = "unknown"
        if self._reason is not None:
            word = self._reason.lower()
            # Gemini appends its own reason: "content_filter: SAFETY".
            reason = _REASONS.get(word.partition(":")[0], "other")
            if word == "error":
                raise SourceError(FailureKind.BROKEN_STREAM, 'The model ended its answer with "error".')
        elif not self.done:
            raise SourceError(
                FailureKind.BROKEN_STREAM,
                "The answer ended without a finish reason and without [DONE].",
            )
        self._flush_text(final=True)
        if self._tools is not None:
            self._batch.extend(self._tools.finish(reason))
        self._batch.append(Finish(reason, self._usage))
        return self.take()

    def _add_choice(self, choice: Choice) -> None:
        delta = choice.delta or choice.message
        if delta is not None:
            # OpenRouter and LiteLLM send the same reasoning under both names.
            if reasoning := delta.reasoning_content or delta.reasoning:
                self._add_text(ReasoningDelta, reasoning)
            if delta.thinking_blocks:
                self._add_thinking(delta.thinking_blocks)
            if content := delta.content:
                if isinstance(content, str):
                    self._add_text(TextDelta, content)
                else:
                    self._add_content_parts(content)
            if delta.refusal:
                self._add_text(TextDelta, delta.refusal)
            if delta.tool_calls or delta.function_call:
                self._add_tool_calls(delta)
            if delta.annotations or delta.images:
                self._add_attachments(delta)
        # vLLM and others send "" where OpenAI sends null.
        if choice.finish_reason:
            self._reason = choice.finish_reason

    def _add_attachments(self, delta: Delta) -> None:
        for annotation in _items(delta.annotations):
            if isinstance(annotation, dict):
                # OpenAI nests the citation; some servers do not.
                cited = annotation.get("url_citation", annotation)
                if isinstance(cited, dict):
                    self._add_source(cited.get("url"), cited.get("title"))
        for image in _items(delta.images):
            self._add_image(image)

    def _add_text(self, part: type[TextDelta | ReasoningDelta], text: str) -> None:
        if part is not self._text_part:
            self._flush_text(final=True)
            self._text_part = part
        self._text.append(text)

    def _flush_text(self, *, final: bool = False) -> None:
        """Make one part of the text so far; `final`: no more text of its kind follows."""
        text = "".join(self._text)
        self._text.clear()
        if self._half or not text.isascii():
            text, self._half = well_formed(self._half + text)
        if final and self._half:
            text, self._half = text + "\ufffd", ""
        if text:
            self._batch.append(self._text_part(text))

    def _add(self, part: Part) -> None:
        if self._text:
            self._flush_text()
        self._batch.append(part)

    def _add_tool_calls(self, delta: Delta) -> None:
        if self._tools is None:
            self._tools = ToolCalls(self._taken_ids)
        pieces = list(delta.tool_calls or ())
        if delta.function_call is not None:
            pieces.append(ToolCallPiece(index=-1, function=delta.function_call))
        if self._text:
            self._flush_text()
        for piece in pieces:
            for part in self._tools.feed(piece):
                last = self._batch[-1] if self._batch else None
                if (
                    isinstance(part, ToolCallDelta)
                    and isinstance(last, ToolCallDelta)
                    and last.call_id == part.call_id
                ):
                    self._batch[-1] = ToolCallDelta(part.call_id, last.arguments + part.arguments)
                else:
                    self._batch.append(part)

    def _add_usage(self, told: object) -> None:
        usage = token_usage(told)
        if usage is not None and usage.prompt_tokens is not None and usage.completion_tokens is not None:
            self._usage = Usage(usage.prompt_tokens, usage.completion_tokens)

    def _add_source(self, url: object, title: object) -> None:
        # Perplexity repeats all citations in every chunk.
        if isinstance(url, str) and url and url not in self._urls:
            self._urls.add(url)
            self._add(Source(new_id("source"), url, title if isinstance(title, str) and title else None))

    def _add_content_parts(self, parts: list[Any]) -> None:
        for part in parts:
            if not isinstance(part, dict):
                continue
            if part.get("type") == "text" and isinstance(part.get("text"), str):
                self._add_text(TextDelta, part["text"])
            elif part.get("type") == "thinking":
                thinking = part.get("thinking")
                for inner in thinking if isinstance(thinking, list) else [{"text": thinking}]:
                    if isinstance(inner, dict) and isinstance(inner.get("text"), str):
                        self._add_text(ReasoningDelta, inner["text"])

    def _add_thinking(self, blocks: object) -> None:
        for block in _items(blocks):
            if isinstance(block, dict):
                if isinstance(data := block.get("data"), str) and data:
                    self._add(RedactedReasoning(data))
                if isinstance(signature := block.get("signature"), str) and signature:
                    self._add(ReasoningSignature(signature))

    def _add_image(self, image: object) -> None:
        place = image.get("image_url") if isinstance(image, dict) else None
        url = place.get("url") if isinstance(place, dict) else None
        if isinstance(url, str) and url.startswith("data:"):
            media_type, _, data = url.removeprefix("data:").partition(";base64,")
            if media_type and data:
                self._add(File(data, media_type))


def _items(value: object) -> list[Any]:
    """A list that nobody specified: what is none is nothing."""
    return value if isinstance(value, list) else []


def well_formed(text: str) -> tuple[str, str]:
    """Join surrogate pairs, replace halves by U+FFFD; the second value is a half at the end, to be completed."""
    try:
        text.encode()
    except UnicodeEncodeError:
        half = text[-1] if "\ud800" <= text[-1] <= "\udbff" else ""
        whole = text[: len(text) - len(half)].encode("utf-16-le", "surrogatepass")
        return whole.decode("utf-16-le", "replace"), half
    return text, ""


def stream_error(body: bytes) -> UpstreamError:
    """The failure that an error object inside a stream means."""
    failure = failure_of(200, body)
    detail = f"The model's server reported an error in the stream: {failure.words}"
    return UpstreamError(failure.kind, detail, transient=failure.transient)


def _decode_anyway(data: bytes, error: ValueError) -> Chunk:
    if isinstance(error, msgspec.ValidationError):
        raise _malformed(str(error), data) from None
    try:
        return decode_leniently(data)
    except ValueError as second:
        raise _malformed(str(second), data) from None


def _malformed(why: str, data: bytes) -> SourceError:
    # The event is not shown: it is a piece of the answer.
    return SourceError(
        FailureKind.BROKEN_STREAM, f"The stream has a malformed event of {len(data)} bytes: {why}."
    )
