"""The UI message stream against its grammar and the real clients, oldest and newest of each line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
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
from chat.protocols.ui_message_stream import UIMessageStream
from tests.chat.part_strategies import answers, any_parts
from tests.chat.protocols.ui_grammar import Reader, chunks, events
from tests.clients.ui import VERSIONS

if TYPE_CHECKING:
    from tests.clients.ui import Ui

SINCE_6 = [version for version in VERSIONS if version >= "6"]
CUT_OFF = "The answer ended before this call was complete."
HISTORY: list[dict[str, Any]] = [
    {"id": "q", "role": "user", "parts": [{"type": "text", "text": "Hi"}]},
    {
        "id": "msg-1",
        "role": "assistant",
        "parts": [
            {"type": "step-start"},
            {
                "type": "tool-t",
                "toolCallId": "old",
                "state": "output-available",
                "input": {},
                "output": 1,
            },
        ],
    },
]


def encode(*parts: Part, **request: Any) -> bytes:
    return UIMessageStream(**request).encode(parts)


def body(*parts: Part, **request: Any) -> list[dict[str, Any]]:
    """The chunks between `start` and `finish-step`, terminal and all."""
    return chunks(encode(*parts, **request))


def kinds(encoded: bytes) -> list[str]:
    return [chunk["type"] for chunk in chunks(encoded)]


EVERY_PART: list[tuple[Part, list[dict[str, Any]]]] = [
    (
        TextDelta("Grüße\n"),
        [
            {"type": "text-start", "id": "1"},
            {"type": "text-delta", "id": "1", "delta": "Grüße\n"},
            {"type": "text-end", "id": "1"},
        ],
    ),
    (
        ReasoningDelta("hm"),
        [
            {"type": "reasoning-start", "id": "1"},
            {"type": "reasoning-delta", "id": "1", "delta": "hm"},
            {"type": "reasoning-end", "id": "1"},
        ],
    ),
    (
        RedactedReasoning("x9"),
        [
            {"type": "reasoning-start", "id": "1"},
            {
                "type": "reasoning-end",
                "id": "1",
                "providerMetadata": {"anthropic": {"redactedData": "x9"}},
            },
        ],
    ),
    (
        ReasoningSignature("s1"),
        [
            {"type": "reasoning-start", "id": "1"},
            {"type": "reasoning-end", "id": "1", "providerMetadata": {"anthropic": {"signature": "s1"}}},
        ],
    ),
    (Source("1", "https://a.test/"), [{"type": "source-url", "sourceId": "1", "url": "https://a.test/"}]),
    (
        Source("1", "https://a.test/", "A"),
        [{"type": "source-url", "sourceId": "1", "url": "https://a.test/", "title": "A"}],
    ),
    (
        DocumentSource("1", "text/plain", "T"),
        [{"type": "source-document", "sourceId": "1", "mediaType": "text/plain", "title": "T"}],
    ),
    (
        DocumentSource("1", "text/plain", "T", "t.txt"),
        [
            {
                "type": "source-document",
                "sourceId": "1",
                "mediaType": "text/plain",
                "title": "T",
                "filename": "t.txt",
            }
        ],
    ),
    (
        File("AAAA", "image/png"),
        [{"type": "file", "url": "data:image/png;base64,AAAA", "mediaType": "image/png"}],
    ),
    (
        ToolCall("c1", "weather", {"at": "x"}),
        [
            {
                "type": "tool-input-available",
                "toolCallId": "c1",
                "toolName": "weather",
                "input": {"at": "x"},
            }
        ],
    ),
]


@pytest.mark.parametrize(("part", "told"), EVERY_PART, ids=lambda case: type(case).__name__)
def test_what_a_part_becomes_in_its_step(part: Part, told: list[dict[str, Any]]) -> None:
    assert body(part, Finish("tool-calls")) == [
        {"type": "start"},
        {"type": "start-step"},
        *told,
        {"type": "finish-step"},
        {"type": "finish", "messageMetadata": {"finishReason": "tool-calls"}},
    ]


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (Data({"a": [1]}), {"type": "data-value", "data": {"a": [1]}}),
        (Data(None, "rate", "r"), {"type": "data-rate", "id": "r", "data": None}),
        (Data(1, "rate", transient=True), {"type": "data-rate", "data": 1, "transient": True}),
        (Annotation("mark"), {"type": "data-annotation", "data": "mark"}),
    ],
)
def test_data_needs_no_step(part: Part, told: dict[str, Any]) -> None:
    assert events(encode(part)) == [{"type": "start"}, told]


def test_headers_are_those_of_the_sdk_but_for_the_connections() -> None:
    encoder: Encoder = UIMessageStream()
    assert encoder.content_type == "text/event-stream"
    assert {name.lower(): value for name, value in encoder.headers.items()} == {
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
        "x-vercel-ai-ui-message-stream": "v1",
    }


def test_usage_is_the_sum_of_all_steps_under_the_names_of_the_sdk() -> None:
    finish = body(StepFinish("tool-calls", Usage(1, 2)), Finish("length", Usage(3, 4)))[-1]
    assert finish["messageMetadata"] == {
        "finishReason": "length",
        "usage": {"inputTokens": 4, "outputTokens": 6, "totalTokens": 10},
    }
    assert "usage" not in body(StepFinish("tool-calls"), Finish("stop", Usage(3, 4)))[-1]["messageMetadata"]


# Text and reasoning


def test_text_and_reasoning_take_turns_and_sources_do_not_cut_them() -> None:
    told = kinds(
        encode(
            *(
                ReasoningDelta("a"),
                ReasoningDelta("b"),
                TextDelta("c"),
                Source("1", "u"),
                Data(1),
                TextDelta("d"),
            ),
            *(ReasoningDelta("e"), Finish("stop")),
        )
    )
    assert told[2:-2] == [
        *("reasoning-start", "reasoning-delta", "reasoning-delta", "reasoning-end"),
        *("text-start", "text-delta", "source-url", "data-value", "text-delta", "text-end"),
        *("reasoning-start", "reasoning-delta", "reasoning-end"),
    ]


def test_a_file_stands_between_the_texts() -> None:
    told = kinds(encode(TextDelta("a"), File("AA", "image/png"), TextDelta("b"), Finish("stop")))
    assert told[4:7] == ["text-end", "file", "text-start"]


def test_a_signature_closes_its_reasoning() -> None:
    end = body(ReasoningDelta("a"), ReasoningSignature("s"), Finish("stop"))[4]
    assert end == {"type": "reasoning-end", "id": "1", "providerMetadata": {"anthropic": {"signature": "s"}}}


def test_ids_of_a_further_round_are_not_those_of_the_rounds_before() -> None:
    """The newest of each line keep the ids of reasoning in the message."""
    ids = {body(ReasoningDelta("a"), Finish("stop"), continues="m")[2]["id"] for _ in range(20)}
    assert len(ids) == 20
    assert "1" not in ids


def test_empty_deltas_say_nothing() -> None:
    parts: list[Part] = [TextDelta(""), ReasoningDelta("")]
    assert encode(*parts) == b""
    stream = UIMessageStream()
    stream.encode([TextDelta("a")])
    assert stream.encode([TextDelta("")]) == b""


# Steps and rounds


def test_text_after_an_answered_call_opens_a_new_step() -> None:
    """6.0.0 looks for calls behind the last `start-step` alone, whatever text follows them."""
    told = kinds(encode(ToolCall("c", "t", {}), ToolResult("c", 1), TextDelta("B"), Finish("stop")))
    assert told[4:7] == ["finish-step", "start-step", "text-start"]


def test_reasoning_after_an_answered_call_opens_a_new_step() -> None:
    told = kinds(encode(ToolCall("c", "t", {}), ToolResult("c", 1), ReasoningDelta("B"), Finish("stop")))
    assert told[4:7] == ["finish-step", "start-step", "reasoning-start"]


def test_a_round_runs_after_text_behind_a_call_for_the_page(ui: Ui) -> None:
    encoded = encode(
        *(
            ToolCall("c", "t", {}),
            TextDelta("\n"),
            TextDelta("B"),
            ToolCall("d", "u", {}),
            ToolResult("d", 1),
        ),
        *(TextDelta("C"), Finish("tool-calls")),
    )
    for version, (answer,) in ui.read(encoded, results={"t": "sun"}).items():
        assert answer["sends_again"]["tools"], version
        texts = [part["text"] for part in answer["messages"][1]["parts"] if part["type"] == "text"]
        assert texts == ["\nB", "C"], version


def test_no_round_runs_where_nothing_waits_for_the_page(ui: Ui) -> None:
    """It would be the next answer's: the page would post for ever."""
    silent = {
        "answered": encode(ToolCall("c", "t", {}), ToolResult("c", 1), Finish("stop")),
        "answered at the limit of steps": encode(
            ToolCall("c", "t", {}), ToolResult("c", 1), Finish("tool-calls")
        ),
        "answered in the step before": encode(
            ToolCall("c", "t", {}), StepFinish("tool-calls"), ToolResult("c", 1), Finish("stop")
        ),
        "failed": encode(ToolCall("c", "t", {}), ToolError("c", "no"), Finish("stop")),
        "cut off": encode(ToolCallStart("c", "t"), ToolCallDelta("c", "{"), Finish("length")),
        "unusable, cut off": encode(ToolInputError("c", "t", "{", "no"), Finish("length")),
        "stopped": encode(ToolCall("c", "t", {}), Abort()),
        "stopped after results": encode(
            ToolCall("c", "t", {}), ToolResult("c", 1), StepFinish("tool-calls"), Abort()
        ),
        "error": encode(ToolCall("c", "t", {}), Error("no")),
    }
    for version, held in ui.read(*silent.values(), results={"t": "sun"}).items():
        for name, answer in zip(silent, held, strict=True):
            assert not answer["sends_again"]["tools"], (version, name)
            assert answer["status"] == ("error" if name == "error" else "ready"), (version, name)


