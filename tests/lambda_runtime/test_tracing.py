"""Trace ids out of X-Ray's header and W3C's traceparent, and where they stand in the log."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_runtime.tracing import TraceIds, trace_id_of

if TYPE_CHECKING:
    from tests.fakes.runtime_api import FakeRuntimeApi
    from tests.fakes.runtime_process import Starter

TRACE = "5759e988bd862e3fe1be46a994272793"
XRAY = "1-5759e988-bd862e3fe1be46a994272793"
HEADER = {"Lambda-Runtime-Trace-Id": f"Root={XRAY};Parent=557abcec3ee5a047;Sampled=1;Lineage=1:a:0"}
CALLERS = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{CALLERS}-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    "header",
    [
        f"Root={XRAY}",
        f"Root={XRAY};Parent=557abcec3ee5a047;Sampled=0",
        f"Self=1-0-0;Lineage=1:a:0; Root={XRAY.upper()} ;Sampled=?",
    ],
)
def test_the_root_is_the_trace(header: str) -> None:
    assert TraceIds.of(header) == (TRACE, XRAY)


@pytest.mark.parametrize(
    "header",
    [
        *(None, "", ";", "Root", "Root=", f"Parent={XRAY}", f"root={XRAY}", "Root=my-own-id"),
        *(f"Root=2-{XRAY[2:]}", f"Root={XRAY}0", f"Root={XRAY[:-1]}", f"Root={XRAY[:-1]}g"),
        "Root=1-00000000-000000000000000000000000",
    ],
)
def test_without_a_sound_root_there_is_no_trace(header: str | None) -> None:
    assert TraceIds.of(header) == (None, None)


@pytest.mark.parametrize(
    "traceparent",
    [
        TRACEPARENT,
        f" {TRACEPARENT}\t",
        f"00-{CALLERS}-00f067aa0ba902b7-ff",
        f"cc-{CALLERS}-00f067aa0ba902b7-01",
        f"cc-{CALLERS}-00f067aa0ba902b7-01-what-the-future-brings",
        f"cc-{CALLERS}-00f067aa0ba902b7-01-",
    ],
)
def test_a_valid_traceparent_has_its_trace_id(traceparent: str) -> None:
    assert trace_id_of(traceparent) == CALLERS


@pytest.mark.parametrize(
    "traceparent",
    [
        *("", "00", TRACEPARENT[:-1], TRACEPARENT + "0", TRACEPARENT.upper(), f"{TRACEPARENT}\n"),
        f"ff-{CALLERS}-00f067aa0ba902b7-01",
        f"ff-{CALLERS}-00f067aa0ba902b7-01-more",
        f"0-{CALLERS}-00f067aa0ba902b7-01",
        f"000-{CALLERS}-00f067aa0ba902b7-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{CALLERS}-{'0' * 16}-01",
        f"00-{CALLERS}-00f067aa0ba902b7-01-",
        f"00-{CALLERS}-00f067aa0ba902b7-01-more",
        f"cc-{CALLERS}-00f067aa0ba902b7-01.more",
        f"00-{CALLERS[:-1]}g-00f067aa0ba902b7-01",
        f"00_{CALLERS}_00f067aa0ba902b7_01",
        f"{TRACEPARENT}, {TRACEPARENT}",
    ],
)
def test_any_other_traceparent_has_none(traceparent: str) -> None:
    assert trace_id_of(traceparent) is None


@given(
    st.text() | st.from_regex(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.{0,9})?", fullmatch=True)
)
def test_a_trace_id_is_always_one_that_w3c_allows(text: str) -> None:
    """Nothing of a caller's text but 32 hex digits reaches the log."""
    trace_id = trace_id_of(text)
    assert trace_id is None or (re.fullmatch(r"[0-9a-f]{32}", trace_id, re.ASCII) and int(trace_id, 16))
    ids = TraceIds.of(text)
    assert ids == (None, None) or re.fullmatch(r"[0-9a-f]{32}", str(ids.trace_id))


def w3c(traceparent: str) -> dict[str, str]:
    return {"Lambda-Runtime-Client-Context": json.dumps({"w3c": {"traceparent": traceparent}})}


