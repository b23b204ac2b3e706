"""Tool calls out of their pieces, as different servers cut them.

The rule is OpenAI's: a call is known by its `index`; id and name come with its first piece, the arguments in
pieces of JSON text. What other servers do, and is understood:
- no index (Gemini): a piece with a name begins a call, one without continues the last.
- the same index for parallel calls (Ollama, Gemini): a new id together with a name begins a new call, and so
  does a name, with no id, after arguments that are already whole.
- a fresh id on every piece (old vLLM): without a name it continues the call.
- id, name or `type` repeated on every piece (LiteLLM): nothing new. Neither is the name alone, without arguments, on
  a last piece.
- no id: one is made, since clients match results by it. An id used twice becomes two.
- the name in several pieces before the arguments.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import msgspec

from chat.failures import FailureKind, SourceError
from chat.fields import kind
from chat.json_text import MAX_DEPTH_TO_COME_BACK, encode_json, is_deeper
from chat.parts import ToolCall, ToolCallDelta, ToolCallStart

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chat.parts import FinishReason
    from chat.sources.openai_chunks import ToolCallPiece

# More than any model makes in one answer; the bound keeps a server gone mad from filling the memory.
MAX_CALLS: Final = 512
MAX_ARGUMENTS: Final = 8 * 1024 * 1024
MAX_NAME: Final = 64

_TOO_DEEP: Final = f"it is nested more than {MAX_DEPTH_TO_COME_BACK} levels deep"
_CUT_OFF: Final = ("length", "content-filter")


def new_id(prefix: str) -> str:
    """A random id, 96 bits."""
    return f"{prefix}_{os.urandom(12).hex()}"


def ids_of(messages: Iterable[dict[str, Any]]) -> set[str]:
    """The ids of all tool calls in a conversation of OpenAI messages."""
    return {call["id"] for message in messages for call in message.get("tool_calls") or ()}


class _Call:
    __slots__ = ("announced", "call_id", "name", "pieces", "wire_id")

    def __init__(self, wire_id: str | None) -> None:
        self.wire_id = wire_id
        self.call_id = ""
        self.name = ""
        self.announced = False
        self.pieces: list[str] = []


class ToolCalls:
    """The calls of one answer.

    Args:
        taken: ids of the conversation's earlier calls. A page finds calls by id in the whole message that
            several rounds make up, and servers that count (`call_0`) begin anew in each.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._calls: list[_Call] = []
        self._by_index: dict[str, _Call] = {}
        self._ids = set(taken)
        self._size = 0

    def feed(self, piece: ToolCallPiece) -> Iterator[ToolCallStart | ToolCallDelta]:
        """Yield what a piece tells.

        A call is announced once its name is whole: when arguments (even empty ones, as OpenAI sends them with
        the name) have come, or the answer ends.

        Raises:
            SourceError: BROKEN_STREAM, more calls or longer arguments than MAX_CALLS, MAX_ARGUMENTS, or arguments
                that are no text and nested too deeply to become one.
        """
        function = piece.function
        name = (function.name if function else None) or ""
        call = self._find(piece, name)
        if not call.wire_id and piece.id and not call.announced:
            call.wire_id = piece.id
        if name and not call.announced and name != call.name:
            call.name += name
        arguments = function.arguments if function else None
        if arguments is None:
            return
        if not isinstance(arguments, str):
            arguments = _text(arguments)
        if call.name and not call.announced:
            yield self._announce(call)
            if call.pieces:
                yield ToolCallDelta(call.call_id, "".join(call.pieces))
        if arguments:
            self._size += len(arguments)
            if self._size > MAX_ARGUMENTS:
                raise _broken(f"the arguments of its tool calls are longer than {MAX_ARGUMENTS} characters")
            call.pieces.append(arguments)
            if call.announced:
                yield ToolCallDelta(call.call_id, arguments)

    def finish(self, reason: FinishReason) -> Iterator[ToolCallStart | ToolCall]:
        """Yield the complete calls, in the order in which they began.

        Empty arguments are `{}`. A call whose arguments the model could not complete because it reached its
        length limit or a filter is left out: the finish reason tells the client.

        Raises:
            SourceError: BROKEN_STREAM, the arguments are not a JSON object, or one nested more deeply than a request
                may be, or a call has no name. No client accepts such a call, or no server its conversation, and the
                model's own words cannot be repaired by guessing.
        """
        for call in self._calls:
            text = "".join(call.pieces)
            arguments = _parse(text)
            if arguments is None or not call.name:
                if reason in _CUT_OFF:
                    continue
                # The arguments are not shown: they are a piece of the answer.
                what = (
                    f"{_shown(call.name)} has arguments that are not a JSON object"
                    if call.name
                    else "has no name"
                )
                raise _broken(f"its tool call {what} ({len(text)} characters: {_found(text)})")
            if not call.announced:
                yield self._announce(call)
            yield ToolCall(call.call_id, call.name, arguments)

    def _find(self, piece: ToolCallPiece, name: str) -> _Call:
        if piece.index is not None:
            known = self._by_index.get(str(piece.index))
        else:
            same_id = (call for call in reversed(self._calls) if piece.id and call.wire_id == piece.id)
            known = next(same_id, self._calls[-1] if self._calls else None)
        if known is None:
            return self._begin(piece)
        if not name or not known.name:
            return known
        if piece.id and known.wire_id:
            return known if piece.id == known.wire_id else self._begin(piece)
        empty = piece.function is None or piece.function.arguments in (None, "")
        if piece.index is not None and name == known.name and empty:
            return known
        whole = bool(known.pieces) and _parse("".join(known.pieces)) is not None
        if whole or (piece.index is None and known.announced):
            return self._begin(piece)
        return known

    def _begin(self, piece: ToolCallPiece) -> _Call:
        if len(self._calls) >= MAX_CALLS:
            raise _broken(f"it makes more than {MAX_CALLS} tool calls")
        call = _Call(piece.id or None)
        self._calls.append(call)
        if piece.index is not None:
            self._by_index[str(piece.index)] = call
        return call

    def _announce(self, call: _Call) -> ToolCallStart:
        call.call_id = call.wire_id or new_id("call")
        if call.call_id in self._ids:
            call.call_id = new_id("call")
        self._ids.add(call.call_id)
        call.announced = True
        return ToolCallStart(call.call_id, call.name)


