"""Streams as servers send them: what each comes to, however it is cut, and what the openai SDK makes of it.

They are written after what is documented and reported of the servers, not recorded from them: see
`streams/README.md`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.failures import FailureKind, SourceError
from chat.parts import File, ReasoningSignature, RedactedReasoning
from chat.sources.streamed_answer import StreamedAnswer
from tests.chat.sources.answers import STREAMS, Summary, merged, server_stream, server_streams, summary
from tests.chat.sources.conftest import KEY, answer_of
from tests.fakes.upstream import FakeUpstream, Reply

if TYPE_CHECKING:
    from openai.types.chat.chat_completion_chunk import ChoiceDelta

    from chat.parts import Part
    from chat.sources.openai_wire import OpenAIWire

ROME, OSLO = {"city": "Rome"}, {"city": "Oslo"}
WEATHER = "get_weather"
PAGE = "https://aws.amazon.com/lambda/"

# What each stream comes to: the text and the rest, and the failure's kind where it ends with one.
EXPECTED: dict[str, tuple[Summary, FailureKind | None]] = {
    "openai_text": (
        Summary('Tokens stream, one by one.\n\n```py\nprint("€ 🦜")\n```', reason="stop", usage=(23, 17)),
        None,
    ),
    "openai_parallel_tools": (
        Summary(
            calls=[
                ("call_MnF8vF4", WEATHER, {"city": "Bologna"}),
                ("call_9xTzQq2", "get_time", {"zone": "Europe/Rome"}),
            ],
            reason="tool-calls",
            usage=(81, 46),
        ),
        None,
    ),
    "openai_text_then_tool": (
        Summary(
            "Let me look that up.",
            calls=[("call_a1", "search", {"q": "lambda"})],
            reason="tool-calls",
            usage=(9, 12),
        ),
        None,
    ),
    "openai_tool_without_arguments": (
        Summary(calls=[("call_now", "now", {})], reason="tool-calls", usage=(9, 5)),
        None,
    ),
    "openai_refusal": (
        Summary("I'm sorry, I can't help with that.", reason="stop", usage=(14, 9)),
        None,
    ),
    "openai_length": (Summary("Once upon a", reason="length", usage=(11, 3)), None),
    "openai_tool_cut_by_length": (Summary(reason="length", usage=(11, 3)), None),
    "openai_annotations": (
        Summary(
            f"Lambda streams ([AWS]({PAGE})).",
            reason="stop",
            usage=(7, 20),
            others=[("source", PAGE, "AWS Lambda")],
        ),
        None,
    ),
    "azure_text": (Summary("Buonasera", reason="stop", usage=(10, 4)), None),
    "azure_late_filter": (Summary("The recipe begins", reason="content-filter"), None),
    "deepseek_reasoning": (
        Summary("Four.", reasoning="Two and two…", reason="stop", usage=(8, 30)),
        None,
    ),
    "openrouter_reasoning": (Summary("Yes", reasoning="Hm, yes.", reason="stop", usage=(12, 9)), None),
    "openrouter_error": (Summary("Partial"), FailureKind.RATE_LIMITED),
    "openrouter_image": (
        Summary("Here:", reason="stop", usage=(3, 1290), others=[File("iVBORw0KGgo=", "image/png")]),
        None,
    ),
    "litellm_proxy_tools": (
        Summary("Looking.", calls=[("toolu_01A", "lookup", {"id": 7})], reason="tool-calls", usage=(401, 58)),
        None,
    ),
    "litellm_proxy_thinking": (
        Summary(
            "Seen.",
            reasoning="Let me see",
            reason="stop",
            usage=(30, 8),
            others=[ReasoningSignature("EqQBCkYIBxgC"), RedactedReasoning("EmwKAhgBEgy3")],
        ),
        None,
    ),
    "ollama_text": (Summary("The sky", reason="stop", usage=(26, 3)), None),
    "ollama_tools": (
        Summary(
            calls=[("call_q1", WEATHER, ROME), ("call_q2", WEATHER, OSLO)],
            reason="tool-calls",
            usage=(180, 40),
        ),
        None,
    ),
    "gemini_tools": (
        Summary(
            calls=[("made", WEATHER, ROME), ("made", WEATHER, OSLO)], reason="tool-calls", usage=(50, 20)
        ),
        None,
    ),
    "gemini_blocked": (Summary("Well", reason="content-filter", usage=(5, 1)), None),
    "vllm_tools": (
        Summary(calls=[("chatcmpl-tool-1", "add", {"a": 1, "b": 2})], reason="tool-calls", usage=(170, 25)),
        None,
    ),
    "vllm_error": (Summary("Al"), FailureKind.UNAVAILABLE),
    "empty_finish_reason": (Summary("ab", reason="stop"), None),
    "tool_name_in_pieces": (Summary(calls=[("call_p", WEATHER, ROME)], reason="tool-calls"), None),
    "tool_name_repeated": (Summary(calls=[("call_r", WEATHER, ROME)], reason="tool-calls"), None),
    "tool_arguments_as_object": (Summary(calls=[("call_o", WEATHER, ROME)], reason="tool-calls"), None),
    "tool_without_id": (Summary(calls=[("made", WEATHER, ROME)], reason="tool-calls"), None),
    "tool_ids_doubled": (
        Summary(calls=[("call_0", "f", {"n": 1}), ("made", "f", {"n": 2})], reason="tool-calls"),
        None,
    ),
    "tool_arguments_null": (Summary(calls=[("call_n", "now", {})], reason="tool-calls"), None),
    "function_call": (Summary(calls=[("made", WEATHER, ROME)], reason="tool-calls"), None),
    "perplexity_citations": (
        Summary(
            "Two sources",
            reason="stop",
            usage=(4, 2),
            others=[("source", "https://a.example/1", None), ("source", "https://b.example/2", None)],
        ),
        None,
    ),
    "mistral_thinking": (Summary("Done.", reasoning="So then", reason="stop", usage=(6, 5)), None),
    "groq_error_event": (Summary("Hm"), FailureKind.UNAVAILABLE),
    "crlf": (Summary("a\r\nbc", reason="stop"), None),
    "cr": (Summary("ac", reason="stop"), None),
    "byte_order_mark": (Summary("first second", reason="stop"), None),
    "multi_line_data": (Summary("over lines", reason="stop"), None),
    "fields_around": (Summary("no space named", reason="stop"), None),
    "no_last_blank_line": (Summary("whole", reason="stop"), None),
    "no_last_newline": (Summary("whole", reason="stop"), None),
    "no_done": (Summary("whole", reason="stop"), None),
    "done_without_reason": (Summary("whole", reason="unknown"), None),
    "neither": (Summary("half"), FailureKind.BROKEN_STREAM),
    "cut_event": (Summary("half"), FailureKind.BROKEN_STREAM),
    "malformed": (Summary("before"), FailureKind.BROKEN_STREAM),
    "wrong_type": (Summary("before"), FailureKind.BROKEN_STREAM),
    "surrogate_halves": (Summary("a 🦜 b \ufffd c", reason="stop"), None),
    "after_done": (Summary("answer", reason="stop"), None),
}

# Where the SDK hands on what our clients could not use, or refuses what it could: (stream, why).
SDK_DIFFERS = {
    "gemini_tools": "it leaves tool calls without an index to its caller",
    "tool_name_repeated": "it leaves repeated names to its caller",
    "tool_without_id": "it makes no ids",
    "tool_ids_doubled": "it makes no ids",
    "tool_arguments_as_object": "it hands the object on",
    "ollama_tools": "it leaves two calls at one index to its caller",
    "vllm_tools": "it leaves changing ids to its caller",
    "function_call": "it has a form of its own for them",
    "mistral_thinking": "it hands the list on",
    "neither": "it takes any end for a good one",
    "cut_event": "it drops an event without its empty line, and takes any end for a good one",
    "wrong_type": "it does not check types",
    "byte_order_mark": "it does not know byte order marks",
    "no_last_newline": "it drops an event without its empty line",
    "surrogate_halves": "it leaves halves in the text",
    "fields_around": "it refuses empty data",
    "openai_tool_cut_by_length": "it hands the half call on",
}

REASONS = {"content_filter": "content-filter", "tool_calls": "tool-calls", "function_call": "tool-calls"}


def read(pieces: list[bytes]) -> tuple[list[Part], SourceError | None]:
    answer = StreamedAnswer()
    parts: list[Part] = []
    for piece in [*[piece for piece in pieces if piece], b""]:
        batch, failure = answer.feed(piece)
        parts += batch
        if failure is not None or answer.ended:
            return parts, failure
    raise AssertionError("the end of the body ends the answer")


def test_every_stream_has_its_expectation_and_its_source() -> None:
    """The table of streams/README.md has one line a file."""
    assert server_streams() == sorted(EXPECTED)
    lines = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", (STREAMS / "README.md").read_text(), re.MULTILINE)
    assert [name for name, _, _ in lines] == server_streams()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_stream_comes_to(name: str) -> None:
    expected, kind = EXPECTED[name]
    parts, failure = read([server_stream(name)])
    assert summary(parts) == expected
    assert (failure.kind if failure else None) is kind


@pytest.mark.parametrize("name", EXPECTED)
@given(data=st.data())
def test_however_it_is_cut(name: str, data: st.DataObject) -> None:
    stream = server_stream(name)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    parts, failure = read(pieces)
    whole, whole_failure = read([stream])
    assert merged(parts) == merged(whole)
    assert (failure and failure.kind) == (whole_failure and whole_failure.kind)


@pytest.mark.parametrize("name", EXPECTED)
def test_byte_by_byte(name: str) -> None:
    stream = server_stream(name)
    parts, _ = read([stream[i : i + 1] for i in range(len(stream))])
    assert merged(parts) == merged(read([stream])[0])


@pytest.mark.parametrize("name", EXPECTED)
async def test_over_the_wire(name: str, upstream: FakeUpstream, wire: OpenAIWire) -> None:
    """The same, through sockets; a failure closes the connection, and nothing of it is retried."""
    expected, kind = EXPECTED[name]
    upstream.enqueue(Reply([server_stream(name)]))
    outcome = await answer_of(wire)
    assert summary(outcome.parts) == expected
    assert (outcome.failure.kind if outcome.failure else None) is kind
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("name", [name for name in EXPECTED if name not in SDK_DIFFERS])
async def test_the_openai_sdk_reads_the_same(name: str, upstream: FakeUpstream) -> None:
    expected, kind = EXPECTED[name]
    upstream.enqueue(Reply([server_stream(name)]))
    read_by_sdk = Summary()
    failed = False
    try:
        await _read_with_sdk(upstream, read_by_sdk)
    except (openai.APIError, ValueError):
        failed = True
    assert failed == (kind is not None)
    ours = Summary(
        expected.text,
        expected.reasoning,
        expected.calls,
        None if expected.reason == "unknown" else expected.reason,
        expected.usage,
    )
    assert read_by_sdk == ours


async def _read_with_sdk(upstream: FakeUpstream, result: Summary) -> None:
    calls: dict[int, dict[str, str]] = {}
    async with openai.AsyncOpenAI(api_key=KEY, base_url=upstream.url, max_retries=0) as client:
        stream = await client.chat.completions.create(
            model="gpt-4o-mini",
            messages=[{"role": "user", "content": "hi"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        async for chunk in stream:
            if chunk.usage:
                result.usage = (chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
            for choice in chunk.choices:
                if choice.finish_reason:
                    word = choice.finish_reason.partition(":")[0]
                    result.reason = REASONS.get(word, word)
                delta: ChoiceDelta | None = choice.delta
                if delta is None:
                    continue  # Azure's, which the SDK's types do not know
                extra: dict[str, Any] = delta.model_extra or {}
                result.text += (delta.content or "") + (delta.refusal or "")
                result.reasoning += extra.get("reasoning_content") or extra.get("reasoning") or ""
                for piece in delta.tool_calls or ():
                    call = calls.setdefault(piece.index, {"id": "", "name": "", "arguments": ""})
                    call["id"] = call["id"] or piece.id or ""
                    if piece.function is not None:
                        call["name"] += piece.function.name or ""
                        call["arguments"] += piece.function.arguments or ""
    result.calls = [
        (call["id"], call["name"], json.loads(call["arguments"] or "{}") or {}) for call in calls.values()
    ]
