"""The metrics line of both functions as processes: one for each answer, however it ends."""

from __future__ import annotations

import asyncio
import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from chat.metrics import DIRECTIVES
from tests.chat.function.conftest import Function, chat, url_event
from tests.chat.function.endings import (
    BEGUN,
    ENVIRONMENT,
    FAILED,
    NAMESPACE,
    buffered,
    emitted_metrics,
    streamed,
)
from tests.fakes.emf import EmfLine, Identity, emf_lines
from tests.fakes.upstream import Reply, text_reply

if TYPE_CHECKING:
    from tests.chat.function.endings import Ending

COUNTERS = {"Answers", "Errors", "DeadlineCuts", "RejectedRequests", "InputTokens", "OutputTokens"}
TIMES = {"Duration", "TimeToFirstToken", "TokensPerSecond"}


async def lines(function: Function) -> list[EmfLine]:
    """All that was told until the function waits for the next event."""
    await function.api.idle()
    return emf_lines(await function.log())


def check(line: EmfLine, ending: Ending) -> None:
    own = {key.name: value for key, value in line.metrics.items() if key.dimensions == {"FunctionName"}}
    assert {name: value for name, value in own.items() if name in COUNTERS} == ending.metrics
    assert own.keys() & TIMES == ending.times
    assert own.keys() <= COUNTERS | TIMES
    assert {name: line.members.get(name) for name in ending.properties} == ending.properties
    assert line.value("Errors", "FunctionName", "ErrorKind") == (1 if ending.metrics["Errors"] else None)
    assert ("ErrorKind" in line.members) == bool(ending.metrics["Errors"])
    assert line.members["FunctionName"] == "chat"
    assert all(0 <= own[name] < 20_000 for name in ending.times), own


@pytest.mark.parametrize("log_format", ["JSON", "Text"])
@pytest.mark.parametrize("name", streamed())
async def test_a_streamed_answer_is_told_once(function: Function, name: str, log_format: str) -> None:
    ending = streamed()[name]
    await function.start(**ENVIRONMENT, AWS_LAMBDA_LOG_FORMAT=log_format)
    await ending.play(function)
    (line,) = await lines(function)
    check(line, ending)
    assert line.members["action"] == "chat-v2-stream"


@pytest.mark.parametrize("name", buffered())
async def test_a_buffered_answer_is_told_once(function: Function, name: str) -> None:
    ending = buffered()[name]
    await function.start("handler", **ENVIRONMENT)
    await ending.play(function)
    (line,) = await lines(function)
    check(line, ending)
    assert line.members["action"] == "chat-v2"


async def test_the_rate_is_that_of_the_tokens_behind_the_first(function: Function) -> None:
    """Six tokens in the 0.2 s of a heartbeat and a little more."""
    await function.start(**ENVIRONMENT)
    await streamed()["good and slow"].play(function)
    (line,) = await lines(function)
    rate, duration = line.value("TokensPerSecond"), line.value("Duration")
    assert rate is not None
    assert duration is not None
    assert 6 / (duration / 1000) <= rate <= 6 / 0.2
    first = line.value("TimeToFirstToken")
    assert first is not None
    assert duration - first >= 200


async def test_all_that_is_promised_is_told_and_nothing_else() -> None:
    """The declared metrics are those that CloudWatch gets: no dashboard shows an empty line."""
    declared = {
        Identity(NAMESPACE, metric.name, metric.unit, frozenset(directive.dimensions))
        for directive in DIRECTIVES
        for metric in directive.metrics
    }
    assert await emitted_metrics() == declared


async def test_a_line_names_its_request_its_trace_and_its_model(function: Function) -> None:
    """The error's id is the one that the client has and the log explains."""
    trace = {"Lambda-Runtime-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"}
    await function.start(**ENVIRONMENT, AWS_LAMBDA_LOG_FORMAT="JSON", CHAT_MODELS="other")
    function.upstream.enqueue(text_reply("x"))
    first = function.send(url_event(chat(model="other")), headers=trace)
    await first.result()
    second = function.send(url_event(chat()))
    answer = (await second.result()).body.decode()
    await function.api.idle()
    log = await function.log()
    good, failed = (line.members for line in emf_lines(log))
    assert (good["requestId"], good["model"], good["coldStart"]) == (first.request_id, "other", True)
    assert good["traceId"] == "5759e988bd862e3fe1be46a994272793"
    assert good["xrayTraceId"] == "1-5759e988-bd862e3fe1be46a994272793"
    assert (failed["requestId"], failed["model"], failed["coldStart"]) == (
        second.request_id,
        "gpt-4o-mini",
        False,
    )
    assert "traceId" not in failed
    (explained,) = (json.loads(line) for line in log.splitlines() if '"errorKind"' in line)
    assert failed["errorId"] == explained["errorId"]
    assert failed["errorId"] in answer
    assert failed["ErrorKind"] == explained["errorKind"]