def test_a_round_lets_the_model_correct_a_call(ui: Ui) -> None:
    """As the SDK's own server would have it; 5.0.0 does not take an error for an output."""
    encoded = encode(ToolInputError("c", "t", '{"a":1,', "not JSON"), Finish("tool-calls"))
    for version, (answer,) in ui.read(encoded, results={"t": "must not run"}).items():
        part = answer["messages"][1]["parts"][1]
        assert (part["state"], part["input"], part["errorText"]) == ("output-error", {"a": 1}, "not JSON")
        assert answer["calls"] == [], "the page would run it"
        assert answer["sends_again"]["tools"] == (version != "5.0.0")


@pytest.mark.parametrize("arguments", [None, "", {"a": 1}, [1], "{", 7])
def test_unusable_arguments_are_shown_as_far_as_they_go(arguments: Any) -> None:
    told = body(ToolInputError("c", "t", arguments, "no"), Finish("stop"))
    deltas = [chunk["inputTextDelta"] for chunk in told if chunk["type"] == "tool-input-delta"]
    assert deltas == {None: [], "": [], "{": ["{"], 7: ["7"]}.get(
        arguments if not isinstance(arguments, list | dict) else 0,
        ['{"a":1}'] if isinstance(arguments, dict) else ["[1]"],
    )


