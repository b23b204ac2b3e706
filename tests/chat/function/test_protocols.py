"""The streaming function in each of its four protocols: what is promised of a stream holds in all of them."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from typing import Any

import pytest

from tests.chat.function.conftest import Function, HttpAnswer, chat, url_event
from tests.chat.function.endings import BEGUN
from tests.chat.function.told import HEADERS, HEARTBEATS, PROTOCOLS, told
from tests.chat.protocols.ui_grammar import chunks
from tests.fakes.upstream import CLOSE, DONE, RESET, Reply, chunk, error_reply, event, text_events, text_reply

every_protocol = pytest.mark.parametrize("protocol", PROTOCOLS)
NEW_NAMES = {"inputTokens": 5, "outputTokens": 7, "totalTokens": 12}
TOKENS: dict[str, Any] = {
    "data-stream": {"promptTokens": 5, "completionTokens": 7},
    "ui-message-stream": NEW_NAMES,
    "sse": NEW_NAMES,
    "text": None,
}


def ui_chat(*parts: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A body of ai@5 and later; with `parts`, of a further round: those of the assistant's message."""
    messages: list[dict[str, Any]] = [
        {"id": "u1", "role": "user", "parts": [{"type": "text", "text": "Weather?"}]}
    ]
    if parts:
        messages.append({"id": "a1", "role": "assistant", "parts": [{"type": "step-start"}, *parts]})
    return {"id": "chat-1", "messages": messages, "trigger": "submit-message"} | fields


async def first_payload(invocation: Any) -> bytes:
    """The first bytes behind the prelude and its delimiter."""
    await invocation.chunk()
    await invocation.chunk()
    payload: bytes = await invocation.chunk()
    return payload


@every_protocol
async def test_a_whole_answer(function: Function, protocol: str) -> None:
    function.upstream.enqueue(text_reply("Hel", "lo ü"))
    await function.start()
    answer = await function.http(chat(protocol=protocol))
    assert (answer.status, answer.headers) == (200, HEADERS[protocol])
    whole = told(protocol, answer.body)
    assert (whole.text, whole.error, whole.usage) == ("Hello ü", None, TOKENS[protocol])
    assert whole.reason == (None if protocol == "text" else "stop")


@every_protocol
async def test_a_direct_caller_gets_the_same_stream(function: Function, protocol: str) -> None:
    function.upstream.enqueue(text_reply("Hello"))
    await function.start()
    received = await function.send({"action": "chat-v2-stream", "payload": chat(protocol=protocol)}).result()
    assert received.headers["Content-Type"] == HEADERS[protocol]["content-type"]
    assert told(protocol, received.body.decode()).text == "Hello"


@every_protocol
async def test_a_token_leaves_while_the_model_still_thinks(function: Function, protocol: str) -> None:
    """The upstream holds the second token back until the first has been read from the wire."""
    hold = asyncio.Event()
    function.upstream.enqueue(Reply([*BEGUN, hold, *text_events("lo")[1:]]))
    await function.start()
    invocation = function.send(url_event(chat(protocol=protocol)))
    assert b"Hel" in await first_payload(invocation)
    hold.set()
    answer = HttpAnswer.of(await invocation.result())
    assert told(protocol, answer.body).text == "Hello"


BROKEN: dict[str, list[Any]] = {
    "reset": [*BEGUN, RESET],
    "closed in a chunk": [*BEGUN, CLOSE],
    "no finish reason": BEGUN,
    "malformed event": [*BEGUN, b"data: {oops\n\n", DONE],
    "in the arguments of a call": [
        *BEGUN,
        event(
            chunk(
                {
                    "tool_calls": [
                        {"index": 0, "id": "c1", "function": {"name": "weather", "arguments": '{"a'}}
                    ]
                }
            )
        ),
        RESET,
    ],
}


@every_protocol
@pytest.mark.parametrize("case", BROKEN)
async def test_a_broken_upstream_ends_in_one_error(function: Function, protocol: str, case: str) -> None:
    """The text until then is kept, and the next request is served."""
    function.upstream.enqueue(Reply(BROKEN[case]), text_reply("next"))
    await function.start()
    received = await function.send(url_event(chat(protocol=protocol))).result()
    broken = told(protocol, HttpAnswer.of(received).body)
    assert received.trailers == {}
    assert (broken.text, broken.reason) == ("Hel", None)
    assert broken.error is not None
    assert re.search(r"\(error id \w+\)$", broken.error)
    assert told(protocol, (await function.http(chat(protocol=protocol))).body).text == "next"


