"""What the stand-in says to a conversation: text, or calls of the tools that the message asks for."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from emulator.stand_in_model.failures import FAILURES
from emulator.stand_in_model.showcase import SHOWS, Show

DEFAULT_MODEL = "stand-in"
LENGTH_TOKENS = 20
BEHAVIOURS = frozenset(("content-filter", "length", "cut", "slow", "silent"))
_QUOTE = 120
# Words of tool names that say nothing of what a tool is for.
_FILLERS = frozenset(
    ("get", "set", "the", "and", "for", "from", "with", "call", "tool", "run", "list", "current")
)


class BadRequest(Exception):  # noqa: N818 - becomes a 400, not a fault of this program
    """The request is wrong; the arguments are the message and the parameter at fault."""


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer before it is cut into chunks: `tokens` of text or `tool_calls`, and how it ends.

    `trigger` is the failure or behaviour that was asked for, or "". `annotations` and `images` come with a whole text,
    after it.
    """

    model: str
    tokens: list[str]
    tool_calls: list[dict[str, Any]]
    finish_reason: str
    prompt_tokens: int
    trigger: str
    reasoning: list[str] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)

    @property
    def usage(self) -> dict[str, Any]:
        """Token counts; a token here is a word with the space before it."""
        called = sum(len(pieces(call["function"]["arguments"])) for call in self.tool_calls)
        spoken = len(self.reasoning) + len(self.tokens) + called
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": spoken,
            "total_tokens": self.prompt_tokens + spoken,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": len(self.reasoning),
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        }


def complete(body: dict[str, Any]) -> Completion:
    """Answer a chat completions request.

    Raises:
        BadRequest: it has no model, or messages that are none.
    """
    model, messages = body.get("model"), body.get("messages")
    if not isinstance(model, str) or not model:
        raise BadRequest("you must provide a model parameter", "model")
    if not isinstance(messages, list) or not messages:
        raise BadRequest("Invalid 'messages': expected a non-empty array.", "messages")
    if not all(isinstance(message, dict) and isinstance(message.get("role"), str) for message in messages):
        raise BadRequest("Invalid 'messages': expected objects with a 'role'.", "messages")
    said = _text(messages[-1])
    trigger = _trigger(model, said)
    prompt_tokens = sum(4 + len(_words(_text(message))) for message in messages)
    if calls := _tool_calls(body, messages[-1]):
        return Completion(model, [], calls, "tool_calls", prompt_tokens, trigger)
    # After a tool's result the model must speak of it, whatever the result's text is.
    show = SHOWS.get(trigger) if messages[-1]["role"] == "user" else None
    show = show or Show(_reply(messages, said))
    tokens = _words(show.text)
    finish_reason = "content_filter" if trigger == "content-filter" else "stop"
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    limit = limit if isinstance(limit, int) and limit > 0 else len(tokens)
    limit = min(limit, LENGTH_TOKENS) if trigger == "length" else limit
    if limit < len(tokens):
        tokens, finish_reason, show = tokens[:limit], "length", Show("", reasoning=show.reasoning)
    return Completion(
        model,
        tokens,
        [],
        finish_reason,
        prompt_tokens,
        trigger,
        reasoning=_words(show.reasoning),
        annotations=show.annotations,
        images=show.images,
    )


def pieces(text: str) -> list[str]:
    """Text cut as tokens would cut it: a few characters each."""
    return re.findall(r".{1,6}", text, re.DOTALL)


def _words(text: str) -> list[str]:
    return re.findall(r"\s*\S+|\s+$", text)


def _text(message: dict[str, Any]) -> str:
    """A message's text, its text parts joined."""
    content = message.get("content")
    if isinstance(content, list):
        texts = (part.get("text") for part in content if isinstance(part, dict))
        return " ".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""


def _trigger(model: str, said: str) -> str:
    known = BEHAVIOURS | FAILURES.keys() | SHOWS.keys()
    asked = said.strip().removeprefix("/") if said.strip().startswith("/") else model
    return asked if asked in known else ""