def test_a_step_stays_open_while_arguments_come(ui: Ui) -> None:
    """The newest pages look for the call in the open step alone, and would show a second one."""
    encoded = encode(
        *(ToolCallStart("c", "t"), StepFinish("tool-calls"), TextDelta("B"), ToolCallDelta("c", "{}")),
        *(ToolCall("c", "t", {}), ToolResult("c", 1), Finish("stop")),
    )
    for version, (answer,) in ui.read(encoded).items():
        states = [part["state"] for part in answer["messages"][1]["parts"] if part["type"] == "tool-t"]
        assert states == ["output-available"], version


def test_a_further_round_continues_the_message(ui: Ui) -> None:
    encoded = encode(TextDelta("Sunny."), Finish("stop"), continues="msg-1")
    for version, (answer,) in ui.read(encoded, messages=HISTORY).items():
        assert [message["id"] for message in answer["messages"]] == ["q", "msg-1"], version
        assert answer["messages"][1]["parts"][-1]["text"] == "Sunny."
        assert not answer["sends_again"]["tools"]


@pytest.mark.parametrize("terminal", [Error("broke"), Abort(), Finish("stop")])
def test_a_further_round_that_says_nothing_is_not_posted_again(ui: Ui, terminal: Part) -> None:
    """5.0.0 posts again even after an error, as long as the last step has all its outputs."""
    for version, (answer,) in ui.read(encode(terminal, continues="msg-1"), messages=HISTORY).items():
        assert not answer["sends_again"]["tools"], version
        assert [message["id"] for message in answer["messages"]] == ["q", "msg-1"]
        assert (answer["error"] is not None) == isinstance(terminal, Error)


