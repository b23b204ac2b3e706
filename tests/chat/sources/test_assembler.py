"""The assembler: what chunks come to beyond the streams of `streams/`, and that nothing in them is a crash."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.failures import FailureKind, SourceError
from chat.parts import File, Finish, ReasoningDelta, Source, TextDelta, ToolCallStart, Usage
from chat.sources.assembler import Assembler, well_formed
from tests.chat.sources.answers import summary
from tests.fakes.upstream import chunk

# The halves of 🦜 in UTF-16.
HIGH, LOW = "\ud83e", "\udd9c"


def feed(*values: Any) -> Assembler:
    assembler = Assembler()
    for value in values:
        assembler.feed(value if isinstance(value, bytes) else json.dumps(value).encode())
    return assembler


def parts_of(*deltas: dict[str, Any]) -> list[Any]:
    return feed(*(chunk(delta) for delta in deltas)).take()


def test_adjacent_text_is_one_part_and_kinds_stay_in_order() -> None:
    parts = parts_of(
        {"reasoning": "a"},
        {"reasoning_content": "b"},
        {"content": "c"},
        {"content": "d"},
        {"reasoning": "e"},
        {"content": "f"},
    )
    assert parts == [ReasoningDelta("ab"), TextDelta("cd"), ReasoningDelta("e"), TextDelta("f")]


def test_reasoning_under_both_names_is_said_once() -> None:
    assert parts_of({"reasoning": "a", "reasoning_content": "a"}) == [ReasoningDelta("a")]


def test_text_before_a_tool_call_comes_before_it() -> None:
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": ""}}
    assert parts_of({"content": "a", "tool_calls": [call]}) == [TextDelta("a"), ToolCallStart("c", "f")]


@pytest.mark.parametrize(
    "delta", [{}, {"content": ""}, {"content": None}, {"role": "assistant"}, {"tool_calls": []}]
)
def test_a_chunk_may_make_nothing(delta: dict[str, Any]) -> None:
    assert parts_of(delta) == []


def test_only_the_first_choice_counts() -> None:
    second = {"index": 1, "delta": {"content": "b"}, "finish_reason": "length"}
    first = {"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"}
    assembler = feed(chunk(choices=[second, first]))
    assert assembler.take() + assembler.finish() == [TextDelta("a"), Finish("stop")]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("content_filter", "content-filter"),
        ("content_filter: SAFETY", "content-filter"),
        ("tool_calls", "tool-calls"),
        ("function_call", "tool-calls"),
        ("STOP", "stop"),
        ("eos_token", "stop"),
        ("max_tokens", "length"),
        ("model_length", "length"),
        ("recitation", "other"),
    ],
)
def test_finish_reasons(word: str, reason: Any) -> None:
    assert feed(chunk({}, word)).finish() == [Finish(reason)]


def test_error_as_a_finish_reason_is_a_failure() -> None:
    with pytest.raises(SourceError) as caught:
        feed(chunk({}, "error")).finish()
    assert caught.value.kind is FailureKind.BROKEN_STREAM


def test_text_may_follow_the_finish_reason() -> None:
    """Some servers give it in every chunk; the last one counts."""
    assembler = feed(chunk({"content": "a"}, "stop"), chunk({"content": "b"}, "length"))
    assert assembler.finish() == [TextDelta("ab"), Finish("length")]


@pytest.mark.parametrize(
    "usage",
    [
        *(None, {}, 1, "many", [], {"prompt_tokens": 3}, {"prompt_tokens": None, "completion_tokens": 1}),
        *({"prompt_tokens": odd, "completion_tokens": 1} for odd in (3.5, "three", -1, True, [3], 1e300)),
    ],
)
def test_usage_that_says_little_is_none(usage: Any) -> None:
    """Whatever it is, the answer is complete without."""
    assert feed(chunk({}, "stop", usage=usage)).finish() == [Finish("stop")]


@pytest.mark.parametrize("three", [3, 3.0, "3"])
def test_usage_may_be_told_in_other_types(three: Any) -> None:
    usage = {"prompt_tokens": three, "completion_tokens": 7, "total_tokens": [10]}
    assert feed(chunk({}, "stop", usage=usage)).finish() == [Finish("stop", Usage(3, 7))]


def test_an_index_may_be_a_string() -> None:
    def odd(delta: dict[str, Any], index: str) -> dict[str, Any]:
        return {"object": 7, "choices": [{"index": index, "delta": delta, "finish_reason": "tool_calls"}]}

    call = {"index": "0", "id": "c", "function": {"name": "f", "arguments": '{"n":'}}
    rest = {"index": "0", "function": {"arguments": "1}"}}
    other = {"index": "1", "id": "d", "function": {"name": "g", "arguments": "{}"}}
    parts = feed(
        odd({"content": "a"}, "0"),
        odd({"content": "never"}, "1"),
        odd({"tool_calls": [call, other]}, "0"),
        odd({"tool_calls": [rest]}, "0"),
    ).finish()
    found = summary(parts)
    assert (found.text, found.calls) == ("a", [("c", "f", {"n": 1}), ("d", "g", {})])


@pytest.mark.parametrize("error", ["", None, False, {}])
def test_an_empty_error_is_none(error: Any) -> None:
    """Gateways fill in every field they know."""
    assert feed(chunk({"content": "a"}, error=error)).take() == [TextDelta("a")]


def test_a_flat_citation_and_odd_ones() -> None:
    annotations = [
        {"url": "https://a.example", "title": ""},
        {"url_citation": {"url": "https://b.example", "title": 3}},
        {"url_citation": {"url": "https://a.example", "title": "again"}},
        {"url_citation": {"url": 7}},
        {"url_citation": "https://c.example"},
        {"file_citation": {}},
        "https://d.example",
    ]
    found = parts_of({"annotations": annotations})
    assert [(part.url, part.title) for part in found if isinstance(part, Source)] == [
        ("https://a.example", None),
        ("https://b.example", None),
    ]
    assert len({part.source_id for part in found}) == 2


@pytest.mark.parametrize(
    ("image", "made"),
    [
        ({"image_url": {"url": "data:image/png;base64,AAAA"}}, [File("AAAA", "image/png")]),
        ({"image_url": {"url": "https://images.example/1.png"}}, []),
        ({"image_url": {"url": "data:image/png,raw"}}, []),
        ({"image_url": {"url": "data:;base64,AAAA"}}, []),
        ({"image_url": "data:image/png;base64,AAAA"}, []),
        ("data:image/png;base64,AAAA", []),
    ],
)
def test_images(image: Any, made: list[Any]) -> None:
    assert parts_of({"images": [image]}) == made


def test_fields_that_nobody_specified_may_be_anything() -> None:
    odd = {"annotations": {}, "images": "x", "thinking_blocks": 1, "content": "text"}
    assert feed(chunk(odd, citations={"a": 1})).take() == [TextDelta("text")]


def test_content_parts_that_are_not_text_are_skipped() -> None:
    content = [
        {"type": "thinking", "thinking": "flat"},
        {"type": "reference"},
        "x",
        {"type": "text", "text": "y"},
    ]
    assert parts_of({"content": content}) == [ReasoningDelta("flat"), TextDelta("y")]


@pytest.mark.parametrize(
    "data",
    [
        b"null",
        b"[]",
        b"1",
        b'"x"',
        b"ping",
        b"\xff",
        b'{"choices": [1]}',
        b'{"choices": {}}',
        b'{"choices": [{"delta": {"content": "\xff"}}]}',
        b'{"choices": [{"delta": {"tool_calls": [{"function": {"arguments": 1}}]}}]}',
        b'{"x": ' + b"[" * 200_000,
        b'{"x": ' + b"[" * 200_000 + b"]" * 200_000 + b', "y": "\\ud83d"}',
        b'{"choices": [{"delta": {"content": "\\ud83d"}, "finish_reason": 1}]}',
    ],
    ids=lambda data: repr(data[:30]),
)
def test_what_is_malformed_breaks_the_stream_after_what_came_before(data: bytes) -> None:
    assembler = feed(chunk({"content": "before"}))
    with pytest.raises(SourceError, match="malformed event") as caught:
        assembler.feed(data)
    assert caught.value.kind is FailureKind.BROKEN_STREAM
    assert len(caught.value.detail) < 1000
    assert assembler.take() == [TextDelta("before")]


WORDS = "ANSWER-4711"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (
            f'{{"choices": [{{"delta": {{"content": "{WORDS}", "tool_calls": "x"}}}}]}}',
            r"\$\.choices\[0\]\.delta\.tool_calls",
        ),
        (
            f'{{"choices": [{{"delta": {{"content": ["{WORDS}"], "refusal": {{"{WORDS}": 1}}}}}}]}}',
            r"delta\.refusal",
        ),
        (f'{{"choices": [{{"delta": {{"content": "{WORDS}', "Unterminated string"),
        (f'{{{WORDS}: "{WORDS}"}}', r"byte 1|char 1"),
        (f'{{"x": "{WORDS}", "y": "\\ud83d", "choices": "{WORDS}"}}', r"\$\.choices"),
        (WORDS, "byte 0|char 0"),
    ],
)
def test_a_malformed_event_is_told_by_its_length_and_fault_alone(data: str, why: str) -> None:
    """It is a piece of the answer, which the log is not to have."""
    with pytest.raises(SourceError, match=why) as caught:
        Assembler().feed(data.encode())
    assert f"malformed event of {len(data)} bytes: " in caught.value.detail
    assert "4711" not in caught.value.detail


@given(st.text(st.sampled_from(["a", "é", "🦜", HIGH, LOW]), max_size=8), st.data())
def test_text_cut_inside_surrogate_pairs_is_whole_again(text: str, data: st.DataObject) -> None:
    """However UTF-16 text is cut: pairs join, lone halves become U+FFFD, and all of it can be sent as UTF-8."""
    units = text.encode("utf-16-le", "surrogatepass")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(units) // 2), max_size=4)))
    pieces = [units[2 * a : 2 * b] for a, b in zip([0, *cuts], [*cuts, len(units) // 2], strict=True)]
    assembler = Assembler()
    parts: list[Any] = []
    for piece in pieces:
        value = chunk({"content": piece.decode("utf-16-le", "surrogatepass")})
        assembler.feed(json.dumps(value).encode())
        parts += assembler.take()
    assembler.feed(json.dumps(chunk({}, "stop")).encode())
    found = summary([*parts, *assembler.finish()]).text
    found.encode()
    assert found == units.decode("utf-16-le", "replace")


def test_a_half_at_the_end_of_a_kind_is_replaced() -> None:
    assert feed(
        b'{"choices": [{"delta": {"reasoning": "a\\ud83d"}}]}', b'{"choices": [{"delta": {"content": "b"}}]}'
    ).take() == [ReasoningDelta("a\ufffd"), TextDelta("b")]


def test_halves_outside_the_text_are_replaced() -> None:
    call = b'{"index": 0, "id": "\\ud83d", "function": {"name": "f", "arguments": "\\udd9c"}}'
    parts = feed(b'{"choices": [{"delta": {"tool_calls": [%b]}}]}' % call).take()
    assert parts[0] == ToolCallStart("\ufffd", "f")


def test_well_formed_text_is_left_alone() -> None:
    assert well_formed("a🦜é") == ("a🦜é", "")


_NAMES = [
    "choices",
    "delta",
    "message",
    "content",
    "refusal",
    "reasoning",
    "tool_calls",
    "function",
    "arguments",
]
_NAMES += [
    "index",
    "id",
    "name",
    "finish_reason",
    "usage",
    "prompt_tokens",
    "completion_tokens",
    "error",
    "object",
]
_NAMES += [
    "citations",
    "annotations",
    "url_citation",
    "url",
    "title",
    "images",
    "image_url",
    "thinking_blocks",
]
_NAMES += ["data", "signature", "type", "text", "thinking", "function_call", "reasoning_content"]
_LEAVES = (
    st.none() | st.booleans() | st.integers(-1, 3) | st.sampled_from(["", "a", "text", "error", "stop", "{}"])
)
_ANYTHING = st.recursive(
    _LEAVES | st.just("\ud83d"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=4),
    max_leaves=12,
)
_DELTAS = st.dictionaries(st.sampled_from(_NAMES), _ANYTHING, max_size=5)
_CHUNKS = st.builds(
    lambda delta, rest: chunk(delta) | rest,
    _DELTAS,
    st.dictionaries(st.sampled_from(_NAMES), _ANYTHING, max_size=2),
)


@given(st.lists(_ANYTHING | _CHUNKS, max_size=4))
def test_nothing_that_a_server_sends_is_a_crash(values: list[Any]) -> None:
    """Parts or a SourceError; and every part's text can be encoded."""
    assembler = Assembler()
    parts: list[Any] = []
    try:
        for value in values:
            assembler.feed(json.dumps(value).encode())
            parts += assembler.take()
        parts += assembler.finish()
    except SourceError:
        parts += assembler.take()
    for part in parts:
        repr(part).encode()
        if isinstance(part, TextDelta | ReasoningDelta):
            assert part.text
            part.text.encode()
