"""The data stream against its grammar, the real client, and the SDK's own server."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.json_text import sound_text
from chat.parts import (
    Abort,
    Annotation,
    Data,
    DocumentSource,
    Error,
    File,
    Finish,
    Part,
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
    Usage,
)
from chat.protocols import Encoder, PartOrderError
from chat.protocols.data_stream import DataStream, message_id
from tests.chat.part_strategies import answers, any_parts

if TYPE_CHECKING:
    from tests.clients.ai4 import Ai4

# An `e` may also stand between the parts of a step: behind a call that waits for the page.
GRAMMAR = re.compile(r"(?!.*ee)[28]*(f[gjihk0bc9a28e]*e[28]*)*(d|(f[gjihk0bc9a28e]*)?3)")
ID = "msg-000000000000000000000000"


ANSWERS = (ToolResult, ToolError, ToolInputError, ToolDenied)


def lines(encoded: bytes) -> list[tuple[str, Any]]:
    """Code and value of each line, as strictly as the client reads them."""
    assert encoded == b"" or encoded.endswith(b"\n")
    found = []
    for line in encoded.decode().split("\n")[:-1]:
        if line:
            code, colon, text = line.partition(":")
            assert colon
            found.append((code, json.loads(text, parse_constant=pytest.fail)))
    return found


def codes(encoded: bytes) -> str:
    return "".join(code for code, _ in lines(encoded))


def encode(*parts: Part) -> bytes:
    return DataStream(ID).encode(parts)


def shown_text(parts: list[Part], kind: type[TextDelta | ReasoningDelta] = TextDelta) -> str:
    return "".join(sound_text(part.text) for part in parts if isinstance(part, kind))


EVERY_PART: list[tuple[Part, str, Any]] = [
    (TextDelta("Grüße\n"), "0", "Grüße\n"),
    (ReasoningDelta("hm"), "g", "hm"),
    (RedactedReasoning("x9"), "i", {"data": "x9"}),
    (ReasoningSignature("s1"), "j", {"signature": "s1"}),
    (Source("1", "https://a.test/"), "h", {"sourceType": "url", "id": "1", "url": "https://a.test/"}),
    (
        Source("1", "https://a.test/", "A"),
        "h",
        {"sourceType": "url", "id": "1", "url": "https://a.test/", "title": "A"},
    ),
    (File("AAAA", "image/png"), "k", {"data": "AAAA", "mimeType": "image/png"}),
    (Data({"a": [1]}), "2", [{"a": [1]}]),
    (Annotation("mark"), "8", ["mark"]),
    (ToolCallStart("c1", "weather"), "b", {"toolCallId": "c1", "toolName": "weather"}),
    (
        ToolCall("c1", "weather", {"at": "x"}),
        "9",
        {"toolCallId": "c1", "toolName": "weather", "args": {"at": "x"}},
    ),
    (ToolInputError("c1", "weather", "{", "no"), "a", {"toolCallId": "c1", "result": {"error": "no"}}),
    (
        DocumentSource("1", "text/plain", "T"),
        "8",
        [{"type": "source-document", "sourceId": "1", "mediaType": "text/plain", "title": "T"}],
    ),
    (Data(1, "rate"), "2", [{"type": "data-rate", "data": 1}]),
    (Error("no"), "3", "no"),
    (Abort(), "d", {"finishReason": "other"}),
]


@pytest.mark.parametrize(("part", "code", "value"), EVERY_PART, ids=lambda case: type(case).__name__)
def test_each_part_has_its_line(part: Part, code: str, value: Any) -> None:
    assert lines(encode(part))[-1] == (code, value)


def test_a_whole_answer() -> None:
    parts: list[Part] = [
        TextDelta("Let me see."),
        ToolCallStart("c1", "weather"),
        ToolCallDelta("c1", '{"at":'),
        ToolCallDelta("c1", '"here"}'),
        ToolCall("c1", "weather", {"at": "here"}),
        ToolResult("c1", None),
        StepFinish("tool-calls", Usage(10, 5)),
        TextDelta("Sunny."),
        Finish("stop", Usage(20, 3)),
    ]
    assert encode(*parts).decode().splitlines() == [
        f'f:{{"messageId":"{ID}"}}',
        '0:"Let me see."',
        'b:{"toolCallId":"c1","toolName":"weather"}',
        'c:{"toolCallId":"c1","argsTextDelta":"{\\"at\\":"}',
        'c:{"toolCallId":"c1","argsTextDelta":"\\"here\\"}"}',
        '9:{"toolCallId":"c1","toolName":"weather","args":{"at":"here"}}',
        'a:{"toolCallId":"c1","result":null}',
        'e:{"finishReason":"tool-calls","usage":{"promptTokens":10,"completionTokens":5},"isContinued":false}',
        f'f:{{"messageId":"{ID}"}}',
        '0:"Sunny."',
        'e:{"finishReason":"stop","usage":{"promptTokens":20,"completionTokens":3},"isContinued":false}',
        'd:{"finishReason":"stop","usage":{"promptTokens":30,"completionTokens":8}}',
    ]


def test_headers_are_those_of_the_sdk(ai4: Ai4) -> None:
    served = ai4.serve([{"type": "finish", "finishReason": "stop", "usage": {"promptTokens": 1}}])["headers"]
    encoder: Encoder = DataStream()
    ours = {"content-type": encoder.content_type} | {k.lower(): v for k, v in encoder.headers.items()}
    assert ours == served


def test_a_message_id_has_the_form_of_the_sdk(ai4: Ai4) -> None:
    finish = {"type": "finish", "finishReason": "stop", "usage": {"promptTokens": 1, "completionTokens": 1}}
    theirs = lines(ai4.serve([finish])["text"].encode())[0][1]["messageId"]
    for identity in (theirs, message_id()):
        assert re.fullmatch(r"msg-[0-9A-Za-z]{24}", identity)
    assert message_id() != message_id()


# Order


def test_text_after_an_answered_call_opens_a_new_step() -> None:
    """Only `e` ends a text part in the client; the texts would be glued together."""
    parts: list[Part] = [
        TextDelta("A"),
        ToolCall("c", "t", {}),
        ToolResult("c", 1),
        TextDelta("B"),
        Finish("stop"),
    ]
    assert codes(encode(*parts)) == "f09aef0ed"


def test_text_after_a_call_for_the_page_stands_apart_and_the_round_still_runs(ai4: Ai4) -> None:
    """A new `f` would end the conversation there: the page looks for calls behind the last one only."""
    encoded = encode(TextDelta("A"), ToolCall("c", "t", {}), TextDelta("B"), Finish("tool-calls"))
    assert codes(encoded) == "f09e0ed"
    chat = ai4.chat(encoded, results={"t": 1})
    assert chat["continues"]
    texts = [part["text"] for part in chat["message"]["parts"] if part["type"] == "text"]
    assert texts == ["A", "B"]


def test_blanks_after_a_tool_call_open_no_step(ai4: Ai4) -> None:
    """Servers that parse calls out of the text send the line breaks around them; the next round must still run."""
    encoded = encode(
        TextDelta("A"), ToolCall("c", "t", {}), TextDelta("\n"), TextDelta("\n"), Finish("tool-calls")
    )
    assert codes(encoded) == "f090ed"
    chat = ai4.chat(encoded, results={"t": 1})
    assert chat["continues"]
    assert chat["message"]["content"] == "A\n\n"


def test_blanks_after_a_tool_call_stay_before_the_text_that_follows() -> None:
    encoded = encode(ToolCall("c", "t", {}), TextDelta("\n"), ToolCall("d", "t", {}), TextDelta(" B"))
    assert codes(encoded) == "f99e0"
    assert lines(encoded)[-1] == ("0", "\n B")


def test_blanks_after_a_tool_call_are_kept_when_the_answer_fails() -> None:
    assert lines(encode(ToolCall("c", "t", {}), TextDelta("\n"), Error("no")))[2:] == [
        ("0", "\n"),
        ("3", "no"),
    ]


def test_reasoning_after_a_result_opens_a_new_step() -> None:
    """Else the client joins it to the reasoning before, and the last signature covers both."""
    parts: list[Part] = [
        ReasoningDelta("A"),
        ToolCall("c", "t", {}),
        ToolResult("c", 1),
        ReasoningDelta("B"),
        Finish("stop"),
    ]
    assert codes(encode(*parts)) == "fg9aefged"


def test_reasoning_between_calls_stays_in_their_step() -> None:
    assert codes(encode(ToolCall("c", "t", {}), ReasoningDelta("B"), ToolCall("d", "t", {}))) == "f9g9"


def test_a_call_that_went_wrong_is_told_as_its_result(ai4: Ai4) -> None:
    """ai@4 knows no errors of tools; the model reads them with the next round."""
    encoded = encode(
        ToolInputError("c", "t", "{", "not JSON"),
        *(ToolCall("d", "t", {}), ToolError("d", "broke"), ToolCall("e", "t", {}), ToolDenied("e")),
        Finish("tool-calls"),
    )
    assert codes(encoded) == "f9a9a9aed"
    results = {i["toolCallId"]: i["result"] for i in ai4.chat(encoded)["message"]["toolInvocations"]}
    denied = {"error": "The user did not allow this call."}
    assert results == {"c": {"error": "not JSON"}, "d": {"error": "broke"}, "e": denied}


def test_approval_is_asked_by_an_annotation() -> None:
    asked = encode(ToolCall("c", "t", {}), ToolApprovalRequest("c", "a1"), Finish("tool-calls"))
    assert codes(asked) == "f98ed"


def test_a_stopped_answer_ends_well_and_no_round_follows(ai4: Ai4) -> None:
    """The page runs its tool all the same, but does not post the result: the user has stopped the answer."""
    encoded = encode(TextDelta("A"), ToolCall("c", "t", {}), Abort())
    assert codes(encoded) == "f09efed"
    chat = ai4.chat(encoded, results={"t": 1})
    assert not chat["continues"]
    assert chat["error"] is None
    assert chat["finish"]["finishReason"] == "other"
    assert codes(encode(TextDelta("A"), Abort())) == "f0ed"


def test_an_answer_without_parts_is_still_a_message() -> None:
    assert codes(encode(Finish("content-filter"))) == "fed"


def test_empty_deltas_say_nothing() -> None:
    assert encode(TextDelta(""), ReasoningDelta("")) == b""


def test_an_error_before_the_first_part_makes_no_message(ai4: Ai4) -> None:
    """An `f` would put an empty answer above the error in the page."""
    encoded = encode(Error("The model is rate limited."))
    assert encoded == b'3:"The model is rate limited."\n'
    chat = ai4.chat(encoded)
    assert chat["message"] is None
    assert chat["error"] == {"name": "Error", "message": "The model is rate limited."}


def test_an_error_keeps_the_text_before_it(ai4: Ai4) -> None:
    chat = ai4.chat(encode(TextDelta("Half an ans"), Error("broke off")))
    assert chat["message"]["content"] == "Half an ans"
    assert chat["error"]["message"] == "broke off"
    assert chat["finish"] is None


def test_an_answer_has_not_ended_before_its_terminal_part() -> None:
    stream = DataStream()
    stream.encode([TextDelta("A"), StepFinish("stop")])
    assert not stream.ended


def test_nothing_follows_the_end() -> None:
    for terminal in (Finish("stop"), Error("no"), Abort()):
        stream = DataStream()
        stream.encode([terminal])
        assert stream.ended
        assert stream.heartbeat() == b""
        for part in (TextDelta("more"), Finish("stop"), Error("no"), Abort()):
            with pytest.raises(PartOrderError, match="after the end"):
                stream.encode([part])


@pytest.mark.parametrize(
    "parts",
    [
        [ToolCallDelta("c", "{")],
        [ToolResult("c", 1)],
        [ToolCallStart("c", "t"), ToolResult("c", 1)],
        [ToolCallStart("c", "t"), ToolCallStart("c", "t")],
        [ToolCall("c", "t", {}), ToolCallStart("c", "t")],
        [ToolCall("c", "t", {}), ToolCallDelta("c", "{")],
        [ToolCall("c", "t", {}), ToolCall("c", "t", {})],
        [ToolCall("c", "t", {}), ToolResult("c", 1), ToolResult("c", 1)],
        [ToolCall("c", "t", {}), ToolResult("c", 1), ToolError("c", "no")],
        [ToolCall("c", "t", {}), ToolInputError("c", "t", {}, "no")],
        [ToolInputError("c", "t", {}, "no"), ToolResult("c", 1)],
        [ToolCallStart("c", "t"), ToolApprovalRequest("c", "a")],
        [ToolCall("c", "t", {}), ToolApprovalRequest("c", "a"), ToolApprovalRequest("c", "b")],
        [ToolDenied("c")],
    ],
)
def test_a_tool_part_that_its_call_does_not_wait_for(parts: list[Part]) -> None:
    """What came before it in the batch is not lost, and the error part may follow."""
    stream = DataStream(ID)
    with pytest.raises(PartOrderError) as caught:
        stream.encode([TextDelta("A"), *parts, TextDelta("never")])
    legal = encode(TextDelta("A"), *parts[:-1])
    assert caught.value.encoded == legal
    assert codes(stream.encode([Error("no")])) == "3"


def test_a_heartbeat_means_nothing_to_the_client(ai4: Ai4) -> None:
    stream = DataStream()
    reads = [stream.heartbeat(), stream.encode([TextDelta("A")]), stream.heartbeat(), stream.heartbeat()]
    reads.append(stream.encode([Finish("stop")]))
    assert ai4.parts(*reads) == ai4.parts(reads[1], reads[-1])
    assert ai4.chat(*reads)["error"] is None


# Usage


def test_unknown_usage_is_left_out(ai4: Ai4) -> None:
    assert lines(encode(Finish("stop")))[1:] == [
        ("e", {"finishReason": "stop", "isContinued": False}),
        ("d", {"finishReason": "stop"}),
    ]
    assert ai4.chat(encode(Finish("stop")))["error"] is None


def test_one_unknown_usage_makes_the_sum_unknown() -> None:
    encoded = encode(StepFinish("tool-calls"), Finish("stop", Usage(1, 2)))
    assert lines(encoded)[-1] == ("d", {"finishReason": "stop"})


def test_usage_reaches_the_page(ai4: Ai4) -> None:
    finish = ai4.chat(encode(StepFinish("tool-calls", Usage(1, 2)), Finish("length", Usage(3, 4))))["finish"]
    assert finish == {
        "finishReason": "length",
        "usage": {"promptTokens": 4, "completionTokens": 6, "totalTokens": 10},
    }


# Any parts at all


@given(answers(), st.lists(st.integers(0, 3), max_size=4))
@settings(max_examples=150)
def test_every_legal_answer_reaches_the_client_whole(ai4: Ai4, parts: list[Part], cuts: list[int]) -> None:
    """However batched: the grammar holds, the client throws on nothing, and no text is lost or moved."""
    stream, rest, reads = DataStream(), list(parts), []
    for size in cuts:
        reads.append(stream.encode(rest[:size]) + stream.heartbeat())
        del rest[:size]
    reads.append(stream.encode(rest))
    encoded = b"".join(reads)
    assert GRAMMAR.fullmatch(codes(encoded)), codes(encoded)
    assert stream.ended

    seen = ai4.parts(*reads)
    assert "error" not in seen, seen
    assert "".join(value for name, value in seen["seen"] if name == "text") == shown_text(parts)
    assert "".join(value for name, value in seen["seen"] if name == "reasoning") == shown_text(
        parts, ReasoningDelta
    )
    assert len({value["messageId"] for name, value in seen["seen"] if name == "start_step"}) <= 1

    chat = ai4.chat(*reads)
    terminal = parts[-1]
    if isinstance(terminal, Error):
        assert chat["error"] == {"name": "Error", "message": sound_text(terminal.message)}
    else:
        assert chat["error"] is None, chat
        reason = terminal.reason if isinstance(terminal, Finish) else "other"
        assert chat["finish"]["finishReason"] == reason
        assert chat["message"]["content"] == shown_text(parts)
    results = [part.call_id for part in parts if isinstance(part, ANSWERS)]
    invocations = (chat["message"] or {}).get("toolInvocations", [])
    assert {i["toolCallId"] for i in invocations if i["state"] == "result"} == set(results)


@given(answers(), st.data())
@settings(max_examples=60)
def test_the_client_reads_the_same_however_the_bytes_are_cut(
    ai4: Ai4, parts: list[Part], data: st.DataObject
) -> None:
    encoded = DataStream(ID).encode(parts)
    places = sorted(data.draw(st.sets(st.integers(1, max(1, len(encoded) - 1)), max_size=5)))
    cuts = [encoded[a:b] for a, b in zip([0, *places], [*places, len(encoded)], strict=True)]
    assert ai4.parts(*(cut for cut in cuts if cut)) == ai4.parts(encoded)


@given(st.lists(any_parts, max_size=12))
@settings(max_examples=300)
def test_no_order_of_parts_makes_an_illegal_stream(parts: list[Part]) -> None:
    """Each part becomes lines or is refused; refused ones leave no trace, and one terminal ends it all."""
    stream, encoded = DataStream(), b""
    for part in parts:
        try:
            encoded += stream.encode([part])
        except PartOrderError as error:
            assert error.encoded == b""  # noqa: PT017 - most orders raise nothing
    if not stream.ended:
        encoded += stream.encode([Error("cut off")])
    assert GRAMMAR.fullmatch(codes(encoded)), codes(encoded)
    begun: set[str] = set()
    waiting: set[str] = set()
    for code, value in lines(encoded):
        match code:
            case "b":
                assert value["toolCallId"] not in begun
                begun.add(value["toolCallId"])
            case "c":
                assert value["toolCallId"] in begun - waiting
            case "9":
                waiting.add(value["toolCallId"])
            case "a":
                assert value["toolCallId"] in waiting


# The SDK's own server

_words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=5)


@given(
    st.lists(_words, max_size=3),
    st.lists(_words, max_size=3),
    st.lists(
        st.dictionaries(st.sampled_from("abc"), st.text(max_size=5) | st.booleans(), max_size=2), max_size=2
    ),
    st.sampled_from(["stop", "length", "content-filter", "tool-calls", "other", "unknown"]),
)
@settings(max_examples=80)
def test_the_bytes_are_those_of_the_sdk_s_own_server(
    ai4: Ai4, reasoning: list[str], texts: list[str], calls: list[dict[str, Any]], reason: Any
) -> None:
    """`streamText(…).toDataStreamResponse()` over the same model stream, but for the message's id."""
    model: list[dict[str, Any]] = [{"type": "reasoning", "textDelta": text} for text in reasoning]
    model += [{"type": "text-delta", "textDelta": text} for text in texts]
    parts: list[Part] = [*map(ReasoningDelta, reasoning), *map(TextDelta, texts)]
    for number, arguments in enumerate(calls):
        call = {"toolCallType": "function", "toolCallId": f"c{number}", "toolName": "weather"}
        text = json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))
        parts.append(ToolCallStart(f"c{number}", "weather"))
        for delta in (text[:1], text[1:]):
            model.append({"type": "tool-call-delta", **call, "argsTextDelta": delta})
            parts.append(ToolCallDelta(f"c{number}", delta))
        model.append({"type": "tool-call", **call, "args": text})
        parts.append(ToolCall(f"c{number}", "weather", arguments))
    model.append(
        {"type": "finish", "finishReason": reason, "usage": {"promptTokens": 3, "completionTokens": 4}}
    )
    parts.append(Finish(reason, Usage(3, 4)))
    served = ai4.serve(model, ["weather"])["text"]
    assert encode(*parts).decode() == re.sub(r"msg-\w{24}", ID, served)
