"""The key from Secrets Manager, through the function's whole life: one read, a rotation, an outage, and none shown."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.chat.function.conftest import Function, HttpAnswer, chat, url_event
from tests.fakes.secrets_manager import ROLE, StrictSecretsManager, aws_error, json_reply, secret_reply
from tests.fakes.upstream import Reply, chunk, error_reply, event, text_reply

if TYPE_CHECKING:
    from collections.abc import Callable

OLD, NEW = "sk-old-key-that-must-not-leak", "sk-new-key-that-must-not-leak"
NOT_CONFIGURED = {"success": False, "error": "OpenAI API key not configured"}
LAMBDA = Path(__file__).parents[3] / "lambda"


@pytest.fixture
def arn(gate: StrictSecretsManager) -> str:
    return gate.moto.create_secret("app/chat", json.dumps({"OPENAI_API_KEY": OLD}))


@pytest.fixture
async def start(function: Function, gate: StrictSecretsManager, arn: str) -> Callable[..., Any]:
    """Start the function with the secret in place of a key."""

    async def start(handler: str = "streaming_handler", **environ: str) -> None:
        given = {"OPENAI_API_KEY": "", "CHAT_SECRET_ARN": arn, "CHAT_SECRET_TIMEOUT": "9"}
        await function.start(handler, **(given | gate.environment | environ))
        await function.api.idle()

    return start


def refused(key: str) -> Reply:
    """OpenAI's answer to a wrong key; others repeat the key as it is."""
    return error_reply(401, {"message": f"Incorrect API key provided: {key}.", "code": "invalid_api_key"})


def text_of(answer: HttpAnswer) -> str:
    assert answer.status == 200, answer.body
    lines = answer.lines()
    assert [code for code, _ in lines][-1] == "d"
    return "".join(value for code, value in lines if code == "0")


def sent_keys(function: Function) -> list[str]:
    return [
        request.headers["authorization"].removeprefix("Bearer ") for request in function.upstream.requests
    ]


async def log_of(function: Function) -> str:
    """All that was logged, in which there is nothing secret."""
    log = await function.log()
    for secret in (OLD, NEW, ROLE.secret_key, ROLE.token):
        assert secret not in log
    return log


async def test_the_secret_is_read_once_at_init(
    function: Function, gate: StrictSecretsManager, start: Callable[..., Any], arn: str
) -> None:
    await start()
    assert [request.json for request in gate.requests] == [{"SecretId": arn}]  # before the first event
    for _ in range(3):
        function.upstream.enqueue(text_reply("yes"))
        assert text_of(await function.http(chat())) == "yes"
    assert sent_keys(function) == [OLD] * 3
    assert len(gate.requests) == 1
    await log_of(function)


async def test_a_replaced_key_is_noticed_within_the_answer(
    function: Function, gate: StrictSecretsManager, start: Callable[..., Any], arn: str
) -> None:
    """Without a word to the client, whatever CHAT_RETRY_BUDGET says (here 0), and with one reading."""
    await start()
    gate.moto.put_secret(arn, json.dumps({"OPENAI_API_KEY": NEW}))
    function.upstream.enqueue(refused(OLD), text_reply("Hel", "lo"), text_reply("again"))
    assert text_of(await function.http(chat())) == "Hello"
    assert text_of(await function.http(chat())) == "again"
    assert sent_keys(function) == [OLD, NEW, NEW]
    assert len(gate.requests) == 2
    assert "Trying again with the key that has replaced it" in await log_of(function)


async def test_a_refusal_in_the_stream_before_any_text_counts_too(
    function: Function, gate: StrictSecretsManager, start: Callable[..., Any], arn: str
) -> None:
    await start()
    gate.moto.put_secret(arn, NEW)
    function.upstream.enqueue(
        Reply([event({"error": {"message": "Invalid key", "code": "invalid_api_key"}})]), text_reply("yes")
    )
    assert text_of(await function.http(chat())) == "yes"
    assert sent_keys(function) == [OLD, NEW]


async def test_a_refusal_behind_text_is_the_end(
    function: Function, gate: StrictSecretsManager, start: Callable[..., Any], arn: str
) -> None:
    await start()
    gate.moto.put_secret(arn, NEW)
    function.upstream.enqueue(
        Reply(
            [
                event(chunk({"role": "assistant", "content": "Hel"})),
                event({"error": {"message": "Invalid key", "code": "invalid_api_key"}}),
            ]
        )
    )
    lines = (await function.http(chat())).lines()
    assert [code for code, _ in lines] == ["f", "0", "3"]
    assert len(gate.requests) == 1


@pytest.mark.parametrize("rotated", [False, True])
async def test_a_key_that_is_wrong_in_the_secret_too_is_one_error(
    function: Function, gate: StrictSecretsManager, start: Callable[..., Any], arn: str, *, rotated: bool
) -> None:
    """One reading, and none for the next answers in a while."""
    await start()
    if rotated:
        gate.moto.put_secret(arn, NEW)
    keys = [OLD, NEW, NEW] if rotated else [OLD, OLD]
    function.upstream.enqueue(*map(refused, keys))
    for _ in range(2):
        answer = await function.http(chat())
        assert answer.status == 502
        assert "refused this service's credentials" in answer.json()["error"]
    assert sent_keys(function) == keys
    assert len(gate.requests) == 2
    log = await log_of(function)
    assert log.count("still has the same") == (0 if rotated else 1)