@every_protocol
async def test_a_failure_before_the_first_byte_has_a_status(function: Function, protocol: str) -> None:
    function.upstream.enqueue(error_reply(503, {"message": "down"}))
    await function.start()
    answer = await function.http(chat(protocol=protocol))
    assert (answer.status, answer.json()["success"]) == (502, False)
    assert "unavailable" in answer.json()["error"]


@every_protocol
async def test_the_deadline_cuts_an_answer_off_in_time(function: Function, protocol: str) -> None:
    """Saying so; the upstream is closed, the next request is served."""
    reply = Reply([*BEGUN, asyncio.Event()])
    function.upstream.enqueue(text_reply("awake"), reply, text_reply("next"))
    await function.start(CHAT_DEADLINE_MARGIN="2.5")
    await function.http(chat())  # the start of a process on a busy machine is not part of it
    deadline = time.time() + 4
    invocation = function.send(url_event(chat(protocol=protocol)), seconds=4)
    cut = told(protocol, HttpAnswer.of(await invocation.result()).body)
    assert time.time() < deadline
    assert cut.text == "Hel"
    assert "time allowed" in str(cut.error)
    await asyncio.wait_for(reply.client_closed.wait(), 5)
    assert told(protocol, (await function.http(chat(protocol=protocol))).body).text == "next"


@every_protocol
async def test_sigterm_ends_the_answer_with_an_error(function: Function, protocol: str) -> None:
    reply = Reply([*BEGUN, asyncio.Event()])
    function.upstream.enqueue(reply)
    await function.start()
    invocation = function.send(url_event(chat(protocol=protocol)))
    await first_payload(invocation)
    function.process.signal(signal.SIGTERM)
    stopped = told(protocol, HttpAnswer.of(await invocation.result()).body)
    assert stopped.text == "Hel"
    assert "stopped" in str(stopped.error)
    await asyncio.wait_for(reply.client_closed.wait(), 5)
    assert (await function.process.exited())[0] == 0


@pytest.mark.parametrize("protocol", HEARTBEATS)
async def test_silence_is_filled_with_what_the_client_skips(function: Function, protocol: str) -> None:
    before, between = asyncio.Event(), asyncio.Event()
    function.upstream.enqueue(Reply([before, *BEGUN, between, *text_events("lo")[1:]]))
    await function.start(CHAT_KEEPALIVE="0.2")
    invocation = function.send(url_event(chat(protocol=protocol)))
    assert await first_payload(invocation) == HEARTBEATS[protocol]
    assert await invocation.chunk() == HEARTBEATS[protocol]
    before.set()
    while b"Hel" not in await invocation.chunk():
        pass
    assert await invocation.chunk() == HEARTBEATS[protocol]
    between.set()
    assert told(protocol, HttpAnswer.of(await invocation.result()).body).text == "Hello"


async def test_plain_text_has_no_heartbeat_and_keeps_its_status(function: Function) -> None:
    """Every byte would be shown; so a failure after a long silence is still a status."""
    function.upstream.enqueue(Reply([asyncio.Event()]))
    await function.start(CHAT_KEEPALIVE="0.1", CHAT_FIRST_TOKEN_TIMEOUT="1")
    answer = await function.http(chat(protocol="text"))
    assert (answer.status, answer.json()["success"]) == (504, False)


@every_protocol
async def test_the_upstream_is_closed_when_the_platform_closes(function: Function, protocol: str) -> None:
    steps = [*BEGUN, *(event(chunk({"content": "x" * 1000})) for _ in range(20_000))]
    reply = Reply([*steps, asyncio.Event()])
    function.upstream.enqueue(reply, text_reply("next"))
    await function.start(CHAT_KEEPALIVE="0.2")
    await function.send(url_event(chat(protocol=protocol)), cut_after_chunks=3).result()
    await asyncio.wait_for(reply.client_closed.wait(), 10)
    assert told(protocol, (await function.http(chat(protocol=protocol))).body).text == "next"


# Which protocol