def _reply(messages: list[dict[str, Any]], said: str) -> str:
    quoted = " ".join(said.split())
    quoted = f"{quoted[:_QUOTE].rstrip()}…" if len(quoted) > _QUOTE else quoted
    if messages[-1]["role"] == "tool":
        return (
            f"The tool returned: {quoted}. I am the stand-in model of this project, not a real one, so I can only "
            "repeat what it said. What you have just seen is a whole round with a tool: the call streamed out, "
            "its result came back in, and this answer followed."
        )
    turns = sum(message["role"] == "user" for message in messages)
    which = "your first message" if turns == 1 else f"message number {turns} of this conversation"
    said_so = f"You wrote: “{quoted}”" if quoted else "You wrote nothing that I can read"
    return (
        f"Hello! I am a stand-in, not a real model: I run on this machine, need no key and know nothing. {said_so}. "
        f"That was {which}. Each word of this answer leaves me on its own, a few hundredths of a second after the "
        "one before, passes through the function and the Runtime API as it would on Lambda, and reaches you "
        "before I have written the next. Set OPENAI_API_KEY to hear from a real model instead."
    )


def _tool_calls(body: dict[str, Any], last: dict[str, Any]) -> list[dict[str, Any]]:
    choice = body.get("tool_choice")
    tools = body.get("tools") or []
    if not isinstance(tools, list):
        raise BadRequest("Invalid 'tools': expected an array.", "tools")
    declared = [_function(tool) for tool in tools]
    if not declared or choice == "none":
        return []
    if isinstance(choice, dict):
        chosen = choice.get("function")
        named = chosen.get("name") if isinstance(chosen, dict) else None
        wanted = [function for function in declared if function["name"] == named]
        if not wanted:
            raise BadRequest(f"Tool choice {named!r} not found in 'tools' parameter.", "tool_choice")
    elif last["role"] != "user":
        return []
    else:
        said = {word.lower() for word in re.findall(r"\w+", _text(last))}
        wanted = [function for function in declared if _name_words(function["name"]) & said]
        if choice == "required":
            wanted = wanted or declared[:1]
    said_text = _text(last)
    return [
        {
            "id": f"call_{secrets.token_hex(12)}",
            "type": "function",
            "function": {
                "name": function["name"],
                "arguments": json.dumps(_arguments(function, said_text), ensure_ascii=False),
            },
        }
        for function in wanted
    ]


def _function(tool: Any) -> dict[str, Any]:
    if not isinstance(tool, dict) or not isinstance(tool.get("function"), dict):
        raise BadRequest("Invalid 'tools': expected objects with a 'function'.", "tools")
    if not isinstance(tool["function"].get("name"), str):
        raise BadRequest("Invalid 'tools': a function has no 'name'.", "tools")
    function: dict[str, Any] = tool["function"]
    return function


def _arguments(function: dict[str, Any], said: str) -> dict[str, Any]:
    """An object that the function's parameters allow."""
    value = _example(function.get("parameters") or {"type": "object"}, said)
    if not isinstance(value, dict):
        raise BadRequest(f"Invalid schema for function {function['name']!r}: it must be an object.", "tools")
    return value


def _name_words(name: str) -> set[str]:
    """`getWeather` and `get_weather` are about weather."""
    words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)}
    return words - _FILLERS or words


def _example(schema: Any, said: str) -> Any:
    """A value that a JSON Schema allows, made from the message where it is a string or a number."""
    schema = schema if isinstance(schema, dict) else {"type": "string"}
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        named = [value for value in choices if str(value).lower() in said.lower()]
        return (named or choices)[0]
    number = re.search(r"-?\d{1,15}(?:\.\d{1,15})?", said, re.ASCII)
    simple = {
        "integer": int(number[0].partition(".")[0]) if number else 1,
        "number": float(number[0]) if number else 1.0,
        "boolean": True,
        "null": None,
        "string": _subject(said),
    }
    kinds = schema.get("type", "object")
    kind = kinds[0] if isinstance(kinds, list) and kinds else kinds
    if kind == "array":
        return [_example(schema.get("items"), said)]
    if kind != "object":
        return simple.get(kind) if isinstance(kind, str) else None
    properties = schema.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    required = schema.get("required")
    if isinstance(required, list):
        names = [name for name in required if isinstance(name, str)]
    else:
        # All are optional: a text is given only where the message names something that it could be.
        names = [name for name in properties if _named(said) or not _is_text(properties[name])]
    return {name: _example(properties.get(name), said) for name in names}


def _is_text(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("type") == "string" and not schema.get("enum")


def _subject(said: str) -> str:
    """What the message is about: what it names, else all of it."""
    return _named(said) or said.strip()


def _named(said: str) -> str:
    """The last capitalised words of a message that do not begin it: `New York`, `Europe/Berlin`; "" if none."""
    names = re.findall(r"(?<=\s)[A-ZÀ-Þ][\w/-]*(?:\s+[A-ZÀ-Þ][\w/-]*)*", said)
    return names[-1] if names else ""