def test_blanks_after_a_call_stay_where_they_are_if_no_text_follows() -> None:
    told = body(ToolCall("c", "t", {}), TextDelta("\n"), Finish("tool-calls"))
    assert [chunk["type"] for chunk in told[3:6]] == ["text-start", "text-delta", "text-end"]
    assert told[4]["delta"] == "\n"


# Endings


def test_an_error_before_the_first_part_makes_no_message(ui: Ui) -> None:
    stream = UIMessageStream()
    encoded = stream.encode([Error("The model is rate limited.")])
    assert encoded == b'data: {"type":"error","errorText":"The model is rate limited."}\n\ndata: [DONE]\n\n'
    for version, (answer,) in ui.read(encoded).items():
        assert len(answer["messages"]) == 1, version
        assert answer["error"]["message"] == "The model is rate limited."


def test_an_error_behind_what_the_page_does_not_keep_makes_no_message(ui: Ui) -> None:
    for version, (answer,) in ui.read(encode(Data(1, transient=True), Error("no"))).items():
        assert len(answer["messages"]) == 1, version
        assert answer["data"] == [{"type": "data-value", "data": 1, "transient": True}]


@pytest.mark.parametrize("terminal", [Error("broke off"), Abort(), Finish("length")])
def test_nothing_looks_for_ever_as_if_it_came(ui: Ui, terminal: Part) -> None:
    """Text, and a call in the middle of its arguments, end with the answer, however it ends."""
    encoded = encode(ReasoningDelta("hm"), ToolCallStart("c", "t"), ToolCallDelta("c", '{"a":'), terminal)
    encoded_text = encode(TextDelta("Half an ans"), terminal)
    for version, (called, said) in ui.read(encoded, encoded_text).items():
        reasoning, call = called["messages"][1]["parts"][1:3]
        assert (reasoning["state"], call["state"], call["errorText"]) == ("done", "output-error", CUT_OFF), (
            version
        )
        assert said["messages"][1]["parts"][1] == {"type": "text", "text": "Half an ans", "state": "done"}
        reason = {Error: "error", Abort: "other", Finish: "length"}[type(terminal)]
        assert said["messages"][1]["metadata"] == {"finishReason": reason}
        assert (said["error"] or {}).get("message") == ("broke off" if reason == "error" else None)


def test_nothing_follows_the_end() -> None:
    for terminal in (Finish("stop"), Error("no"), Abort()):
        stream = UIMessageStream()
        stream.encode([terminal])
        assert stream.ended
        assert stream.heartbeat() == b""
        for part in (TextDelta("more"), Finish("stop"), Error("no"), Abort()):
            with pytest.raises(PartOrderError, match="after the end"):
                stream.encode([part])


