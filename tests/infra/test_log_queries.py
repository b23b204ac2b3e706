"""The dashboard's queries against the lines that the function really writes: no column is empty for want of a field."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from infra.log_queries import COLD_STARTS, FAILURES, MEMORY
from tests.chat.function.conftest import Function, chat, url_event
from tests.chat.function.endings import ENVIRONMENT
from tests.fakes.runtime_api import FakeRuntimeApi
from tests.fakes.runtime_process import Starter
from tests.fakes.upstream import FakeUpstream, error_reply, text_reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# Lambda's guide, "Telemetry API event schema reference": what its own lines have in a log group of JSON format.
PLATFORM_FIELDS: Final = {
    *("type", "record.status", "record.requestId", "record.metrics.initDurationMs"),
    *("record.metrics.maxMemoryUsedMB", "record.metrics.memorySizeMB"),
}
# CloudWatch Logs' guide, "Supported logs and discovered fields": every log, and Lambda's in text.
DISCOVERED_FIELDS: Final = {
    *("@timestamp", "@message", "@type", "@initDuration", "@maxMemoryUsed", "@memorySize"),
}
# CloudWatch Logs' guide, "CloudWatch Logs Insights language query syntax".
QUERY_WORDS: Final = {
    *("fields", "filter", "stats", "sort", "limit", "as", "by", "desc", "and", "or", "not", "in", "like"),
    *("coalesce", "ispresent", "count", "pct", "max", "bin", "1h", "5m"),
}


@pytest.fixture
async def function() -> AsyncIterator[Function]:
    """The real function, its upstream about to answer once and to refuse once."""
    async with FakeRuntimeApi() as api, FakeUpstream() as upstream:
        upstream.enqueue(text_reply("Hello"), error_reply(401, {"message": "no"}))
        starter = Starter(api.address, Path(__file__).parent)
        yield Function(api, upstream, starter)
        await starter.stop()


@pytest.fixture
async def logged(function: Function) -> list[dict[str, Any]]:
    """The JSON log of a function that answered, failed, and got an event that it could not take, under a trace."""
    trace = {"Lambda-Runtime-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"}
    await function.start(**ENVIRONMENT, AWS_LAMBDA_LOG_FORMAT="JSON", AWS_LAMBDA_LOG_LEVEL="ERROR")
    for _ in range(2):
        await function.send(url_event(chat()), headers=trace).result()
    context = {"Lambda-Runtime-Client-Context": "{"}
    await function.send(url_event(chat()), headers=trace | context).result()
    log = await function.log()
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


def test_queries_name_fields_that_are_there(logged: list[dict[str, Any]]) -> None:
    """A field that no line has is no error to CloudWatch, only an empty column."""
    known = DISCOVERED_FIELDS | PLATFORM_FIELDS | {name for line in logged for name in line}
    for queries in (COLD_STARTS, MEMORY, FAILURES):
        assert queries.keys() == {"JSON", "Text"}
        for query in queries.values():
            named = _names(query)
            assert named
            assert named <= known, query


def _names(query: str) -> set[str]:
    """The fields of a query, without those that it makes itself."""
    words = re.sub(r'"[^"]*"|/[^/]*/|\b\d+\b', " ", query)
    made = set(re.findall(r"\bas (\w+)", words))
    return set(re.findall(r"@?[A-Za-z0-9_][A-Za-z0-9_.]*", words)) - made - QUERY_WORDS


def test_the_table_of_failures_has_the_failures_alone(logged: list[dict[str, Any]]) -> None:
    """Two of the lines are metrics, which carry the level ERROR where it is the least that passes Lambda's filter."""
    assert 'level in ["ERROR", "FATAL"] and not ispresent(coldStart)' in FAILURES["JSON"]
    told = [line for line in logged if line["level"] in ("ERROR", "FATAL")]
    assert [line["ErrorKind"] for line in told if "coldStart" in line and "ErrorKind" in line] == ["bad_key"]
    failed, refused = (line for line in told if "coldStart" not in line)
    assert failed["errorKind"] == "bad_key"
    assert "Answer failed" in failed["message"]
    assert "errorType" in refused
    assert "errorMessage" in refused
    for line in (failed, refused):
        assert line["requestId"]
        assert line["traceId"] == "5759e988bd862e3fe1be46a994272793"
        assert line["xrayTraceId"] == "1-5759e988-bd862e3fe1be46a994272793"


async def test_the_table_of_failures_finds_lines_of_text(function: Function) -> None:
    await function.start(**ENVIRONMENT)
    for _ in range(2):
        await function.send(url_event(chat())).result()
    pattern = re.search(r"@message like /([^/]*)/ or", FAILURES["Text"])
    assert pattern
    found = [line for line in (await function.log()).splitlines() if re.search(pattern[1], line)]
    assert len(found) == 1
    assert "Answer failed: bad_key" in found[0]
