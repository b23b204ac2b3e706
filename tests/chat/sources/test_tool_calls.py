"""Tool calls out of pieces: what no cut of them may change, and what cannot be used."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.clients import ProtocolName
from chat.envelopes import read_envelope
from chat.failures import FailureKind, SourceError
from chat.json_text import MAX_DEPTH_TO_COME_BACK
from chat.parts import ToolCall, ToolCallDelta, ToolCallStart
from chat.protocols.choice import encoder_for
from chat.requests import ChatRequest, read_chat_request
from chat.settings import Settings
from chat.sources.openai_chunks import Function, ToolCallPiece
from chat.sources.tool_calls import MAX_ARGUMENTS, MAX_CALLS, ToolCalls, ids_of

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT = Settings.from_environment({})


def piece(
    index: int | None = 0, call_id: str | None = None, name: str | None = None, arguments: Any = None
) -> ToolCallPiece:
    return ToolCallPiece(index, call_id, Function(name, arguments))


def play(*pieces: ToolCallPiece, reason: Any = "tool-calls") -> list[Any]:
    calls = ToolCalls()
    return [part for one in pieces for part in calls.feed(one)] + list(calls.finish(reason))


names = st.text("abc_", min_size=1, max_size=8)
arguments = st.dictionaries(st.text(max_size=3), st.none() | st.integers() | st.text(max_size=5), max_size=3)


@given(st.lists(st.tuples(names, arguments), max_size=4), st.data())
def test_calls_come_out_as_they_were_made(
    made: list[tuple[str, dict[str, Any]]], data: st.DataObject
) -> None:
    """Interleaved by index, arguments cut anywhere: OpenAI's rule in full."""
    queues: list[list[ToolCallPiece]] = []
    for index, (name, values) in enumerate(made):
        text = json.dumps(values)
        cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        queues.append(
            [piece(index, f"call-{index}", name, ""), *(piece(index, None, None, p) for p in pieces)]
        )
    mixed: list[ToolCallPiece] = []
    while any(queues):
        mixed.append(data.draw(st.sampled_from([queue for queue in queues if queue])).pop(0))
    parts = play(*mixed)
    starts = [part for part in parts if isinstance(part, ToolCallStart)]
    calls = {part.call_id: part for part in parts if isinstance(part, ToolCall)}
    assert [call.call_id for call in starts] == list(calls)
    for index, (name, values) in enumerate(made):
        key = f"call-{index}"
        assert calls[key] == ToolCall(key, name, values)
        deltas = [p.arguments for p in parts if isinstance(p, ToolCallDelta) and p.call_id == key]
        assert json.loads("".join(deltas)) == values
        assert all(deltas)


def test_an_id_of_an_earlier_round_is_not_used_again() -> None:
    """A page finds calls by id in the whole message: the new call would overwrite the old one."""
    earlier: list[dict[str, Any]] = [
        {"role": "user", "content": "x"},
        {"role": "assistant", "tool_calls": [{"id": "call_0"}]},
    ]
    calls = ToolCalls(ids_of(earlier))
    (start, _) = calls.feed(piece(0, "call_0", "f", "{}"))
    assert isinstance(start, ToolCallStart)
    assert start.call_id != "call_0"
    assert list(calls.finish("tool-calls")) == [ToolCall(start.call_id, "f", {})]


def test_a_call_is_announced_with_its_name() -> None:
    """As OpenAI sends it: name and empty arguments together. Nothing waits for the first argument."""
    assert list(ToolCalls().feed(piece(0, "c", "f", ""))) == [ToolCallStart("c", "f")]


def test_a_name_may_still_grow_while_no_arguments_have_come() -> None:
    calls = ToolCalls()
    assert list(calls.feed(piece(0, "c", "get_"))) == []
    assert list(calls.feed(piece(0, None, "weather"))) == []
    assert list(calls.feed(piece(0, None, None, "{}"))) == [
        ToolCallStart("c", "get_weather"),
        ToolCallDelta("c", "{}"),
    ]


def test_arguments_before_the_name_are_kept() -> None:
    assert play(piece(0, "c", None, '{"a":'), piece(0, None, "f", "1}")) == [
        ToolCallStart("c", "f"),
        ToolCallDelta("c", '{"a":'),
        ToolCallDelta("c", "1}"),
        ToolCall("c", "f", {"a": 1}),
    ]