def test_a_part_out_of_place_loses_nothing_before_it() -> None:
    stream = UIMessageStream()
    with pytest.raises(PartOrderError, match="not begun") as caught:
        stream.encode([TextDelta("A"), ToolResult("c", 1), TextDelta("never")])
    assert [chunk["type"] for chunk in events(caught.value.encoded)][-1] == "text-delta"
    assert kinds(caught.value.encoded + stream.encode([Error("no")]))[-1] == "error"


def test_a_heartbeat_means_nothing_to_the_clients(ui: Ui) -> None:
    stream = UIMessageStream()
    reads = [stream.heartbeat(), stream.encode([TextDelta("A")]), stream.heartbeat(), stream.heartbeat()]
    reads.append(stream.encode([Finish("stop")]))
    for version, (answer,) in ui.read(reads).items():
        assert (answer["error"], answer["messages"][1]["parts"][1]["text"]) == (None, "A"), version


# Approval


def test_approval_is_asked_of_clients_that_know_it(ui: Ui) -> None:
    parts: list[Part] = [ToolCall("c", "t", {}), ToolApprovalRequest("c", "a1"), Finish("tool-calls")]
    for version, (answer,) in ui.read(encode(*parts, approvals=True), versions=SINCE_6).items():
        part = answer["messages"][1]["parts"][1]
        assert (part["state"], part["approval"]) == ("approval-requested", {"id": "a1"}), version
        assert answer["sends_again"] == {"tools": False, "approvals": False}
    for version, (answer,) in ui.read(encode(*parts)).items():
        assert answer["messages"][1]["parts"][1]["state"] == "input-available", version


def test_a_denied_call_of_the_continued_message_is_shown_as_denied(ui: Ui) -> None:
    """And the page does not post the same answer again."""
    call = {"type": "tool-t", "toolCallId": "c", "input": {}, "state": "approval-responded"} | {
        "approval": {"id": "a1", "approved": False}
    }
    messages = [HISTORY[0], {**HISTORY[1], "parts": [{"type": "step-start"}, call]}]
    encoded = encode(
        ToolDenied("c"),
        TextDelta("Then not."),
        Finish("stop"),
        continues="msg-1",
        denied=["c"],
        approvals=True,
    )
    for version, (answer,) in ui.read(encoded, messages=messages, versions=SINCE_6).items():
        states = [part.get("state") for part in answer["messages"][1]["parts"]]
        assert states == [None, "output-denied", None, "done"], version
        assert answer["sends_again"] == {"tools": False, "approvals": False}


def test_a_denied_call_is_an_error_to_clients_without_approval(ui: Ui) -> None:
    encoded = encode(ToolCall("c", "t", {}), ToolDenied("c"), Finish("stop"))
    for version, (answer,) in ui.read(encoded).items():
        part = answer["messages"][1]["parts"][1]
        assert (part["state"], part["errorText"]) == ("output-error", "The user did not allow this call."), (
            version
        )


def test_only_what_was_denied_can_be_told_to_be() -> None:
    with pytest.raises(PartOrderError, match="not begun"):
        encode(ToolDenied("other"), denied=["c"], approvals=True)
    stream = UIMessageStream(denied=["c"], approvals=True)
    stream.encode([ToolDenied("c")])
    with pytest.raises(PartOrderError, match="answered"):
        stream.encode([ToolDenied("c")])


# Any parts at all


@given(st.lists(any_parts, max_size=14), st.booleans(), st.sampled_from([None, "msg-1"]), st.booleans())
@settings(max_examples=150)
def test_no_order_of_parts_makes_an_illegal_stream(
    parts: list[Part],
    approvals: bool,  # noqa: FBT001 - drawn
    continues: str | None,
    denied: bool,  # noqa: FBT001 - drawn
) -> None:
    """Each part becomes chunks or is refused; refused ones leave no trace, and one terminal ends it all."""
    earlier = ("call_2",) if denied else ()
    stream, encoded = UIMessageStream(continues=continues, denied=earlier, approvals=approvals), b""
    for part in parts:
        try:
            encoded += stream.encode([part]) + stream.heartbeat()
        except PartOrderError as error:
            assert error.encoded == b""  # noqa: PT017 - most orders raise nothing
    if not stream.ended:
        encoded += stream.encode([Error("cut off")])
    Reader(approvals=approvals, asked=earlier).read(encoded)