async def test_sigterm_is_told_as_an_interruption(function: Function) -> None:
    function.upstream.enqueue(Reply([*BEGUN, asyncio.Event()]))
    await function.start(**ENVIRONMENT)
    invocation = function.send(url_event(chat()))
    while b"Hel" not in await invocation.chunk():
        pass
    function.process.signal(signal.SIGTERM)
    await invocation.result()
    (line,) = emf_lines((await function.process.exited())[1])
    assert line.members["ErrorKind"] == "interrupted"
    assert (line.value("Answers"), line.value("Errors")) == (FAILED["Answers"], FAILED["Errors"])


async def test_without_a_key_the_kind_says_so(function: Function) -> None:
    await function.start(**ENVIRONMENT, OPENAI_API_KEY="")
    await function.http(chat())
    (line,) = await lines(function)
    assert line.members["ErrorKind"] == "not_configured"


async def test_what_asks_for_no_answer_is_not_told(function: Function) -> None:
    """Health checks and pages that load would cost more lines than answers do."""
    await function.start(**ENVIRONMENT)
    await function.send(url_event("", method="GET", query="chatId=chat-1")).result()
    assert await lines(function) == []


@pytest.mark.parametrize("action", ["health", "models"])
async def test_operations_that_ask_no_model_are_not_told(function: Function, action: str) -> None:
    await function.start("handler", **ENVIRONMENT)
    await function.send({"action": action}).result()
    function.upstream.enqueue(text_reply("x"))
    await function.send(chat()).result()
    (line,) = await lines(function)
    assert line.members["coldStart"] is False, "the environment was warm by then"


@pytest.mark.parametrize("handler", ["streaming_handler", "handler"])
async def test_without_a_namespace_nothing_is_told(function: Function, handler: str) -> None:
    function.upstream.enqueue(text_reply("x"))
    await function.start(handler)
    await function.send(chat()).result()
    await function.send({"action": "fly"}).result()
    await function.api.idle()
    assert "_aws" not in await function.log()


async def test_a_log_that_cannot_be_written_costs_no_answer(function: Function) -> None:
    """Its telemetry descriptor does not exist."""
    function.upstream.enqueue(text_reply("one"), text_reply("two"))
    await function.start(**ENVIRONMENT, _LAMBDA_TELEMETRY_LOG_FD="987")
    for word in ("one", "two"):
        answer = await function.http(chat())
        assert (answer.status, answer.lines()[1]) == (200, ("0", word))


@pytest.mark.parametrize("level", ["DEBUG", "WARN", "FATAL"])
async def test_lambdas_log_filter_does_not_lose_metrics(function: Function, level: str) -> None:
    """A line without a level counts as INFO there and would be dropped at any level above."""
    function.upstream.enqueue(text_reply("x"))
    await function.start(**ENVIRONMENT, AWS_LAMBDA_LOG_FORMAT="JSON", AWS_LAMBDA_LOG_LEVEL=level)
    await function.http(chat())
    (line,) = await lines(function)
    assert line.members["level"] == ("INFO" if level == "DEBUG" else level)


CALLERS = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize("handler", ["streaming_handler", "handler"])
@pytest.mark.parametrize(
    ("headers", "trace_id"),
    [
        ({"traceparent": f"00-{CALLERS}-00f067aa0ba902b7-01"}, CALLERS),
        ({"TraceParent": f"00-{CALLERS}-00f067aa0ba902b7-01"}, CALLERS),
        ({"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"}, None),
        ({"traceparent": f"00-{CALLERS}-00f067aa0ba902b7-01\n[ERROR] forged"}, None),
        ({"traceparent": ["00"]}, None),
        (None, None),
    ],
)
async def test_an_http_callers_trace_is_on_every_line(
    function: Function, handler: str, headers: Any, trace_id: str | None
) -> None:
    """The error's line and the metrics'; and the next request has not inherited it."""
    await function.start(handler, **ENVIRONMENT, AWS_LAMBDA_LOG_FORMAT="JSON")
    await function.send(url_event(chat(), headers=headers)).result()
    await function.send(url_event(chat())).result()
    await function.api.idle()
    traces = [json.loads(line).get("traceId") for line in (await function.log()).splitlines()]
    assert traces == [trace_id, trace_id, None, None]