def test_an_id_that_comes_late_is_the_id() -> None:
    assert play(piece(0, None, "f"), piece(0, "late", None, "{}"))[0] == ToolCallStart("late", "f")


@pytest.mark.parametrize("index", [0, None])
def test_whole_calls_without_ids_at_one_index_are_several(index: int | None) -> None:
    parts = play(piece(index, None, "f", '{"n": 1}'), piece(index, None, "f", '{"n": 2}'))
    calls = [part for part in parts if isinstance(part, ToolCall)]
    assert [call.arguments for call in calls] == [{"n": 1}, {"n": 2}]
    assert len({call.call_id for call in calls}) == 2


@pytest.mark.parametrize("text", ["", None])
def test_a_repeated_name_without_arguments_is_no_call_of_its_own(text: str | None) -> None:
    parts = play(piece(0, "a", "f", '{"n": 1}'), piece(0, None, "f", text), piece(1, "b", "f", "{}"))
    assert [part for part in parts if isinstance(part, ToolCall)] == [
        ToolCall("a", "f", {"n": 1}),
        ToolCall("b", "f", {}),
    ]


@pytest.mark.parametrize(("name", "arguments"), [("g", ""), ("f", {})])
def test_another_name_or_whole_arguments_after_a_whole_call_are_a_call(name: str, arguments: Any) -> None:
    parts = play(piece(0, None, "f", '{"n": 1}'), piece(0, None, name, arguments))
    calls = [part for part in parts if isinstance(part, ToolCall)]
    assert [(call.name, call.arguments) for call in calls] == [("f", {"n": 1}), (name, {})]


def test_without_an_index_an_id_says_which_call() -> None:
    parts = play(
        piece(None, "a", "f", '{"n":'),
        piece(None, "b", "g", '{"n":'),
        piece(None, "a", None, "1}"),
        piece(None, None, None, "2}"),
    )
    assert [part for part in parts if isinstance(part, ToolCall)] == [
        ToolCall("a", "f", {"n": 1}),
        ToolCall("b", "g", {"n": 2}),
    ]


@pytest.mark.parametrize("text", ["", "  ", "null", None])
def test_no_arguments_are_an_empty_object(text: str | None) -> None:
    assert play(piece(0, "c", "f", text))[-1] == ToolCall("c", "f", {})


@pytest.mark.parametrize("text", ["{", "[]", "1", '"{}"', "{'a': 1}", "[" * 100_000, '{"a": "\\ud83d"}'])
@pytest.mark.parametrize("reason", ["tool-calls", "stop"])
def test_arguments_that_are_no_object_fail(text: str, reason: str) -> None:
    """The client's check is "an object"; nothing that could be made up here is what the model meant."""
    with pytest.raises(SourceError, match="'f' has arguments that are not a JSON object") as caught:
        play(piece(0, "c", "f", text), reason=reason)
    assert caught.value.kind is FailureKind.BROKEN_STREAM


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"iban": "4711", }', "18 characters: JSON is malformed: .* \\(byte 17\\)"),
        ('{"iban": "4711', "14 characters: Input data was truncated"),
        ('["4711"]', "8 characters: it is an array"),
        ('"4711"', "6 characters: it is a string"),
        ("[" * 100_000, "100000 characters: it is nested more than 112 levels deep"),
    ],
)
def test_arguments_are_told_by_their_length_and_fault_alone(text: str, found: str) -> None:
    """They are a piece of the answer, which the log is not to have."""
    with pytest.raises(SourceError, match=found) as caught:
        play(piece(0, "c", "f", text))
    assert "4711" not in caught.value.detail


def nested(levels: int) -> str:
    return '{"__proto__":' * levels + "1" + "}" * levels


@pytest.mark.parametrize("levels", [MAX_DEPTH_TO_COME_BACK + 1, 600, 100_000])
def test_arguments_too_deep_to_come_back_fail(levels: int) -> None:
    """The page would post them with the next question, and every later one: a conversation of refusals."""
    with pytest.raises(SourceError, match=r"'f' has arguments .* nested more than 112 levels deep") as caught:
        play(piece(0, "c", "f", nested(levels)))
    assert caught.value.kind is FailureKind.BROKEN_STREAM