async def test_every_json_line_carries_both_ids(api: FakeRuntimeApi, start: Starter) -> None:
    """Records, what is written by `log_json`, and an unhandled error; and the next invocation has its own or none."""
    record = api.invoke({"log": "x"}, headers=HEADER)
    raw = api.invoke({"log_json": {"a": 1}}, headers=HEADER)
    error = api.invoke({"raise": "m"}, headers=HEADER)
    without = api.invoke({"log": "x"})
    process = await start("functions.buffered", AWS_LAMBDA_LOG_FORMAT="JSON")
    await without.result()
    lines = [json.loads(line) for line in (await process.stop()).splitlines() if line.startswith("{")]
    ids = [(line["requestId"], line.get("traceId"), line.get("xrayTraceId")) for line in lines]
    assert ids == [
        (record.request_id, TRACE, XRAY),
        (raw.request_id, TRACE, XRAY),
        (error.request_id, TRACE, XRAY),
        (without.request_id, None, None),
    ]


async def test_text_lines_have_a_column_where_there_is_a_trace(api: FakeRuntimeApi, start: Starter) -> None:
    record = api.invoke({"log": "x"}, headers=HEADER)
    without = api.invoke({"log": "x"})
    failed = api.invoke({"raise": "m"}, headers=HEADER)
    process = await start("functions.buffered")
    await failed.result()
    lines = (await process.stop()).splitlines()
    warned = [line.split("\t")[2:] for line in lines if line.startswith("[WARNING]")]
    assert warned == [[record.request_id, TRACE, "warned x"], [without.request_id, "warned x"]]
    (begin,) = (number for number, line in enumerate(lines) if line.startswith("[ERROR] ValueError: m"))
    assert f"Trace id: {TRACE}" in lines[begin:]


@pytest.mark.parametrize("invalid", ["00-xyz", f"00-{'0' * 32}-00f067aa0ba902b7-01"])
async def test_the_callers_traceparent_is_the_trace(
    api: FakeRuntimeApi, start: Starter, invalid: str
) -> None:
    """From the client context by itself, from the handler by `adopt_traceparent`; X-Ray's id stays beside it."""
    events = [
        ({"log": "client context"}, HEADER | w3c(TRACEPARENT)),
        ({"log": "without X-Ray"}, w3c(TRACEPARENT)),
        ({"log": "invalid"}, HEADER | w3c(invalid)),
        ({"adopt": TRACEPARENT}, HEADER),
        ({"adopt": invalid}, HEADER | w3c(TRACEPARENT)),
        ({"log": "none of it is left"}, {}),
    ]
    invocations = [api.invoke(event, headers=headers) for event, headers in events]
    process = await start("functions.buffered", AWS_LAMBDA_LOG_FORMAT="JSON")
    await invocations[-1].result()
    adopted = [(await invocation.result()).json() for invocation in invocations[3:5]]
    assert adopted == [[True, CALLERS, XRAY], [False, CALLERS, XRAY]]
    lines = [json.loads(line) for line in (await process.stop()).splitlines() if line.startswith("{")]
    assert [(line.get("traceId"), line.get("xrayTraceId")) for line in lines] == [
        (CALLERS, XRAY),
        (CALLERS, None),
        (TRACE, XRAY),
        (CALLERS, XRAY),
        (CALLERS, XRAY),
        (None, None),
    ]


async def test_a_client_context_that_is_no_json_leaves_the_platforms_trace(
    api: FakeRuntimeApi, start: Starter
) -> None:
    broken = api.invoke({}, headers=HEADER | {"Lambda-Runtime-Client-Context": "{"})
    process = await start("functions.buffered", AWS_LAMBDA_LOG_FORMAT="JSON")
    await broken.result()
    line = json.loads((await process.stop()).splitlines()[0])
    assert (line["errorType"], line["traceId"]) == ("Runtime.LambdaContextUnmarshalError", TRACE)


async def test_a_context_that_outlives_its_invocation_does_not_name_the_next_ones_trace(
    api: FakeRuntimeApi, start: Starter
) -> None:
    first, second = (api.invoke({"adopt_late": TRACEPARENT}, headers=HEADER) for _ in range(2))
    process = await start("functions.buffered", AWS_LAMBDA_LOG_FORMAT="JSON")
    assert (await first.result()).json() == [CALLERS]
    assert (await second.result()).json() == [CALLERS, TRACE]
    lines = [json.loads(line) for line in (await process.stop()).splitlines()]
    assert [line["traceId"] for line in lines] == [TRACE, CALLERS, TRACE, TRACE]
