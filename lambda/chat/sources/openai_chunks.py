"""The chunks of OpenAI's chat completions as they really arrive: only the fields that are used, all optional.

The contract is `openai.types.chat.ChatCompletionChunk`; fields beyond it name the servers that send them.
Unknown fields are ignored. A field that the answer cannot do without makes the chunk malformed if its type is wrong;
any other, usage among them, may be of any type. An index may be a string of digits.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

NonNegative = Annotated[int, msgspec.Meta(ge=0)]

# gc=False: chunks hold no cycles and are made once for every token.


class Function(msgspec.Struct, gc=False):
    """A piece of a function call; a server that answers with whole calls may send the arguments as an object."""

    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class ToolCallPiece(msgspec.Struct, gc=False):
    """A piece of a tool call; `id` and the name come with the first piece, `index` says which call it is."""

    index: int | str | None = None
    id: str | None = None
    function: Function | None = None


class Delta(msgspec.Struct, gc=False):
    """What a chunk adds to the message; also the message of a whole completion."""

    content: str | list[Any] | None = None  # a list of typed parts: Mistral's reasoning models
    refusal: str | None = None
    tool_calls: list[ToolCallPiece] | None = None
    function_call: Function | None = None  # the form before tool calls, still sent by old servers
    annotations: Any = None  # url_citation: OpenAI's search models, OpenRouter
    reasoning_content: str | None = None  # DeepSeek, vLLM until 0.11, LiteLLM
    reasoning: str | None = None  # OpenRouter, Groq, Ollama, vLLM
    thinking_blocks: Any = None  # LiteLLM: signatures and redacted thinking of Anthropic
    images: Any = None  # OpenRouter and LiteLLM: generated images


class Choice(msgspec.Struct, gc=False):
    """One of the answers; only the first is ever asked for."""

    index: int | str | None = 0
    delta: Delta | None = None  # Azure's late content-filter results come without one
    message: Delta | None = None
    finish_reason: str | None = None


class TokenUsage(msgspec.Struct, gc=False):
    """Tokens as the model counted them."""

    prompt_tokens: NonNegative | None = None
    completion_tokens: NonNegative | None = None


class Chunk(msgspec.Struct, gc=False):
    """One event of the stream, or a whole completion (choices with `message`)."""

    choices: list[Choice] | None = None
    usage: Any = None  # see `token_usage`
    error: Any = None
    object: Any = None  # "error" makes the chunk itself the error: vLLM
    citations: Any = None  # URLs: Perplexity


decode: Final = msgspec.json.Decoder(Chunk).decode


def decode_leniently(data: bytes) -> Chunk:
    r"""Read a chunk that JSON allows and msgspec refuses: one with half a surrogate pair in a string.

    A proxy that cuts text by UTF-16 units sends "\ud83d" in one chunk and "\ude00" in the next.

    Raises:
        ValueError: it is not JSON, or a field has a wrong type.
    """
    import json  # noqa: PLC0415 - 3 ms of the cold path, needed by one stream in thousands

    try:
        return from_objects(json.loads(data))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def from_objects(value: Any) -> Chunk:
    """A chunk out of what `json.loads` gives, or an SDK's object as a dict.

    Half surrogate pairs become U+FFFD, save in text, where the other half may be in the next chunk.

    Raises:
        ValueError: a field has a wrong type.
    """
    return msgspec.convert(_without_halves(value), Chunk)


def token_usage(value: Any) -> TokenUsage | None:
    """The tokens that a chunk's `usage` tells; None for what is no usage: an answer can do without.

    Whole numbers may also come as floats or strings.
    """
    try:
        return msgspec.convert(value, TokenUsage, strict=False)
    except msgspec.ValidationError:
        return None


_TEXTS: Final = ("content", "refusal", "reasoning", "reasoning_content")


def _without_halves(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, dict):
        return {
            key: item if key in _TEXTS and isinstance(item, str) else _without_halves(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_without_halves(item) for item in value]
    return value