def test_so_do_those_that_came_as_an_object() -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"a": deep}
    with pytest.raises(SourceError, match="nested too deeply"):
        play(piece(0, "c", "f", deep))


def posted(call: ToolCall) -> Iterator[dict[str, Any]]:
    """Events in which pages post a call back, each as deep as it can be."""
    ui = {
        "type": "tool-f",
        "toolCallId": "c",
        "state": "output-available",
        "input": call.arguments,
        "output": 1,
    }
    v4 = {"state": "result", "toolCallId": "c", "toolName": "f", "args": call.arguments, "result": 1}
    question = {"role": "user", "content": "Hi", "parts": [{"type": "text", "text": "Hi"}]}
    for answer in (
        {"role": "assistant", "parts": [ui]},
        {"role": "assistant", "content": "", "parts": [{"type": "tool-invocation", "toolInvocation": v4}]},
    ):
        payload = {"messages": [question, answer]}
        yield {"action": "chat-v2-stream", "payload": payload}
        yield {"httpMethod": "POST", "path": "/", "body": json.dumps({"payload": payload})}


def test_the_deepest_arguments_can_be_posted_back_and_told_in_every_protocol() -> None:
    call = play(piece(0, "c", "f", nested(MAX_DEPTH_TO_COME_BACK)))[-1]
    assert isinstance(call, ToolCall)
    for event in posted(call):
        request = read_chat_request(read_envelope(event, DEFAULT).payload, DEFAULT)
        assert request.messages[1]["tool_calls"][0]["function"]["arguments"].count("__proto__") == 112
    for protocol in get_args(ProtocolName):
        encoder_for(ChatRequest([], "m", protocol=protocol)).encode([call])


@pytest.mark.parametrize("name", ["pay 4711", "4711" * 20])
def test_a_name_that_is_none_is_not_shown(name: str) -> None:
    with pytest.raises(SourceError, match=f"with a name of {len(name)} characters has arguments") as caught:
        play(piece(0, "c", name, "["))
    assert "4711" not in caught.value.detail


@pytest.mark.parametrize("reason", ["length", "content-filter"])
def test_a_call_that_was_cut_off_is_left_out(reason: str) -> None:
    parts = play(piece(0, "a", "f", "{}"), piece(1, "b", "g", '{"a'), reason=reason)
    assert [part for part in parts if isinstance(part, ToolCall)] == [ToolCall("a", "f", {})]


def test_a_call_without_a_name_fails() -> None:
    with pytest.raises(SourceError, match="has no name"):
        play(piece(0, "c", None, "{}"))


def test_calls_are_bounded() -> None:
    with pytest.raises(SourceError, match="tool calls"):
        play(*(piece(index, f"c{index}", "f", "{}") for index in range(MAX_CALLS + 1)))


def test_arguments_are_bounded() -> None:
    with pytest.raises(SourceError, match="longer"):
        play(*(piece(0, "c", "f", "x" * 1_000_000) for _ in range(MAX_ARGUMENTS // 1_000_000 + 1)))


whatever = st.builds(
    piece,
    st.none() | st.integers(0, 2),
    st.none() | st.sampled_from(["", "a", "b"]),
    st.none() | st.sampled_from(["", "f", "g"]),
    st.none() | st.sampled_from(["", "{}", '{"n":', "1}", "null"]) | st.just({"n": 1}),
)


@given(st.lists(whatever | st.just(ToolCallPiece()), max_size=12))
def test_whatever_comes_calls_are_announced_once_and_before_their_pieces(pieces: list[ToolCallPiece]) -> None:
    calls = ToolCalls()
    parts: list[Any] = [part for one in pieces for part in calls.feed(one)]
    with contextlib.suppress(SourceError):
        parts += calls.finish("tool-calls")
    announced: dict[str, str] = {}
    for part in parts:
        if isinstance(part, ToolCallStart):
            assert part.call_id not in announced
            assert part.name
            announced[part.call_id] = part.name
        else:
            assert part.call_id in announced
            if isinstance(part, ToolCall):
                assert announced[part.call_id] == part.name
