"""The OpenAI wire against a fake upstream: requests, retries, clocks, failures, and who closes what."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from pydantic import TypeAdapter

from chat.failures import FailureKind, SourceError
from chat.keys import Keys
from chat.parts import Finish, TextDelta, ToolCallDelta, Usage
from chat.requests import ChatRequest
from chat.settings import Settings, SettingsError
from chat.sources.log_words import MAX_WORDS
from chat.sources.openai_wire import MAX_COMPLETION, MAX_ERROR_BODY, OpenAIWire, request_body
from tests.chat.sources.answers import Summary, merged, summary
from tests.chat.sources.conftest import KEY, QUESTION, answer_of
from tests.fakes.upstream import (
    CLOSE,
    DONE,
    RESET,
    FakeUpstream,
    Reply,
    chunk,
    error_reply,
    event,
    text_events,
    text_reply,
    usage_chunk,
)

if TYPE_CHECKING:
    from collections.abc import Callable

HELLO = [TextDelta("Hello"), Finish("stop", Usage(5, 7))]
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


def hello() -> Reply:
    return text_reply("Hel", "lo")


# The request.


async def test_what_is_asked(upstream: FakeUpstream, wire: OpenAIWire) -> None:
    upstream.enqueue(hello())
    assert merged((await answer_of(wire)).parts) == HELLO
    (request,) = upstream.requests
    assert request.target == "/v1/chat/completions"
    assert request.json == {
        "model": "gpt-4o-mini",
        "messages": QUESTION.messages,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "lambda-token-streaming"
    assert "text/event-stream" in request.headers["accept"]


REQUESTS = [
    QUESTION,
    ChatRequest(QUESTION.messages, "m", tools=[TOOL], tool_choice="required"),
    ChatRequest(QUESTION.messages, "m", [TOOL], {"type": "function", "function": {"name": "f"}}),
    ChatRequest(
        [
            {"role": "system", "content": "s"},
            {"role": "user", "content": [{"type": "text", "text": "é"}]},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "c", "content": "1"},
        ],
        "m",
    ),
]


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize("most", [0, 100])
@pytest.mark.parametrize("refused", [set(), {"stream_options", "max_completion_tokens"}])
def test_requests_are_what_the_sdk_would_send(request_: ChatRequest, most: int, refused: set[str]) -> None:
    body = json.loads(request_body(request_, Settings(max_output_tokens=most), refused))
    TypeAdapter(CompletionCreateParamsStreaming).validate_python(body)
    assert set(body) <= set(CompletionCreateParamsStreaming.__annotations__) | {"stream"}
    assert body["messages"] == request_.messages
    assert body.get("tools") == request_.tools
    assert body.get("tool_choice") == request_.tool_choice
    assert ("stream_options" in body) == (not refused)
    bound = "max_tokens" if refused else "max_completion_tokens"
    assert body.get(bound) == (most or None)


def test_a_choice_without_tools_is_left_out() -> None:
    """OpenAI answers 400 to it."""
    body = request_body(ChatRequest(QUESTION.messages, "m", tools=[], tool_choice="auto"), Settings())
    assert not {"tools", "tool_choice"} & set(json.loads(body))


@pytest.mark.parametrize(
    ("suffix", "target"),
    [("", "/v1/chat/completions"), ("/", "/v1/chat/completions"), ("?a=b#c", "/v1/chat/completions?a=b")],
)
async def test_the_base_url(
    suffix: str, target: str, upstream: FakeUpstream, make_wire: Callable[..., OpenAIWire]
) -> None:
    upstream.enqueue(hello())
    assert (await answer_of(make_wire(openai_base_url=upstream.url + suffix))).failure is None
    assert upstream.requests[0].target == target


async def test_without_a_key_nobody_is_asked(
    upstream: FakeUpstream, make_wire: Callable[..., OpenAIWire]
) -> None:
    outcome = await answer_of(make_wire(openai_api_key=""))
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.NOT_CONFIGURED
    assert upstream.connections == 0


@pytest.mark.parametrize("key", ["sk one", "sk\r\nX: y", "clé"])
def test_a_key_that_no_header_can_carry(key: str) -> None:
    with pytest.raises(SettingsError, match="OPENAI_API_KEY") as caught:
        Keys(Settings(openai_api_key=key))
    assert key not in str(caught.value)


@pytest.mark.usefixtures("trusted")
async def test_over_tls(tls_upstream: FakeUpstream, make_wire: Callable[..., OpenAIWire]) -> None:
    tls_upstream.enqueue(hello(), hello())
    wire = make_wire(openai_base_url=tls_upstream.url)
    wire.prepare()
    for _ in range(2):
        assert merged((await answer_of(wire)).parts) == HELLO
    assert tls_upstream.connections == 1


# The stream.


async def test_a_batch_is_what_one_read_brought(upstream: FakeUpstream, wire: OpenAIWire) -> None:
    """Text leaves when it has come, and what came together leaves together."""
    go = asyncio.Event()
    first, second, *rest = text_events("a", "b", "c")
    upstream.enqueue(Reply([first, second, go, b"".join(rest)]))
    batches = wire.stream(QUESTION)
    assert await anext(batches) == [TextDelta("a")]
    go.set()
    assert await anext(batches) == [TextDelta("bc"), Finish("stop", Usage(5, 7))]
    with pytest.raises(StopAsyncIteration):
        await anext(batches)


async def test_an_event_in_pieces_leaves_when_it_is_whole(upstream: FakeUpstream, wire: OpenAIWire) -> None:
    go = asyncio.Event()
    one = event(chunk({"content": "a"}))
    upstream.enqueue(Reply([one + one[:30], go, one[30:], *text_events()[1:]]))
    batches = wire.stream(QUESTION)
    assert await anext(batches) == [TextDelta("a")]
    go.set()
    assert merged([part for batch in [b async for b in batches] for part in batch]) == [
        TextDelta("a"),
        Finish("stop", Usage(5, 7)),
    ]


async def test_argument_pieces_of_one_read_are_one(upstream: FakeUpstream, wire: OpenAIWire) -> None:
    start = {"index": 0, "id": "c", "function": {"name": "f", "arguments": ""}}
    pieces = [{"index": 0, "function": {"arguments": piece}} for piece in '{"a": 1}']
    deltas = [event(chunk({"tool_calls": [piece]})) for piece in [start, *pieces]]
    upstream.enqueue(Reply([b"".join([*deltas, event(chunk({}, "tool_calls")), DONE])]))
    parts = (await answer_of(wire)).parts
    assert [part for part in parts if isinstance(part, ToolCallDelta)] == [ToolCallDelta("c", '{"a": 1}')]


async def test_usage_waits_for_the_end_but_the_end_for_nothing(
    upstream: FakeUpstream, wire: OpenAIWire
) -> None:
    """[DONE] ends the answer; that the server does not end the response delays nothing."""
    upstream.enqueue(
        Reply([event(chunk({"content": "a"}, "stop")), event(usage_chunk(1, 2)), DONE, asyncio.Event()])
    )
    async with asyncio.timeout(10):
        outcome = await answer_of(wire)
    assert merged(outcome.parts) == [TextDelta("a"), Finish("stop", Usage(1, 2))]


async def test_a_complete_answer_keeps_the_connection(upstream: FakeUpstream, wire: OpenAIWire) -> None:
    for _ in range(3):
        upstream.enqueue(hello())
        assert merged((await answer_of(wire)).parts) == HELLO
    assert upstream.connections == 1


async def test_no_byte_of_a_long_answer_is_lost_or_doubled(upstream: FakeUpstream, wire: OpenAIWire) -> None:
    texts = [f"{number} " for number in range(20_000)]
    upstream.enqueue(Reply([b"".join(text_events(*texts))]))
    outcome = await answer_of(wire)
    assert outcome.text == "".join(texts)
    assert len(outcome.batches) < len(texts) / 10


async def test_an_answer_that_is_not_streamed(upstream: FakeUpstream, wire: OpenAIWire) -> None:
    """Some servers ignore `stream`; their whole completion is an answer, too."""
    message = {
        "role": "assistant",
        "content": "Hello",
        "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"n": 1}'}},
            {"id": "b", "type": "function", "function": {"name": "f", "arguments": "{}"}},
        ],
    }
    completion = {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 7},
    }
    body = json.dumps(completion).encode()
    upstream.enqueue(
        Reply([body[:9], body[9:]], headers={"Content-Type": "application/json"}, framing="length")
    )
    assert summary((await answer_of(wire)).parts) == Summary(
        "Hello", calls=[("a", "f", {"n": 1}), ("b", "f", {})], reason="tool-calls", usage=(5, 7)
    )


async def test_an_answer_that_is_not_streamed_is_bounded(upstream: FakeUpstream, wire: OpenAIWire) -> None:
    piece = b"x" * 1024 * 1024
    upstream.enqueue(Reply([b'{"', *[piece] * (MAX_COMPLETION // len(piece) + 1), asyncio.Event()]))
    outcome = await answer_of(wire)
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.BROKEN_STREAM


# Failures.


def failure_kind(outcome: Any) -> FailureKind | None:
    return outcome.failure.kind if outcome.failure else None


@pytest.mark.parametrize(
    "steps", [[RESET], [CLOSE], [b"data: {oops\n\n"], [event({"error": {"message": "x"}})]]
)
async def test_a_failure_in_the_middle_keeps_the_text_and_is_not_retried(
    steps: list[Any], upstream: FakeUpstream, wire: OpenAIWire
) -> None:
    reply = Reply([event(chunk({"content": "half"})), *steps, asyncio.Event()])
    upstream.enqueue(reply, hello())
    outcome = await answer_of(wire)
    assert merged(outcome.parts) == [TextDelta("half")]
    assert failure_kind(outcome) in (FailureKind.BROKEN_STREAM, FailureKind.UNAVAILABLE)
    assert len(upstream.requests) == 1
    async with asyncio.timeout(10):
        await reply.client_closed.wait()


async def test_a_failed_upstream_is_let_go_before_its_last_text_is_read(
    upstream: FakeUpstream, wire: OpenAIWire
) -> None:
    """The consumer may take its time over the last batch, a connection that is of no use is not held for it."""
    reply = Reply([event(chunk({"content": "half"})) + b"data: {oops\n\n", asyncio.Event()])
    upstream.enqueue(reply)
    batches = wire.stream(QUESTION)
    assert await anext(batches) == [TextDelta("half")]
    async with asyncio.timeout(10):
        await reply.client_closed.wait()
    with pytest.raises(SourceError, match="malformed event"):
        await anext(batches)


async def test_a_complete_upstream_is_free_before_its_last_text_is_read(
    upstream: FakeUpstream, wire: OpenAIWire
) -> None:
    """A second answer, begun while the first one's last batch lies unread, goes over the same connection."""
    upstream.enqueue(Reply([b"".join(text_events("Hello"))]), hello())
    batches = wire.stream(QUESTION)
    assert await anext(batches) == HELLO
    assert merged((await answer_of(wire)).parts) == HELLO
    assert upstream.connections == 1
    assert [batch async for batch in batches] == []