def _parse(text: str) -> dict[str, Any] | None:
    """The arguments' object; None if they are not one, or too deep. Servers send nothing, or null, for none at all."""
    if not text.strip():
        return {}
    try:
        value = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return None
    if value is None:
        return {}
    return value if isinstance(value, dict) and not is_deeper(value, MAX_DEPTH_TO_COME_BACK) else None


def _text(arguments: Any) -> str:
    """The JSON of arguments that a server has sent as an object."""
    try:
        return encode_json(arguments).decode()
    except RecursionError:
        raise _broken("the arguments of a tool call are nested too deeply") from None


def _found(text: str) -> str:
    """What arguments are instead of an object, as far as it can be said without showing them."""
    try:
        value = msgspec.json.decode(text or "{}")
    except ValueError as error:
        return str(error)
    except RecursionError:
        return _TOO_DEEP
    return _TOO_DEEP if isinstance(value, dict) else f"it is {kind(value)}"


def _shown(name: str) -> str:
    """The name of a function, if it can be one (OpenAI: `^[a-zA-Z0-9_-]{1,64}$`): a model may write anything there."""
    possible = len(name) <= MAX_NAME and name.isascii() and name.replace("_", "a").replace("-", "a").isalnum()
    return repr(name) if possible else f"with a name of {len(name)} characters"


def _broken(why: str) -> SourceError:
    return SourceError(FailureKind.BROKEN_STREAM, f"The model's answer cannot be used: {why}.")
