"""LiteLLM's own code, pointed at the fake upstream: the same answers, failures and manners as the wire."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chat.failures import FailureKind
from chat.keys import Keys
from chat.parts import Finish, TextDelta, Usage
from chat.requests import ChatRequest
from chat.settings import Settings
from chat.sources.litellm_source import LiteLLMSource
from tests.chat.sources.answers import merged, server_stream, summary
from tests.chat.sources.conftest import KEY, answer_of
from tests.chat.sources.test_server_streams import EXPECTED
from tests.fakes.secrets_manager import aws_error
from tests.fakes.upstream import (
    CLOSE,
    RESET,
    FakeUpstream,
    Reply,
    chunk,
    error_reply,
    event,
    text_events,
    text_reply,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.fakes.secrets_manager import StrictSecretsManager

# LiteLLM and what it imports warn about themselves.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning"),
]

QUESTION = ChatRequest([{"role": "user", "content": "hi"}], "openai/gpt-4o-mini")
LAMBDA = Path(__file__).parents[3] / "lambda"
HELLO = [TextDelta("Hello"), Finish("stop", Usage(5, 7))]

# Where LiteLLM's reading of a stream is not the wire's: (stream, what LiteLLM does).
DIFFERS = {
    "openai_refusal": "it drops refusals",
    "gemini_blocked": "it takes the unknown reason for stop, and the wire's for nothing",
    "litellm_proxy_thinking": "it drops redacted thinking of the OpenAI provider",
    "tool_name_in_pieces": "it takes the first piece for the name",
    "mistral_thinking": "it reads lists of Mistral's own provider alone",
    "byte_order_mark": "it drops the first event",
    "fields_around": "it refuses empty data",
    "done_without_reason": "it does not see [DONE]: no finish reason is a failure",
    "wrong_type": "it drops the event",
}
# LiteLLM does not tell an error of the provider in the stream from a broken connection.
BROKEN = (FailureKind.UNAVAILABLE, FailureKind.RATE_LIMITED)


@pytest.fixture
async def make_source(upstream: FakeUpstream) -> AsyncIterator[Callable[..., LiteLLMSource]]:
    made: list[LiteLLMSource] = []

    def make(**settings: Any) -> LiteLLMSource:
        values = {"openai_api_key": KEY, "openai_base_url": upstream.url} | settings
        checked = Settings(**values)
        made.append(LiteLLMSource(checked, Keys(checked)))
        return made[-1]

    yield make
    for source in made:
        await source.aclose()


@pytest.fixture
def source(make_source: Callable[..., LiteLLMSource]) -> LiteLLMSource:
    return make_source()


@pytest.mark.parametrize("name", [name for name in EXPECTED if name not in DIFFERS])
async def test_the_same_parts_as_the_wire(name: str, upstream: FakeUpstream, source: LiteLLMSource) -> None:
    expected, kind = EXPECTED[name]
    upstream.enqueue(Reply([server_stream(name)]))
    outcome = await answer_of(source, QUESTION)
    found = summary(outcome.parts)
    if expected.usage is None:
        found.usage = None  # LiteLLM counts by itself where the provider does not
    assert found == expected
    assert (outcome.failure.kind if outcome.failure else None) is (
        FailureKind.BROKEN_STREAM if kind in BROKEN else kind
    )
    assert len(upstream.requests) == 1


async def test_what_is_asked(upstream: FakeUpstream, make_source: Callable[..., LiteLLMSource]) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    upstream.enqueue(text_reply("Hel", "lo"))
    request = ChatRequest(QUESTION.messages, QUESTION.model, [tool], "auto")
    source = make_source(max_output_tokens=9)
    assert merged((await answer_of(source, request)).parts) == HELLO
    (sent,) = upstream.requests
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.json == {
        "model": "gpt-4o-mini",
        "messages": QUESTION.messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        "tools": [tool],
        "tool_choice": "auto",
        "max_completion_tokens": 9,
    }


async def test_text_leaves_as_it_comes(upstream: FakeUpstream, source: LiteLLMSource) -> None:
    go = asyncio.Event()
    first, second, *rest = text_events("a", "b")
    upstream.enqueue(Reply([first, second, go, *rest]))
    batches = source.stream(QUESTION)
    assert await anext(batches) == [TextDelta("a")]
    go.set()
    assert merged([part async for batch in batches for part in batch]) == [
        TextDelta("b"),
        Finish("stop", Usage(5, 7)),
    ]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error_reply(401, {"message": "bad", "code": "invalid_api_key"}), FailureKind.BAD_KEY),
        (error_reply(404, {"message": "no model x", "code": "model_not_found"}), FailureKind.MODEL_NOT_FOUND),
        (error_reply(429, {"message": "no", "code": "insufficient_quota"}), FailureKind.QUOTA_EXCEEDED),
        (
            error_reply(400, {"message": "too long", "code": "context_length_exceeded"}),
            FailureKind.CONTEXT_TOO_LONG,
        ),
        (
            error_reply(400, {"message": "no", "code": "content_policy_violation"}),
            FailureKind.CONTENT_FILTER,
        ),
        (error_reply(400, {"message": "odd"}), FailureKind.BAD_REQUEST),
        (
            error_reply(429, {"message": "wait"}, {"Retry-After": "86400"}),
            FailureKind.RATE_LIMITED,
        ),
        (error_reply(503, {"message": "no"}, {"x-should-retry": "false"}), FailureKind.UNAVAILABLE),
    ],
)
async def test_failures(
    reply: Reply, kind: FailureKind, upstream: FakeUpstream, source: LiteLLMSource
) -> None:
    upstream.enqueue(reply)
    outcome = await answer_of(source, QUESTION)
    assert outcome.failure is not None
    assert outcome.failure.kind is kind, outcome.failure
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("reply", [error_reply(503, {"message": "later"}), Reply([RESET], head=b"")])
async def test_what_may_pass_is_tried_again_by_us_alone(
    reply: Reply, upstream: FakeUpstream, source: LiteLLMSource
) -> None:
    upstream.enqueue(reply, text_reply("Hel", "lo"))
    assert merged((await answer_of(source, QUESTION)).parts) == HELLO
    assert len(upstream.requests) == 2


@pytest.mark.parametrize("end", [RESET, CLOSE], ids=["reset", "closed"])
async def test_a_failure_in_the_middle_keeps_the_text(
    end: object, upstream: FakeUpstream, source: LiteLLMSource
) -> None:
    upstream.enqueue(Reply([event(chunk({"content": "half"})), end]), text_reply("never"))
    outcome = await answer_of(source, QUESTION)
    assert merged(outcome.parts) == [TextDelta("half")]
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.BROKEN_STREAM
    assert len(upstream.requests) == 1


async def test_closing_the_stream_closes_the_upstream_at_once(
    upstream: FakeUpstream, source: LiteLLMSource
) -> None:
    reply = Reply([event(chunk({"content": "a"})), asyncio.Event()])
    upstream.enqueue(reply)
    batches = source.stream(QUESTION)
    assert await anext(batches) == [TextDelta("a")]
    await batches.aclose()
    async with asyncio.timeout(10):
        await reply.client_closed.wait()


@pytest.mark.parametrize(
    ("settings", "steps", "words"),
    [
        ({"first_token_timeout": 0.3}, [], "for 0.3 s"),
        ({"token_timeout": 0.3}, [event(chunk({"content": "half"}))], "for 0.3 s"),
    ],
)
async def test_the_clocks(
    settings: dict[str, float],
    steps: list[bytes],
    words: str,
    upstream: FakeUpstream,
    make_source: Callable[..., LiteLLMSource],
) -> None:
    reply = Reply([*steps, asyncio.Event()])
    upstream.enqueue(reply)
    outcome = await answer_of(make_source(**settings), QUESTION)
    assert outcome.failure is not None
    assert (outcome.failure.kind, len(outcome.parts)) == (FailureKind.TIMEOUT, len(steps))
    assert words in outcome.failure.detail
    async with asyncio.timeout(10):
        await reply.client_closed.wait()


async def test_keys_never_reach_the_log(
    upstream: FakeUpstream, source: LiteLLMSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "another-secret-0123")
    upstream.enqueue(error_reply(401, {"message": f"you sent {KEY} and another-secret-0123"}))
    outcome = await answer_of(source, QUESTION)
    assert outcome.failure is not None
    assert outcome.failure.detail.endswith("you sent [OPENAI_API_KEY] and [ANTHROPIC_API_KEY]")


async def test_a_key_too_short_to_be_one_is_left_in_the_words(
    upstream: FakeUpstream, make_source: Callable[..., LiteLLMSource]
) -> None:
    upstream.enqueue(error_reply(400, {"message": "unlike a key"}))
    outcome = await answer_of(make_source(openai_api_key="k"), QUESTION)
    assert outcome.failure is not None
    assert outcome.failure.detail.endswith("unlike a key")


async def test_an_openai_model_without_a_key(make_source: Callable[..., LiteLLMSource]) -> None:
    outcome = await answer_of(make_source(openai_api_key=""), QUESTION)
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.NOT_CONFIGURED


@pytest.fixture
def in_secret(gate: StrictSecretsManager, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Put variables into a secret, at first or anew, and give its ARN."""
    for name, value in gate.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DEEPSEEK_API_KEY", "")  # so that it is put back as it was
    monkeypatch.delenv("DEEPSEEK_API_KEY")

    def put(arn: str = "", **variables: str) -> str:
        if not arn:
            return gate.moto.create_secret("chat", json.dumps(variables))
        gate.moto.put_secret(arn, json.dumps(variables))
        return arn

    return put