async def test_a_reset_after_the_finish_reason_is_a_failure(upstream: FakeUpstream, wire: OpenAIWire) -> None:
    upstream.enqueue(Reply([event(chunk({"content": "all", "role": "assistant"}, "stop")), RESET]))
    outcome = await answer_of(wire)
    assert (outcome.text, failure_kind(outcome)) == ("all", FailureKind.BROKEN_STREAM)


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
async def test_the_end_of_the_body_is_an_end_after_a_finish_reason(
    framing: str, upstream: FakeUpstream, wire: OpenAIWire
) -> None:
    events = text_events("Hello")[:-1]
    upstream.enqueue(Reply(events, framing=framing))  # type: ignore[arg-type]  # a literal by parametrize
    assert merged((await answer_of(wire)).parts) == HELLO


async def test_an_empty_stream_is_a_failure(upstream: FakeUpstream, wire: OpenAIWire) -> None:
    upstream.enqueue(Reply([]))
    assert failure_kind(await answer_of(wire)) is FailureKind.BROKEN_STREAM


async def test_an_endless_event_is_a_failure(upstream: FakeUpstream, wire: OpenAIWire) -> None:
    upstream.enqueue(
        Reply([event(chunk({"content": "a"})), b"data: ", *[b"x" * 1024 * 1024] * 9, asyncio.Event()])
    )
    outcome = await answer_of(wire)
    assert (outcome.text, failure_kind(outcome)) == ("a", FailureKind.BROKEN_STREAM)


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (
            error_reply(401, {"message": "Incorrect API key provided", "code": "invalid_api_key"}),
            FailureKind.BAD_KEY,
            "answered 401: Incorrect API key",
        ),
        (
            error_reply(404, {"message": "The model `x` does not exist", "code": "model_not_found"}),
            FailureKind.MODEL_NOT_FOUND,
            "does not exist",
        ),
        (error_reply(404, "Not Found"), FailureKind.BAD_REQUEST, "Is OPENAI_BASE_URL the API's root"),
        (
            Reply(status=307, headers={"Location": "https://elsewhere.example/v1"}, framing="length"),
            FailureKind.BAD_REQUEST,
            "redirects to https://elsewhere.example/v1",
        ),
        (
            error_reply(429, {"message": "You exceeded your quota", "code": "insufficient_quota"}),
            FailureKind.QUOTA_EXCEEDED,
            "quota",
        ),
        (
            Reply([b"<html>"], headers={"Content-Type": "text/html; charset=utf-8"}),
            FailureKind.BAD_REQUEST,
            "web page",
        ),
        (
            Reply([b"\x1f\x8b"], headers={"Content-Encoding": "gzip"}),
            FailureKind.BROKEN_STREAM,
            r"compresses its answer \(gzip\)",
        ),
        (Reply(head=b"SSH-2.0\r\n", framing="length"), FailureKind.UNAVAILABLE, "not valid HTTP"),
        (
            Reply([b"x" * 1000] * 1000, status=400),
            FailureKind.BAD_REQUEST,
            "answered 400: x{1900,}…$",
        ),
    ],
)
async def test_failures_that_are_final(
    reply: Reply, kind: FailureKind, words: str, upstream: FakeUpstream, wire: OpenAIWire
) -> None:
    upstream.enqueue(reply)
    outcome = await answer_of(wire)
    assert outcome.failure is not None
    assert (outcome.failure.kind, outcome.parts) == (kind, [])
    assert re.search(words, outcome.failure.detail), outcome.failure.detail
    assert urlsplit(upstream.url).netloc in outcome.failure.detail  # with the port
    assert len(upstream.requests) == 1


