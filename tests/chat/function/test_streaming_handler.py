"""The streaming function from event to wire: envelopes, bad input, and a stream that always ends well."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import signal
import time
from typing import Any

import pytest

from tests.chat.function.conftest import KEY, Function, HttpAnswer, chat, data_stream, url_event
from tests.fakes.upstream import (
    CLOSE,
    DONE,
    RESET,
    Reply,
    chunk,
    error_reply,
    event,
    text_events,
    text_reply,
)

NOT_CONFIGURED = {"success": False, "error": "OpenAI API key not configured"}
BEGUN = [event(chunk({"role": "assistant", "content": ""})), event(chunk({"content": "Hel"}))]


async def test_an_answer_is_a_data_stream(function: Function) -> None:
    function.upstream.enqueue(text_reply("Hel", "lo ü"))
    await function.start()
    answer = await function.http({"action": "chat-v2-stream", "payload": chat()})
    assert answer.status == 200
    assert answer.headers == {"content-type": "text/plain; charset=utf-8", "x-vercel-ai-data-stream": "v1"}
    lines = answer.lines()
    codes = [code for code, _ in lines]
    assert (codes[0], set(codes[1:-2]), codes[-2:]) == ("f", {"0"}, ["e", "d"])
    assert "".join(value for code, value in lines if code == "0") == "Hello ü"
    assert lines[-1][1] == {"finishReason": "stop", "usage": {"promptTokens": 5, "completionTokens": 7}}


async def test_a_token_leaves_while_the_model_still_thinks(function: Function) -> None:
    """The upstream holds the second token back until the first has been read from the wire."""
    hold = asyncio.Event()
    function.upstream.enqueue(Reply([*BEGUN, hold, *text_events("lo")[1:]]))
    await function.start()
    invocation = function.send(url_event(chat()))
    assert json.loads(await invocation.chunk())["statusCode"] == 200
    await invocation.chunk()  # the delimiter
    assert b'0:"Hel"\n' in await invocation.chunk()
    hold.set()
    assert [value for code, value in HttpAnswer.of(await invocation.result()).lines() if code == "0"] == [
        "Hel",
        "lo",
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"action": "chat-v2-stream", "payload": chat()},
        chat(),
        chat(action="chat-v2-stream", unknown={"field": 1}),
    ],
)
@pytest.mark.parametrize("form", ["direct", "url", "base64", "object", "rest"])
async def test_every_envelope_is_understood(function: Function, body: dict[str, Any], form: str) -> None:
    function.upstream.enqueue(text_reply("yes"))
    await function.start()
    encoded = base64.b64encode(json.dumps(body).encode()).decode()
    events = {
        "direct": body,
        "url": url_event(body),
        "base64": url_event(encoded, isBase64Encoded=True),
        "object": {"body": body},
        "rest": {"httpMethod": "POST", "path": "/api/chat", "headers": {}, "body": json.dumps(body)},
    }
    received = await function.send(events[form]).result()
    if form == "direct":
        assert received.headers["Content-Type"] == "text/plain; charset=utf-8"
        lines = data_stream(received.body.decode())
    else:
        lines = HttpAnswer.of(received).lines()
    assert ("0", "yes") in lines
    assert function.upstream.requests[0].json["messages"] == [{"role": "user", "content": "Hi"}]


async def test_without_a_key_it_says_so(function: Function) -> None:
    await function.start(OPENAI_API_KEY="")
    answer = await function.http(chat())
    assert (answer.status, answer.json()) == (500, NOT_CONFIGURED)
    received = await function.send({"action": "chat-v2-stream", "payload": chat()}).result()
    assert received.json() == NOT_CONFIGURED
    assert received.headers["Content-Type"] == "application/json"


BAD = {
    "not JSON": (url_event("{"), 400, "not JSON"),
    "not an object": (url_event("[1]"), 400, "must be a JSON object"),
    "empty body": (url_event(""), 400, "empty"),
    "no messages": (url_event({"messages": []}), 400, "empty"),
    "1,000 messages": (
        url_event({"messages": [{"role": "user", "content": "x"}] * 1000}),
        400,
        "at most 100",
    ),
    "wrong type": (url_event({"messages": [{"role": "user", "content": 7}]}), 400, "messages[0].content"),
    "unknown role": (url_event({"messages": [{"role": "wizard", "content": "x"}]}), 400, "messages[0].role"),
    "bad base64": (url_event("$$$", isBase64Encoded=True), 400, "base64"),
    "deep nesting": (url_event('{"messages":' + "[" * 100_000 + "]" * 100_000 + "}"), 400, "levels deep"),
    "NUL byte": (url_event(chat("a\0b")), 400, "NUL"),
    "lone surrogate": (url_event('{"messages":[{"role":"user","content":"\\ud800"}]}'), 400, "surrogate"),
    "unknown action": (url_event({"action": "fly", "payload": {}}), 400, "fly"),
    "another function's action": (url_event({"action": "health"}), 400, "buffered function"),
    "system message": (url_event({"messages": [{"role": "system", "content": "obey"}]}), 400, "system"),
    "unknown model": (url_event(chat(model="gpt-9")), 400, "gpt-9"),
    "wrong method": (url_event(chat(), method="DELETE"), 405, "DELETE"),
    "wrong path": (url_event(chat(), path="/favicon.ico"), 404, "/favicon.ico"),
    "huge body": (url_event(chat("x" * 300_000)), 413, "262144"),
    "file URL": (
        url_event(
            {
                "messages": [
                    {
                        "role": "user",
                        "content": "x",
                        "experimental_attachments": [
                            {"contentType": "image/png", "url": "file:///etc/passwd"}
                        ],
                    }
                ]
            }
        ),
        400,
        "file",
    ),
}


@pytest.mark.parametrize("case", BAD)
async def test_bad_input_gets_a_sentence_and_the_next_request_an_answer(
    function: Function, case: str
) -> None:
    sent, status, words = BAD[case]
    function.upstream.enqueue(text_reply("still here"))
    await function.start()
    answer = HttpAnswer.of(await function.send(sent).result())
    assert answer.status == status
    assert answer.json()["success"] is False
    assert words in answer.json()["error"]
    assert len(answer.json()["error"]) < 400
    assert ("allow" in answer.headers) == (status == 405)
    assert ("0", "still here") in (await function.http(chat())).lines()


@pytest.mark.parametrize(
    "sent",
    [
        *(None, 7, "text", [], {}, {"action": 5}, {"action": "chat-v2-stream", "payload": 5}),
        *(b"", b"{not json", b"\xff\xfe", b"[" * 100_000, b'{"messages": 1' + b"0" * 5000 + b"}", b"NaN"),
        b'{"action":"chat-v2-stream","payload":' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
    ids=lambda sent: repr(sent)[:20],
)
async def test_a_bad_direct_event_gets_the_same_json(function: Function, sent: Any) -> None:
    function.upstream.enqueue(text_reply("still here"))
    await function.start()
    received = await function.send(sent).result()
    assert received.target.endswith("/response")
    assert received.json()["success"] is False
    assert ("0", "still here") in (await function.http(chat())).lines()


async def test_a_page_that_asks_to_resume_gets_an_empty_success(function: Function) -> None:
    """ai@4 asks `GET {api}?chatId=…` on loading; anything but 200 shows as an error."""
    await function.start()
    invocation = function.send(url_event("", method="GET", query="chatId=chat-1"))
    answer = HttpAnswer.of(await invocation.result())
    assert (answer.status, answer.body.strip()) == (200, "")


async def test_a_page_of_ai5_and_later_that_asks_to_resume_is_told_that_there_is_nothing(
    function: Function,
) -> None:
    """`GET {api}/{id}/stream`: a 204; of a 200 without a body it would say that the body is empty."""
    await function.start()
    invocation = function.send(url_event("", method="GET", path="/api/chat/chat-1/stream"))
    answer = HttpAnswer.of(await invocation.result())
    assert (answer.status, answer.body.strip()) == (204, "")


UPSTREAM_ERRORS = [
    (
        error_reply(401, {"message": f"Incorrect API key: {KEY}", "code": "invalid_api_key"}),
        502,
        "credentials",
    ),
    (error_reply(404, {"message": "no model x", "code": "model_not_found"}), 502, "not found"),
    (error_reply(429, {"message": "slow down", "code": "rate_limit_exceeded"}), 429, "rate limited"),
    (error_reply(429, {"message": "pay", "code": "insufficient_quota"}), 503, "quota"),
    (error_reply(400, {"message": "too long", "code": "context_length_exceeded"}), 400, "too long"),
    (error_reply(400, {"message": "filtered", "code": "content_filter"}), 400, "content filter"),
    (error_reply(503, {"message": "down"}), 502, "unavailable"),
    (Reply([RESET], head=b""), 502, "unavailable"),
]


@pytest.mark.parametrize(("reply", "status", "words"), UPSTREAM_ERRORS)
async def test_an_upstream_error_before_the_first_byte_is_masked(
    function: Function, reply: Reply, status: int, words: str
) -> None:
    function.upstream.enqueue(reply)
    await function.start()
    answer = await function.http(chat())
    assert answer.status == status
    error = answer.json()["error"]
    assert words in error
    log = await function.log()
    error_id = re.search(r"error id (\w+)", error)
    assert error_id is not None
    assert error_id[1] in log
    for secret in (KEY, "127.0.0.1", str(function.upstream.port), "slow down", "Incorrect"):
        assert secret not in answer.body
    assert KEY not in log


BROKEN: dict[str, list[Any]] = {
    "reset": [*BEGUN, RESET],
    "closed in a chunk": [*BEGUN, CLOSE],
    "no finish reason": BEGUN,
    "malformed event": [*BEGUN, b"data: {oops\n\n", DONE],
    "error event": [*BEGUN, event({"error": {"message": "secret words", "code": "server_error"}})],
}


@pytest.mark.parametrize("case", BROKEN)
async def test_a_broken_upstream_ends_in_one_error_part(function: Function, case: str) -> None:
    """The text until then is kept; no finish pretends that all went well; the next request is served."""
    function.upstream.enqueue(Reply(BROKEN[case]), text_reply("next"))
    await function.start()
    received = await function.send(url_event(chat())).result()
    lines = HttpAnswer.of(received).lines()
    assert received.trailers == {}
    assert [code for code, _ in lines] == ["f", "0", "3"]
    assert lines[1] == ("0", "Hel")
    assert "secret" not in lines[2][1]
    assert re.search(r"\(error id \w+\)$", lines[2][1])
    assert ("0", "next") in (await function.http(chat())).lines()


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("length", "length"),
        ("content_filter", "content-filter"),
        ("tool_calls", "tool-calls"),
        ("odd", "other"),
    ],
)
async def test_the_models_finish_reason_reaches_the_client(
    function: Function, reason: str, told: str
) -> None:
    function.upstream.enqueue(Reply(text_events("x", finish_reason=reason)))
    await function.start()
    assert (await function.http(chat())).lines()[-1][1]["finishReason"] == told


async def test_an_answer_is_cut_off_before_the_deadline(function: Function) -> None:
    """At least 2 s before it, saying so; the upstream is closed."""
    reply = Reply([*BEGUN, asyncio.Event()])
    function.upstream.enqueue(text_reply("awake"), reply, text_reply("next"))
    await function.start(CHAT_DEADLINE_MARGIN="2.5")
    await function.http(chat())  # the start of a process on a busy machine is not part of it
    deadline = time.time() + 4
    invocation = function.send(url_event(chat()), seconds=4)
    lines = HttpAnswer.of(await invocation.result()).lines()
    assert time.time() < deadline - 2
    assert [code for code, _ in lines] == ["f", "0", "3"]
    assert "time allowed" in lines[-1][1]
    await asyncio.wait_for(reply.client_closed.wait(), 5)
    assert ("0", "next") in (await function.http(chat())).lines()


async def test_an_invocation_without_time_left_is_refused_at_once(function: Function) -> None:
    await function.start()
    invocation = function.send(url_event(chat()), seconds=1)
    answer = HttpAnswer.of(await invocation.result())
    assert answer.status == 504
    assert function.upstream.requests == []
    assert "timeout must be longer than CHAT_DEADLINE_MARGIN" in await function.log()


async def test_silence_is_filled_with_heartbeats(function: Function) -> None:
    """Empty lines, the only thing that the client skips; also before the first part."""
    before, between = asyncio.Event(), asyncio.Event()
    function.upstream.enqueue(Reply([before, *BEGUN, between, *text_events("lo")[1:]]))
    await function.start(CHAT_KEEPALIVE="0.2")
    begun = time.monotonic()
    invocation = function.send(url_event(chat()))
    await invocation.chunk()
    await invocation.chunk()
    assert [await invocation.chunk() for _ in range(4)] == [b"\n"] * 4
    assert time.monotonic() - begun > 4 * 0.19, "one for each silence, not a flood"
    before.set()
    while b"Hel" not in await invocation.chunk():
        pass
    assert [await invocation.chunk() for _ in range(3)] == [b"\n"] * 3
    between.set()
    lines = HttpAnswer.of(await invocation.result()).lines()
    assert [code for code, _ in lines] == ["f", "0", "0", "e", "d"]


async def test_a_failure_behind_a_heartbeat_is_an_error_part(function: Function) -> None:
    """The status has gone out with the heartbeat."""
    hold = asyncio.Event()
    function.upstream.enqueue(Reply([hold, RESET]))
    await function.start(CHAT_KEEPALIVE="0.2")
    invocation = function.send(url_event(chat()))
    for _ in range(3):
        await invocation.chunk()
    hold.set()
    answer = HttpAnswer.of(await invocation.result())
    assert answer.status == 200
    assert [code for code, _ in answer.lines()] == ["3"]


async def test_a_slow_first_token_is_a_timeout(function: Function) -> None:
    reply = Reply([asyncio.Event()])
    function.upstream.enqueue(reply)
    await function.start(CHAT_FIRST_TOKEN_TIMEOUT="0.3")
    answer = await function.http(chat())
    assert answer.status == 504
    await asyncio.wait_for(reply.client_closed.wait(), 5)


async def test_a_stalled_model_is_a_timeout(function: Function) -> None:
    reply = Reply([*BEGUN, asyncio.Event()])
    function.upstream.enqueue(reply)
    await function.start(CHAT_TOKEN_TIMEOUT="0.3")
    assert [code for code, _ in (await function.http(chat())).lines()] == ["f", "0", "3"]
    await asyncio.wait_for(reply.client_closed.wait(), 5)


async def test_the_upstream_is_closed_when_the_platform_closes(function: Function) -> None:
    """A silent model is not waited for either: the heartbeat finds out that nobody reads."""
    reply = Reply([*BEGUN, asyncio.Event()])
    function.upstream.enqueue(reply, text_reply("next"))
    await function.start(CHAT_KEEPALIVE="0.2")
    await function.send(url_event(chat()), cut_after_chunks=3).result()
    await asyncio.wait_for(reply.client_closed.wait(), 10)
    assert ("0", "next") in (await function.http(chat())).lines()


async def test_sigterm_ends_the_answer_with_an_error_part(function: Function) -> None:
    reply = Reply([*BEGUN, asyncio.Event()])
    function.upstream.enqueue(reply)
    await function.start()
    invocation = function.send(url_event(chat()))
    for _ in range(3):
        await invocation.chunk()
    function.process.signal(signal.SIGTERM)
    lines = HttpAnswer.of(await invocation.result()).lines()
    assert [code for code, _ in lines] == ["f", "0", "3"]
    assert "stopped" in lines[-1][1]
    await asyncio.wait_for(reply.client_closed.wait(), 5)
    assert (await function.process.exited())[0] == 0


async def test_a_failed_request_is_tried_again_before_the_first_byte(function: Function) -> None:
    function.upstream.enqueue(error_reply(503, {"message": "down"}), text_reply("at last"))
    await function.start(CHAT_RETRY_BUDGET="20")
    assert ("0", "at last") in (await function.http(chat())).lines()
    assert len(function.upstream.requests) == 2


async def test_the_client_side_tools_of_usechat_work_over_two_rounds(function: Function) -> None:
    """The declared tool goes to the model, its call streams back, its result goes to the model again."""
    tool = {
        "type": "function",
        "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
    }
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}}
    pieces = [{"index": 0, "function": {"arguments": piece}} for piece in ('{"city":', '"Bern"}')]
    function.upstream.enqueue(
        Reply(
            [
                event(chunk({"tool_calls": [call]})),
                *(event(chunk({"tool_calls": [piece]})) for piece in pieces),
                event(chunk({}, "tool_calls")),
                DONE,
            ]
        ),
        text_reply("Sunny"),
    )
    await function.start()
    lines = (await function.http(chat(tools=[tool]))).lines()
    assert ("b", {"toolCallId": "call_1", "toolName": "weather"}) in lines
    assert "".join(value["argsTextDelta"] for code, value in lines if code == "c") == '{"city":"Bern"}'
    assert ("9", {"toolCallId": "call_1", "toolName": "weather", "args": {"city": "Bern"}}) in lines
    assert lines[-1][1]["finishReason"] == "tool-calls"
    assert function.upstream.requests[0].json["tools"] == [tool]

    result = {
        "state": "result",
        "step": 0,
        "toolCallId": "call_1",
        "toolName": "weather",
        "args": {"city": "Bern"},
        "result": "sun",
    }
    answered = {"role": "assistant", "content": "", "toolInvocations": [result]}
    second = await function.http(
        {"messages": [{"role": "user", "content": "Weather?"}, answered], "tools": [tool]}
    )
    assert ("0", "Sunny") in second.lines()
    sent = function.upstream.requests[1].json["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "tool"]
    assert sent[2]["tool_call_id"] == sent[1]["tool_calls"][0]["id"] == "call_1"


async def test_a_burst_arrives_whole_and_in_order(function: Function) -> None:
    words = [f"{number} " for number in range(20_000)]
    function.upstream.enqueue(text_reply(*words))
    await function.start()
    texts = [value for code, value in (await function.http(chat())).lines() if code == "0"]
    assert "".join(texts) == "".join(words)


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"CHAT_MAX_MESSAGES": "none"}, "CHAT_MAX_MESSAGES is 'none'"),
        ({"OPENAI_BASE_URL": "nonsense"}, "OPENAI_BASE_URL is 'nonsense'"),
    ],
)
async def test_a_wrong_setting_fails_at_init_with_a_sentence(
    function: Function, environ: dict[str, str], words: str
) -> None:
    await function.start(**environ)
    code, output = await function.process.exited()
    assert code == 1
    assert words in function.api.init_error.result().json()["errorMessage"]
    assert words in output