@pytest.mark.parametrize(
    ("failing", "words"),
    [
        (aws_error("AccessDeniedException", "User is not authorized"), "Allow the function's role"),
        (
            json_reply(200, json.dumps({"SecretString": {"OPENAI_API_KEY": OLD}}).encode()),
            "not Secrets Manager's",
        ),
        (secret_reply(f"my key: {OLD}"), "neither a JSON object of variables"),
    ],
    ids=["denied", "garbage", "no key"],
)
async def test_a_secret_that_cannot_be_read_stops_no_start(
    function: Function, gate: StrictSecretsManager, start: Callable[..., Any], failing: Reply, words: str
) -> None:
    """The environment lives, the first request tries again at once, and is answered if it can be."""
    gate.enqueue(failing)
    await start()
    function.upstream.enqueue(text_reply("yes"))
    assert text_of(await function.http(chat())) == "yes"
    assert len(gate.requests) == 2
    log = await log_of(function)
    assert log.count(words) == 1
    assert "The next request will try again." in log


async def test_a_secret_that_stays_unreadable_is_not_asked_for_by_each_request(
    function: Function, gate: StrictSecretsManager, start: Callable[..., Any]
) -> None:
    gate.enqueue(aws_error("AccessDeniedException"), aws_error("AccessDeniedException"))
    await start()
    for _ in range(3):
        answer = await function.http(chat())
        assert answer.status == 503
        assert answer.json()["error"].startswith(
            "The key for the model could not be read. Try again in a moment. (error id "
        )
    assert len(gate.requests) == 2
    log = await log_of(function)
    assert log.count("Allow the function's role") == 4
    assert log.count("It is not asked for again within 5 s of that.") == 2


async def test_a_silent_secrets_manager_holds_nothing_up_for_long(
    function: Function, gate: StrictSecretsManager, start: Callable[..., Any]
) -> None:
    never = asyncio.Event()
    gate.enqueue(*(Reply([never]) for _ in range(4)))
    await start(CHAT_SECRET_TIMEOUT="0.4")
    assert (await function.http(chat())).status == 503
    assert (await function.http(chat())).status == 503
    assert len(gate.requests) == 4
    assert (await log_of(function)).count("no answer in time (CHAT_SECRET_TIMEOUT)") == 3


async def test_secrets_manager_down(function: Function, start: Callable[..., Any]) -> None:
    await start(AWS_ENDPOINT_URL_SECRETS_MANAGER="http://127.0.0.1:1")
    assert (await function.http(chat())).status == 503
    assert "could not be read from 127.0.0.1:1: no connection" in await log_of(function)


async def test_a_secret_without_the_key(
    function: Function, gate: StrictSecretsManager, start: Callable[..., Any], arn: str
) -> None:
    gate.moto.put_secret(arn, json.dumps({"openai_api_key": OLD}))
    await start()
    answer = await function.http(chat())
    assert (answer.status, answer.json()) == (500, NOT_CONFIGURED)
    log = await log_of(function)
    assert "1 of its names are ignored" in log
    assert f"The secret {arn} has no OPENAI_API_KEY." in log


async def test_health_tells_of_the_key_in_hand(
    function: Function, gate: StrictSecretsManager, start: Callable[..., Any]
) -> None:
    async def configured() -> bool:
        health = (await function.send({"action": "health"}).result()).json()
        return bool(health["data"]["configured"])

    gate.enqueue(aws_error("AccessDeniedException"))
    await start("handler")
    assert not await configured()
    assert len(gate.requests) == 1  # a check costs nothing
    function.upstream.enqueue(text_reply("yes"))
    assert (await function.send(url_event(chat())).result()).json()["statusCode"] == 200
    assert await configured()


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"OPENAI_API_KEY": OLD}, "OPENAI_API_KEY and CHAT_SECRET_ARN are both set"),
        ({"CHAT_SECRET_ARN": OLD}, "CHAT_SECRET_ARN is not the ARN of a secret"),
        ({"CHAT_SECRET_TIMEOUT": "60"}, "CHAT_SECRET_TIMEOUT is '60'"),
        ({"AWS_ENDPOINT_URL_SECRETS_MANAGER": "nowhere"}, "AWS_ENDPOINT_URL_SECRETS_MANAGER is 'nowhere'"),
    ],
)
def test_a_wrong_setting_fails_the_import(arn: str, environ: dict[str, str], words: str) -> None:
    """It is the operator's to see before anyone asks; a key in the wrong place is not shown."""
    tried = subprocess.run(
        [sys.executable, "-c", "import chat.app"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(LAMBDA), "CHAT_SECRET_ARN": arn} | environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == 1
    assert words in tried.stderr
    assert OLD not in tried.stderr