@given(answers(), st.lists(st.integers(0, 3), max_size=4))
@settings(max_examples=50)
def test_batches_do_not_change_the_bytes(parts: list[Part], sizes: list[int]) -> None:
    stream, rest, pieces = UIMessageStream(), list(parts), []
    for size in sizes:
        pieces.append(stream.encode(rest[:size]))
        del rest[:size]
    pieces.append(stream.encode(rest))
    assert b"".join(pieces) == encode(*parts)
    Reader().read(b"".join(pieces))


def shown(parts: list[Part], kind: type[TextDelta | ReasoningDelta]) -> str:
    return "".join(sound_text(part.text) for part in parts if isinstance(part, kind))


def check_held(answer: dict[str, Any], parts: list[Part], *, continued: bool) -> None:
    """What a page holds is what the parts said."""
    terminal = parts[-1]
    assert answer["uncaught"] == []
    if isinstance(terminal, Error):
        assert answer["error"] == {"name": "Error", "message": sound_text(terminal.message)}
    else:
        assert (answer["error"], answer["status"]) == (None, "ready")
    message = answer["messages"][1] if len(answer["messages"]) > 1 else {"parts": []}
    held = message["parts"][len(HISTORY[1]["parts"]) :] if continued else message["parts"]
    texts = [part for part in held if part["type"] in ("text", "reasoning")]
    assert all(part["state"] == "done" for part in texts)
    for kind, name in ((TextDelta, "text"), (ReasoningDelta, "reasoning")):
        assert "".join(part["text"] for part in texts if part["type"] == name) == shown(parts, kind)
    tools = {part["toolCallId"]: part["state"] for part in held if part["type"] == "tool-weather"}
    assert len(tools) == sum(part["type"] == "tool-weather" for part in held)
    for part in parts:
        match part:
            case ToolResult():
                assert tools[part.call_id] == "output-available"
            case ToolError() | ToolInputError():
                assert tools[part.call_id] == "output-error"
    assert "input-streaming" not in tools.values()
    if isinstance(terminal, Finish):
        assert message["metadata"]["finishReason"] == terminal.reason
    elif not any(isinstance(part, ToolInputError) for part in parts):
        assert not answer["sends_again"]["tools"]


@given(st.lists(st.tuples(answers(), st.booleans(), st.booleans()), min_size=6, max_size=6))
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_every_answer_reaches_every_client_whole(ui: Ui, made: list[tuple[list[Part], bool, bool]]) -> None:
    """Whatever the parts: no client throws, no text is lost or moved, nothing stays as if it came."""
    for continued in (False, True):
        for approvals in (False, True):
            chosen = [parts for parts, *kind in made if kind == [continued, approvals]]
            if not chosen:
                continue
            request: dict[str, Any] = {"approvals": approvals, "continues": "msg-1" if continued else None}
            held = ui.read(
                *(encode(*parts, **request) for parts in chosen),
                messages=HISTORY if continued else None,
                versions=SINCE_6 if approvals else VERSIONS,
            )
            for answers_held in held.values():
                for answer, parts in zip(answers_held, chosen, strict=True):
                    check_held(answer, parts, continued=continued)


@given(answers(), st.data())
@settings(max_examples=15)
def test_the_clients_read_the_same_however_the_bytes_are_cut(
    ui: Ui, parts: list[Part], data: st.DataObject
) -> None:
    encoded = encode(*parts)
    places = sorted(data.draw(st.sets(st.integers(1, len(encoded) - 1), max_size=5)))
    cuts = [encoded[a:b] for a, b in zip([0, *places], [*places, len(encoded)], strict=True)]
    for version, (whole, cut) in ui.read(encoded, cuts).items():
        assert cut == whole, version