async def test_an_endless_error_is_not_read_to_its_end(upstream: FakeUpstream, wire: OpenAIWire) -> None:
    reply = Reply([b"x" * 1024] * (100 * MAX_ERROR_BODY // 1024), status=400)
    upstream.enqueue(reply)
    assert failure_kind(await answer_of(wire)) is FailureKind.BAD_REQUEST
    async with asyncio.timeout(10):
        await reply.client_closed.wait()


@pytest.mark.parametrize("where", ["status", "stream", "first event"])
async def test_the_key_never_reaches_the_log(
    where: str, upstream: FakeUpstream, wire: OpenAIWire, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "chat")
    said = {"message": f"you sent Bearer {KEY}", "code": "invalid_api_key"}
    replies = {
        "status": error_reply(401, said),
        "stream": Reply([event(chunk({"content": "a"})), event({"error": said})]),
        "first event": Reply([event({"error": said})]),
    }
    upstream.enqueue(replies[where])
    outcome = await answer_of(wire)
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.BAD_KEY
    assert "you sent Bearer [OPENAI_API_KEY]" in outcome.failure.detail
    assert KEY not in str(outcome.failure) + repr(outcome.failure.args) + caplog.text


@pytest.mark.parametrize("distance", range(0, len(KEY) + 60, 3))
async def test_the_cut_leaves_no_piece_of_a_key(
    distance: int, upstream: FakeUpstream, wire: OpenAIWire
) -> None:
    """Wherever it stands before the end of what is shown: in an error's words, and in a redirection's target."""
    said = {"message": "." * (MAX_WORDS - distance) + f"{KEY} and more"}
    moved = Reply(status=307, headers={"Location": "/" * (200 - distance) + KEY}, framing="length")
    upstream.enqueue(error_reply(400, said), moved)
    for _ in range(2):
        outcome = await answer_of(wire)
        assert outcome.failure is not None
        shown = outcome.failure.detail
        assert "..." in shown or "redirects" in shown
        assert not [at for at in range(len(KEY) - 7) if KEY[at : at + 8] in shown]


async def test_a_key_too_short_to_be_one_is_left_in_the_words(
    upstream: FakeUpstream, make_wire: Callable[..., OpenAIWire]
) -> None:
    """Local servers take any; "k" is in every second word."""
    upstream.enqueue(error_reply(400, {"message": "unlike a key"}))
    outcome = await answer_of(make_wire(openai_api_key="k"))
    assert outcome.failure is not None
    assert outcome.failure.detail.endswith("answered 400: unlike a key.")


async def test_an_upstream_cannot_write_lines_of_the_log(
    upstream: FakeUpstream, wire: OpenAIWire, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "chat")
    said = {"message": f"no\r\n[ERROR] all is lost\x1b[2J é \u2028 {KEY}"}
    shown = r"no\r\n[ERROR] all is lost\x1b[2J é \u2028 [OPENAI_API_KEY]"
    upstream.enqueue(error_reply(503, said), error_reply(400, said))
    outcome = await answer_of(wire)
    assert outcome.failure is not None
    assert outcome.failure.detail.endswith(f"answered 400: {shown}.")
    assert f"answered 503: {shown}. Trying again" in caplog.messages[0]


# Retries.


@pytest.mark.parametrize(
    "reply",
    [
        *(error_reply(status, {"message": "later"}) for status in (408, 409, 429, 500, 502, 503, 504, 529)),
        error_reply(400, {"message": "again"}, {"x-should-retry": "true"}),
        Reply([RESET], head=b""),
        Reply([CLOSE], head=b"HTTP/1.1 200 OK\r\n"),
        Reply([RESET]),
        Reply([event({"error": {"message": "overloaded", "code": 503}})]),
        Reply([b'{"error": {"message": "overloaded", "code": 429}}'], framing="length"),
    ],
    ids=lambda reply: f"{reply.status} {reply.head}",
)
async def test_what_may_pass_is_tried_again(reply: Reply, upstream: FakeUpstream, wire: OpenAIWire) -> None:
    upstream.enqueue(reply, hello())
    outcome = await answer_of(wire)
    assert merged(outcome.parts) == HELLO
    assert len(upstream.requests) == 2
    assert upstream.requests[0].body == upstream.requests[1].body


async def test_what_will_not_pass_is_not_tried_again(upstream: FakeUpstream, wire: OpenAIWire) -> None:
    for reply in (
        error_reply(400, {"message": "no"}),
        error_reply(403, {"message": "no"}),
        error_reply(422, {"message": "no"}),
        error_reply(503, {"message": "no"}, {"x-should-retry": "false"}),
        error_reply(429, {"message": "no", "type": "insufficient_quota"}, {"x-should-retry": "true"}),
    ):
        upstream.requests.clear()
        upstream.enqueue(reply)
        assert (await answer_of(wire)).failure is not None
        assert len(upstream.requests) == 1


async def test_a_wait_beyond_the_budget_is_not_waited(upstream: FakeUpstream, wire: OpenAIWire) -> None:
    upstream.enqueue(error_reply(429, {"message": "tomorrow"}, {"Retry-After": "86400"}))
    async with asyncio.timeout(10):
        assert failure_kind(await answer_of(wire)) is FailureKind.RATE_LIMITED
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("settings", [{"retry_budget": 0}, {"first_token_timeout": 0.2}])
async def test_no_time_for_another_try(
    settings: dict[str, float], upstream: FakeUpstream, make_wire: Callable[..., OpenAIWire]
) -> None:
    upstream.enqueue(error_reply(503, {"message": "later"}))
    assert failure_kind(await answer_of(make_wire(**settings))) is FailureKind.UNAVAILABLE
    assert len(upstream.requests) == 1


async def test_the_last_failure_counts(upstream: FakeUpstream, wire: OpenAIWire) -> None:
    upstream.enqueue(error_reply(503, {"message": "later"}), error_reply(401, {"message": "no"}))
    assert failure_kind(await answer_of(wire)) is FailureKind.BAD_KEY
    assert len(upstream.requests) == 2


async def test_nobody_listens(upstream: FakeUpstream, make_wire: Callable[..., OpenAIWire]) -> None:
    async with FakeUpstream() as gone:
        url = gone.url
    outcome = await answer_of(make_wire(openai_base_url=url, retry_budget=0))
    assert failure_kind(outcome) is FailureKind.UNAVAILABLE


@pytest.mark.parametrize(
    ("refusal", "field"),
    [
        ({"message": "Unrecognized request argument supplied: stream_options"}, "stream_options"),
        (
            {"detail": [{"type": "extra_forbidden", "loc": ["body", "max_completion_tokens"]}]},
            "max_completion_tokens",
        ),
    ],
)
async def test_a_field_that_the_server_refuses_is_done_without(
    refusal: dict[str, Any], field: str, upstream: FakeUpstream, make_wire: Callable[..., OpenAIWire]
) -> None:
    """Once; from then on the process knows."""
    wire = make_wire(max_output_tokens=9)
    upstream.enqueue(error_reply(422, refusal), hello(), hello())
    for _ in range(2):
        assert merged((await answer_of(wire)).parts) == HELLO
    assert [field in request.json for request in upstream.requests] == [True, False, False]
    assert field == "stream_options" or upstream.requests[-1].json["max_tokens"] == 9


# The clocks.


async def test_no_head_in_time(upstream: FakeUpstream, make_wire: Callable[..., OpenAIWire]) -> None:
    reply = Reply([asyncio.Event()], head=b"")
    upstream.enqueue(reply)
    outcome = await answer_of(make_wire(first_token_timeout=0.1))
    assert failure_kind(outcome) is FailureKind.TIMEOUT
    async with asyncio.timeout(10):
        await reply.client_closed.wait()


async def test_no_first_event_in_time(upstream: FakeUpstream, make_wire: Callable[..., OpenAIWire]) -> None:
    """Comments are no events: a proxy that lives is not a model that answers."""
    reply = Reply([b": processing\n\n", asyncio.Event()])
    upstream.enqueue(reply)
    outcome = await answer_of(make_wire(first_token_timeout=0.1))
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.TIMEOUT
    assert "within 0.1 s" in outcome.failure.detail
    assert len(upstream.requests) == 1


async def test_no_next_event_in_time(upstream: FakeUpstream, make_wire: Callable[..., OpenAIWire]) -> None:
    reply = Reply([event(chunk({"content": "half"})), b": processing\n\n", asyncio.Event()])
    upstream.enqueue(reply)
    outcome = await answer_of(make_wire(token_timeout=0.1))
    assert merged(outcome.parts) == [TextDelta("half")]
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.TIMEOUT
    assert "for 0.1 s in the middle" in outcome.failure.detail
    async with asyncio.timeout(10):
        await reply.client_closed.wait()


async def test_a_slow_consumer_is_no_slow_model(
    upstream: FakeUpstream, make_wire: Callable[..., OpenAIWire]
) -> None:
    """The clock runs while the model is waited for, not while the client is."""
    go = asyncio.Event()
    first, *rest = text_events("a", "b")[1:]
    upstream.enqueue(Reply([first, go, *rest]))
    wire = make_wire(token_timeout=0.2)
    batches = wire.stream(QUESTION)
    assert await anext(batches) == [TextDelta("a")]
    await asyncio.sleep(0.3)  # longer than the clock allows a model
    go.set()
    parts = [part async for batch in batches for part in batch]
    assert merged(parts) == [TextDelta("b"), Finish("stop", Usage(5, 7))]


# Closing.


async def test_closing_the_stream_closes_the_upstream_at_once(
    upstream: FakeUpstream, wire: OpenAIWire
) -> None:
    reply = Reply([event(chunk({"content": "a"})), asyncio.Event()])
    upstream.enqueue(reply)
    batches = wire.stream(QUESTION)
    await anext(batches)
    await batches.aclose()
    async with asyncio.timeout(10):
        await reply.client_closed.wait()


@pytest.mark.parametrize("head", [None, b""], ids=["in the stream", "before the head"])
async def test_cancelling_closes_the_upstream_at_once(
    head: bytes | None, upstream: FakeUpstream, wire: OpenAIWire
) -> None:
    reply = Reply([event(chunk({"content": "a"})) if head is None else asyncio.Event(), asyncio.Event()])
    reply.head = head
    upstream.enqueue(reply)
    reading = asyncio.ensure_future(answer_of(wire))
    await reply.started.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    async with asyncio.timeout(10):
        await reply.client_closed.wait()


async def test_answers_side_by_side(upstream: FakeUpstream, wire: OpenAIWire) -> None:
    """Three advisers at once: each its own connection, all kept afterwards."""
    for _ in range(2):
        upstream.enqueue(*(hello() for _ in range(3)))
        outcomes = await asyncio.gather(*(answer_of(wire) for _ in range(3)))
        assert [merged(outcome.parts) for outcome in outcomes] == [HELLO] * 3
    assert upstream.connections == 3
