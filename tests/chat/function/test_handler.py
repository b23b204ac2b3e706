"""The buffered function: its operations, for direct and HTTP events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.chat.function.conftest import Function, chat, url_event
from tests.fakes.upstream import RESET, Reply, chunk, error_reply, event, text_reply


async def ask(function: Function, sent: Any) -> Any:
    return (await function.send(sent).result()).json()


@pytest.mark.parametrize("sent", [{"action": "chat-v2", "payload": chat()}, chat(), chat(action="chat-v2")])
async def test_the_whole_answer_at_once(function: Function, sent: Any) -> None:
    function.upstream.enqueue(text_reply("Hel", "lo ü"))
    await function.start("handler")
    assert await ask(function, sent) == {
        "success": True,
        "data": {
            "text": "Hello ü",
            "finishReason": "stop",
            "usage": {"promptTokens": 5, "completionTokens": 7, "totalTokens": 12},
        },
    }


async def test_an_http_event_gets_an_http_response(function: Function) -> None:
    function.upstream.enqueue(text_reply("ü"))
    await function.start("handler")
    answer = await ask(function, url_event({"action": "chat-v2", "payload": chat()}))
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, False)
    assert answer["headers"] == {"Content-Type": "application/json"}
    assert json.loads(answer["body"])["data"]["text"] == "ü"


@pytest.mark.parametrize(
    ("path", "query", "status"), [("/", "chatId=chat-1", 200), ("/api/chat/chat-1/stream", "", 204)]
)
async def test_a_page_that_asks_to_resume_hears_that_there_is_nothing(
    function: Function, path: str, query: str, status: int
) -> None:
    """As from the streaming function: ai@4 asks `GET {api}?chatId=…`, later ones `GET {api}/{id}/stream`."""
    await function.start("handler")
    answer = await ask(function, url_event("", method="GET", path=path, query=query))
    assert (answer["statusCode"], answer["body"]) == (status, "")


@pytest.mark.parametrize(("key", "configured"), [("sk-x", True), ("", False)])
async def test_health_tells_whether_it_is_set_up(function: Function, key: str, *, configured: bool) -> None:
    await function.start("handler", OPENAI_API_KEY=key)
    data = {"status": "ok", "configured": configured, "model": "gpt-4o-mini"}
    assert await ask(function, {"action": "health"}) == {"success": True, "data": data}


async def test_models_lists_what_a_request_may_name(function: Function) -> None:
    await function.start("handler", CHAT_MODEL="a", CHAT_MODELS="b, c,a")
    data = {"default": "a", "models": ["a", "b", "c"]}
    assert await ask(function, {"action": "models"}) == {"success": True, "data": data}


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"action": "chat-v2-stream", "payload": chat()}, 400, "answered by the streaming function"),
        ({"action": "fly"}, 400, "Known here: chat-v2, health, models"),
        ({"action": "chat-v2", "payload": {}}, 400, "messages"),
        ("{", 400, "not JSON"),
    ],
)
async def test_bad_input_gets_a_sentence(function: Function, body: Any, status: int, words: str) -> None:
    await function.start("handler")
    answer = await ask(function, url_event(body))
    assert answer["statusCode"] == status
    assert words in json.loads(answer["body"])["error"]
    assert (await ask(function, {"action": "health"}))["success"]


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (error_reply(429, {"message": "slow down", "code": "rate_limit_exceeded"}), 429),
        (Reply([event(chunk({"content": "half"})), RESET]), 502),
    ],
)
async def test_a_failed_answer_is_an_error_and_never_half_of_one(
    function: Function, reply: Reply, status: int
) -> None:
    function.upstream.enqueue(reply)
    await function.start("handler")
    answer = await ask(function, url_event(chat()))
    assert answer["statusCode"] == status
    body = json.loads(answer["body"])
    assert body.keys() == {"success", "error"}
    assert "error id" in body["error"]


async def test_without_a_key_it_says_so(function: Function) -> None:
    await function.start("handler", OPENAI_API_KEY="")
    assert await ask(function, chat()) == {"success": False, "error": "OpenAI API key not configured"}