async def test_the_body_s_form_chooses(function: Function) -> None:
    function.upstream.enqueue(text_reply("four"), text_reply("five"))
    await function.start()
    assert (await function.http(chat())).headers == HEADERS["data-stream"]
    answer = await function.http(ui_chat())
    assert answer.headers == HEADERS["ui-message-stream"]
    assert told("ui-message-stream", answer.body).text == "five"


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_the_query_overrides(function: Function, protocol: str) -> None:
    function.upstream.enqueue(text_reply("Hello"))
    await function.start()
    sent = url_event(ui_chat(), query=f"protocol={protocol}")
    assert HttpAnswer.of(await function.send(sent).result()).headers == HEADERS[protocol]


async def test_an_unknown_protocol_is_refused(function: Function) -> None:
    await function.start()
    answer = await function.http(chat(protocol="morse"))
    assert answer.status == 400
    assert "known are: data-stream, ui-message-stream, sse, text" in answer.json()["error"]


@pytest.mark.parametrize(
    ("path", "query", "status"), [("/", "chatId=c1", 200), ("/c1/stream", "", 204), ("/a/b/stream", "", 204)]
)
async def test_a_page_that_asks_to_resume_hears_that_there_is_nothing(
    function: Function, path: str, query: str, status: int
) -> None:
    await function.start()
    answer = HttpAnswer.of(await function.send(url_event("", method="GET", path=path, query=query)).result())
    assert (answer.status, answer.body.strip()) == (status, "")


# Rounds of the UI message stream

TOOLS = {"weather": {"inputSchema": {"type": "object", "properties": {}}}}
CALL = [
    event(
        chunk({"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "weather", "arguments": ""}}]})
    ),
    event(chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"city":"Bern"}'}}]})),
    event(chunk({}, "tool_calls")),
    DONE,
]
WEATHER = {"type": "tool-weather", "toolCallId": "c1", "input": {"city": "Bern"}}


async def test_a_tool_of_the_page_over_two_rounds(function: Function) -> None:
    """The second continues the message of the first, in a step of its own."""
    function.upstream.enqueue(Reply(CALL), text_reply("Sunny"))
    await function.start()
    first = chunks((await function.http(ui_chat(tools=TOOLS))).body.encode())
    assert first[0] == {"type": "start"}
    called = {"type": "tool-input-available", "toolCallId": "c1", "toolName": "weather"}
    assert {**called, "input": {"city": "Bern"}} in first
    assert first[-1]["messageMetadata"]["finishReason"] == "tool-calls"

    answered = {**WEATHER, "state": "output-available", "output": "sun"}
    second = chunks((await function.http(ui_chat(answered, tools=TOOLS))).body.encode())
    assert second[:2] == [{"type": "start", "messageId": "a1"}, {"type": "start-step"}]
    sent = function.upstream.requests[1].json["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "tool"]
    assert sent[2]["tool_call_id"] == sent[1]["tool_calls"][0]["id"] == "c1"


async def test_a_further_round_that_breaks_still_has_a_step_of_its_own(function: Function) -> None:
    """ai@5.0.0 would post the same round again, for ever."""
    hold = asyncio.Event()
    function.upstream.enqueue(Reply([hold, RESET]))
    await function.start(CHAT_KEEPALIVE="0.2")
    answered = {**WEATHER, "state": "output-available", "output": "sun"}
    invocation = function.send(url_event(ui_chat(answered, tools=TOOLS)))
    await first_payload(invocation)
    hold.set()
    found = chunks(HttpAnswer.of(await invocation.result()).body.encode())
    assert [part["type"] for part in found] == [
        *("start", "start-step", "finish-step", "message-metadata", "error")
    ]


async def test_a_call_that_needs_approval_and_is_denied(function: Function) -> None:
    tools = {"weather": {**TOOLS["weather"], "needsApproval": True}}
    function.upstream.enqueue(Reply(CALL), text_reply("Then not"))
    await function.start()
    first = chunks((await function.http(ui_chat(tools=tools))).body.encode())
    (asked,) = [part for part in first if part["type"] == "tool-approval-request"]
    assert asked["toolCallId"] == "c1"
    assert first[first.index(asked) - 1]["type"] == "tool-input-available"

    approval = {"id": asked["approvalId"], "approved": False, "reason": "too far"}
    denied = {**WEATHER, "state": "approval-responded", "approval": approval}
    second = chunks((await function.http(ui_chat(denied, tools=tools))).body.encode())
    assert second[1:3] == [{"type": "tool-output-denied", "toolCallId": "c1"}, {"type": "start-step"}]
    assert function.upstream.requests[1].json["messages"][-1] == {
        "role": "tool",
        "tool_call_id": "c1",
        "content": "too far",
    }
