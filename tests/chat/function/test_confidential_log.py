"""What never stands in the log, at whatever level: the real process is asked, and all that it printed is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chat.function.conftest import KEY, chat
from tests.fakes.upstream import error_reply, text_reply

if TYPE_CHECKING:
    from tests.chat.function.conftest import Function

QUESTION, ANSWER = "My number is QUESTION-4711", "Yours is ANSWER-4711"
LITELLM = {"CHAT_SOURCE": "litellm"}
JSON = {"AWS_LAMBDA_LOG_FORMAT": "JSON"}


@pytest.mark.parametrize(
    "environment",
    [
        {"AWS_LAMBDA_LOG_LEVEL": "TRACE"},
        {"AWS_LAMBDA_LOG_LEVEL": "DEBUG"} | LITELLM,
        {"AWS_LAMBDA_LOG_LEVEL": "TRACE"} | LITELLM | JSON,
        {"AWS_LAMBDA_LOG_LEVEL": "INFO", "LITELLM_LOG": "DEBUG", "OPENAI_LOG": "debug"} | LITELLM,
        {"LITELLM_PRINT_STANDARD_LOGGING_PAYLOAD": "1"} | LITELLM,
    ],
    ids=["wire", "LiteLLM at DEBUG", "LiteLLM at TRACE", "libraries' variables", "LiteLLM's payloads"],
)
async def test_no_conversation_at_any_level(function: Function, environment: dict[str, str]) -> None:
    """Neither of an answer that succeeds nor of one that fails; an own line shows that the log is on."""
    function.upstream.enqueue(text_reply(ANSWER), error_reply(400, {"message": "refused"}))
    await function.start(**environment)
    answer = await function.http(chat(QUESTION))
    assert ANSWER in answer.body
    assert (await function.http(chat(QUESTION))).status == 502
    log = await function.log()
    assert "refused" in log
    for words in ("4711", KEY, "earer "):
        assert words not in log