def refused(key: str) -> Reply:
    return error_reply(401, {"message": f"Incorrect API key provided: {key}", "code": "invalid_api_key"})


async def test_a_key_of_openai_s_that_was_replaced_in_the_secret(
    upstream: FakeUpstream,
    make_source: Callable[..., LiteLLMSource],
    in_secret: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    arn = in_secret(OPENAI_API_KEY="sk-old-0123456789")
    source = make_source(openai_api_key="", secret_arn=arn, retry_budget=0)
    upstream.enqueue(text_reply("Hello"))
    assert merged((await answer_of(source, QUESTION)).parts) == HELLO
    in_secret(arn, OPENAI_API_KEY="sk-new-0123456789")
    upstream.enqueue(refused("sk-old-0123456789"), text_reply("Hello"))
    assert merged((await answer_of(source, QUESTION)).parts) == HELLO
    sent = [request.headers["authorization"] for request in upstream.requests]
    assert sent == ["Bearer sk-old-0123456789"] * 2 + ["Bearer sk-new-0123456789"]
    assert "sk-old" not in caplog.text


async def test_another_providers_key_that_was_replaced_in_the_secret(
    upstream: FakeUpstream,
    gate: StrictSecretsManager,
    make_source: Callable[..., LiteLLMSource],
    in_secret: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """LiteLLM looks for it in the environment, each time anew; one that stays wrong is one error."""
    monkeypatch.setenv("DEEPSEEK_API_BASE", upstream.url)
    question = ChatRequest(QUESTION.messages, "deepseek/deepseek-chat")
    arn = in_secret(DEEPSEEK_API_KEY="ds-old-0123456789")
    source = make_source(openai_api_key="", secret_arn=arn, retry_budget=0)
    upstream.enqueue(text_reply("Hello"))
    assert merged((await answer_of(source, question)).parts) == HELLO
    in_secret(arn, DEEPSEEK_API_KEY="ds-new-0123456789")
    upstream.enqueue(refused("ds-old-0123456789"), refused("ds-new-0123456789"))
    outcome = await answer_of(source, question)
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.BAD_KEY
    assert "[DEEPSEEK_API_KEY]" in outcome.failure.detail
    sent = [request.headers["authorization"] for request in upstream.requests]
    assert sent == ["Bearer ds-old-0123456789"] * 2 + ["Bearer ds-new-0123456789"]
    assert len(gate.requests) == 2


async def test_a_secret_that_cannot_be_read(
    upstream: FakeUpstream,
    gate: StrictSecretsManager,
    make_source: Callable[..., LiteLLMSource],
    in_secret: Callable[..., str],
) -> None:
    gate.enqueue(aws_error("AccessDeniedException"))
    source = make_source(openai_api_key="", secret_arn=in_secret(DEEPSEEK_API_KEY="ds-old-0123456789"))
    outcome = await answer_of(source, ChatRequest(QUESTION.messages, "deepseek/deepseek-chat"))
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.KEY_UNAVAILABLE
    assert upstream.connections == 0


async def test_another_providers_key_is_not_ours(make_source: Callable[..., LiteLLMSource]) -> None:
    """OPENAI_API_KEY and OPENAI_BASE_URL go to no other provider; it says itself what it lacks."""
    request = ChatRequest(QUESTION.messages, "anthropic/claude-sonnet-4-20250514")
    outcome = await answer_of(make_source(retry_budget=0), request)
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.BAD_KEY
    assert "Anthropic" in outcome.failure.detail


async def test_a_provider_that_litellm_does_not_know(source: LiteLLMSource) -> None:
    outcome = await answer_of(source, ChatRequest(QUESTION.messages, "nobody/model"))
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.MODEL_NOT_FOUND
    assert outcome.failure.detail.isprintable(), "LiteLLM's own words have several lines"


@pytest.mark.parametrize("model", ["gemini/gemini-pro", "anthropic/claude-x"])
async def test_a_provider_without_its_key_is_not_asked_again(
    make_source: Callable[..., LiteLLMSource], model: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Some of LiteLLM's providers report it as a failed connection, with a traceback in the words."""
    source = make_source(retry_budget=20)
    outcome = await answer_of(source, ChatRequest(QUESTION.messages, model))
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.BAD_KEY
    assert "Traceback" not in outcome.failure.detail
    assert "Trying again" not in caplog.text


async def test_a_provider_whose_package_is_missing(source: LiteLLMSource) -> None:
    """Not a failed connection, as LiteLLM has it: trying again installs nothing."""
    request = ChatRequest(QUESTION.messages, "vertex_ai/gemini-2.5-flash")
    outcome = await answer_of(source, request)
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.INTERNAL
    assert "No module named 'google" in outcome.failure.detail


async def test_without_litellm_the_image_is_to_blame(
    source: LiteLLMSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "litellm", None)
    outcome = await answer_of(source, QUESTION)
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.INTERNAL
    assert "--build-arg LITELLM=1" in outcome.failure.detail


FIRST_USE = """
import asyncio, json, sys
outside = []
def hook(event, arguments):
    if event == "socket.connect" and arguments[1][0] not in ("127.0.0.1", "::1"):
        outside.append(str(arguments[1]))
    if event == "socket.getaddrinfo" and arguments[0] not in ("127.0.0.1", "localhost", None):
        outside.append(str(arguments[0]))
sys.addaudithook(hook)
from chat.keys import Keys
from chat.requests import ChatRequest
from chat.settings import Settings
from chat.sources.select import Sources

async def main():
    ticks = 0
    async def tick():
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1
    ticking = asyncio.create_task(tick())
    settings = Settings(openai_api_key="key-0123456789", openai_base_url=sys.argv[1])
    sources = Sources(settings, Keys(settings))
    before = "litellm" in sys.modules
    request = ChatRequest([{"role": "user", "content": "hi"}], "openai/gpt-4o-mini")
    text = ""
    async for batch in sources.for_request(request).stream(request):
        text += "".join(getattr(part, "text", "") for part in batch)
    ticking.cancel()
    await sources.aclose()
    print(json.dumps({"before": before, "ticks": ticks, "outside": outside, "text": text}))

asyncio.run(main())
"""


async def test_first_use_in_a_fresh_process(upstream: FakeUpstream) -> None:
    """Not imported before; the loop goes on meanwhile; nothing is fetched from outside, nothing printed."""
    upstream.enqueue(text_reply("Hel", "lo"))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        FIRST_USE,
        upstream.url,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PYTHONPATH": str(LAMBDA)},
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    found = json.loads(out)
    assert found.pop("ticks") > 3
    assert found == {"before": False, "outside": [], "text": "Hello"}
    assert err == b""


FETCHING = """
import asyncio, sys
import litellm
litellm.user_url_validation = False
from chat.failures import SourceError
from chat.keys import Keys
from chat.requests import ChatRequest
from chat.settings import Settings
from chat.sources.litellm_source import LiteLLMSource

async def main():
    settings = Settings(retry_budget=0)
    source = LiteLLMSource(settings, Keys(settings))
    image = {"type": "image_url", "image_url": {"url": sys.argv[1] + "/picture.png"}}
    request = ChatRequest([{"role": "user", "content": [image]}], "ollama/llava")
    try:
        async for batch in source.stream(request):
            pass
    except SourceError as error:
        print(error.detail)
    await source.aclose()

asyncio.run(main())
"""


async def test_litellm_fetches_nothing_from_inside_the_network(upstream: FakeUpstream) -> None:
    """Requests with web addresses are refused before (`chat.requests`); this is the second lock."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", FETCHING, upstream.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={
            "PYTHONPATH": str(LAMBDA),
            "OLLAMA_API_BASE": "http://127.0.0.1:9",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        },
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert upstream.requests == []
    assert b"Unable to fetch image" in out
