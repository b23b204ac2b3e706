"""An unmodified boto3 client, with our address as its endpoint."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped]  # botocore has no types

from emulator.settings import DEFAULT_COMMAND
from tests.emulator.boto import Boto

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.emulator.conftest import Control, Emulator, StartEmulator

_ROOT = Path(__file__).parents[2]
ARN = "arn:aws:lambda:us-east-1:123456789012:function:function"


@pytest.fixture
async def boto(emulator: Emulator) -> AsyncIterator[Boto]:
    boto = Boto(emulator.url)
    yield boto
    boto.close()


async def test_chunks_arrive_before_the_handler_s_end(boto: Boto, control: Control) -> None:
    """The handler waits for the test, which holds its first chunk by then."""
    answer = await boto.stream({"do": "gated-bare"})
    events: Iterator[Any] = iter(answer["EventStream"])
    assert (await asyncio.to_thread(next, events)) == {"PayloadChunk": {"Payload": b"first "}}
    await (await control.arrival()).release()
    assert await asyncio.to_thread(list, events) == [
        {"PayloadChunk": {"Payload": b"second"}},
        {"InvokeComplete": {}},
    ]
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "$LATEST"
    assert answer["ResponseStreamContentType"] == "application/vnd.amazon.eventstream"
    assert answer["ResponseMetadata"]["RequestId"]


async def test_a_buffered_answer_is_one_chunk(boto: Boto) -> None:
    payload, complete = await boto.streamed({"do": "answer", "with": [1, 2]})
    assert (json.loads(payload)["statusCode"], complete) == (200, {})


async def test_an_answer_without_a_byte_is_its_completion(boto: Boto) -> None:
    assert await boto.streamed({"do": "nothing"}) == (b"", {})


async def test_large_answers_stream_whole(boto: Boto) -> None:
    payload, complete = await boto.streamed({"do": "large-bare"})
    assert (len(payload), complete) == (200 * 65536 + len(b"first second"), {})


async def test_an_error_before_the_first_byte_is_in_the_completion(boto: Boto) -> None:
    payload, complete = await boto.streamed({"do": "error"})
    assert (payload, complete["ErrorCode"]) == (b"", "Function.Odd")
    assert json.loads(complete["ErrorDetails"]) == {"errorType": "Function.Odd", "errorMessage": "no"}


@pytest.mark.parametrize(
    ("what", "code", "message"),
    [("trailers-bare", "Function.Late", "late"), ("exit-midstream-bare", "Runtime.", "")],
)
async def test_an_error_behind_the_first_byte_is_in_the_completion(
    boto: Boto, what: str, code: str, message: str
) -> None:
    """What was sent stays sent, and the stream still ends as a stream does."""
    payload, complete = await boto.streamed({"do": what})
    assert payload == b"first "
    assert complete["ErrorCode"].startswith(code)
    assert message in json.loads(complete["ErrorDetails"])["errorMessage"]


async def test_the_log_tail_has_the_report(boto: Boto) -> None:
    _, complete = await boto.streamed({"do": "raw"}, LogType="Tail")
    answer = await boto.invoke({"do": "raw"}, LogType="Tail")
    for result in (complete["LogResult"], answer["LogResult"]):
        lines = base64.b64decode(result).decode().splitlines()
        assert [line.split()[0] for line in lines] == ["START", "END", "REPORT"]
    assert answer["Payload"] == b"first second"
    assert "LogResult" not in await boto.invoke({"do": "raw"})


async def test_invoke_gives_whole_answers(boto: Boto) -> None:
    answer = await boto.invoke({"do": "raw"})
    assert (answer["Payload"], answer["StatusCode"]) == (b"first second", 200)
    assert answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer


@pytest.mark.parametrize(
    ("what", "error_type"),
    [
        ("error", "Function.Odd"),
        ("trailers", "Function.Late"),
        ("exit", "Runtime.ExitError"),
        ("too-large", "Function.ResponseSizeTooLarge"),
        ("large", "Function.ResponseSizeTooLarge"),
    ],
)
async def test_invoke_says_that_the_function_failed(boto: Boto, what: str, error_type: str) -> None:
    """An error behind the first byte takes the place of the answer; so does an answer of more than 6 MB."""
    answer = await boto.invoke({"do": what})
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert json.loads(answer["Payload"])["errorType"] == error_type


async def test_an_asynchronous_invocation_is_accepted_and_runs(boto: Boto, control: Control) -> None:
    answer = await boto.invoke({"do": "gated"}, InvocationType="Event")
    assert (answer["StatusCode"], answer["Payload"]) == (202, b"")
    await (await control.arrival()).release()


async def test_an_asynchronous_invocation_waits_for_room(
    start_emulator: StartEmulator, control: Control
) -> None:
    async with start_emulator(concurrency=1) as emulator:
        boto = Boto(emulator.url)
        running = asyncio.create_task(boto.invoke({"do": "gated"}))
        first = await control.arrival()
        assert (await boto.invoke({"do": "gated"}, InvocationType="Event"))["StatusCode"] == 202
        assert control.nobody_came()
        await first.release()
        assert (await running)["Payload"].endswith(b"second")
        await (await control.arrival()).release()
        boto.close()


async def test_a_dry_run_runs_nothing(boto: Boto, emulator: Emulator) -> None:
    assert (await boto.invoke({"do": "exit"}, InvocationType="DryRun"))["StatusCode"] == 204
    assert not emulator.lines.having("START")


async def test_too_many_at_once_are_boto3_s_own_exception(
    start_emulator: StartEmulator, control: Control
) -> None:
    async with start_emulator(concurrency=1) as emulator:
        boto = Boto(emulator.url)
        running = asyncio.create_task(boto.streamed({"do": "gated-bare"}))
        line = await control.arrival()
        for call in (boto.invoke, boto.stream):
            with pytest.raises(boto.exceptions.TooManyRequestsException, match="Rate Exceeded") as raised:
                await call({"do": "raw"})
            assert raised.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
        await line.release()
        assert await running == (b"first second", {})
        boto.close()


@pytest.mark.parametrize("name", ["other", "function:live", f"{ARN}:7", "123456789012:function:other"])
@pytest.mark.parametrize("operation", ["invoke", "stream"])
async def test_another_function_is_boto3_s_own_exception(boto: Boto, name: str, operation: str) -> None:
    with pytest.raises(
        boto.exceptions.ResourceNotFoundException, match="Function not found: arn:aws:lambda:"
    ):
        await getattr(boto, operation)({}, FunctionName=name)


@pytest.mark.parametrize(
    "name", [ARN, f"{ARN}:$LATEST", "123456789012:function:function", "function:$LATEST"]
)
async def test_a_name_may_be_an_arn_or_a_part_of_one(boto: Boto, name: str) -> None:
    assert (await boto.invoke({"do": "raw"}, FunctionName=name))["Payload"] == b"first second"
    assert await boto.streamed({"do": "raw"}, FunctionName=name) == (b"first second", {})


async def test_a_qualifier_names_the_one_version(boto: Boto) -> None:
    assert (await boto.invoke({"do": "raw"}, Qualifier="$LATEST"))["StatusCode"] == 200
    with pytest.raises(boto.exceptions.ResourceNotFoundException, match="function:live"):
        await boto.invoke({"do": "raw"}, Qualifier="live")
    with pytest.raises(boto.exceptions.InvalidParameterValueException, match="does not match"):
        await boto.invoke({"do": "raw"}, FunctionName="function:1", Qualifier="2")


@pytest.mark.parametrize("operation", ["invoke", "stream"])
async def test_an_event_that_is_no_json_is_boto3_s_own_exception(boto: Boto, operation: str) -> None:
    with pytest.raises(boto.exceptions.InvalidRequestContentException, match="Could not parse"):
        await getattr(boto, operation)(Payload=b"{")


async def test_a_client_context_reaches_the_runtime(boto: Boto) -> None:
    context = base64.b64encode(json.dumps({"custom": {"a": 1}}, indent=2).encode()).decode()
    answer = await boto.invoke({"do": "pid"}, ClientContext=context, TenantId="blue")
    head = json.loads(answer["Payload"])["next"]
    assert json.loads(head["lambda-runtime-client-context"]) == {"custom": {"a": 1}}
    assert head["lambda-runtime-aws-tenant-id"] == "blue"
    with pytest.raises(boto.exceptions.InvalidRequestContentException, match="Client context"):
        await boto.invoke({}, ClientContext="!")


async def test_a_client_context_is_visible_ascii_whatever_it_says(boto: Boto) -> None:
    context = {"custom": {"a": "\x7f\n\ud83dü"}}
    escaped = base64.b64encode(json.dumps(context).encode()).decode()
    answer = await boto.invoke({"do": "pid"}, ClientContext=escaped)
    told = json.loads(answer["Payload"])["next"]["lambda-runtime-client-context"]
    assert told.isascii()
    assert told.isprintable()
    assert json.loads(told) == context


@pytest.mark.parametrize("tenant", ["b!ue", "x" * 257, "bl\tue"])
@pytest.mark.parametrize("operation", ["invoke", "stream"])
async def test_a_tenant_s_id_that_is_none_is_refused(boto: Boto, operation: str, tenant: str) -> None:
    """boto3 leaves the check to the service."""
    with pytest.raises(ClientError, match="is not a tenant's id") as raised:
        await getattr(boto, operation)({"do": "raw"}, TenantId=tenant)
    assert raised.value.response["Error"]["Code"] == "ValidationException"
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize(("kind", "limit"), [("RequestResponse", 6 * 1024**2), ("Event", 1024**2)])
async def test_an_event_may_have_6_mb_and_1_mb_asynchronously(boto: Boto, kind: str, limit: int) -> None:
    empty = json.dumps({"do": "raw", "pad": ""})
    event = empty.replace('""', json.dumps("x" * (limit - len(empty))))
    assert (await boto.invoke(Payload=event, InvocationType=kind))["StatusCode"] in (200, 202)
    with pytest.raises(ClientError, match=f"smaller than {limit} bytes") as raised:
        await boto.invoke(Payload=event + " ", InvocationType=kind)
    assert raised.value.response["Error"]["Code"] == "RequestEntityTooLargeException"
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


async def test_a_wrong_header_is_refused_with_a_sentence(emulator: Emulator) -> None:
    for header in ({"x_amz_invocation_type": "Sometimes"}, {"x_amz_log_type": "Head"}):
        response = await emulator.invoke({}, **header)
        assert response.status_code == 400
        assert "must be one of" in response.json()["Message"]


async def test_a_client_that_leaves_does_not_stop_the_function(
    boto: Boto, emulator: Emulator, control: Control
) -> None:
    answer = await boto.stream({"do": "gated-bare"})
    assert await asyncio.to_thread(next, iter(answer["EventStream"]))
    await asyncio.to_thread(answer["EventStream"].close)
    await (await control.arrival()).release()
    await emulator.lines.wait_for("REPORT")
    assert not emulator.lines.having("Error")


async def test_the_manual_s_example_runs_as_it_stands(start_emulator: StartEmulator) -> None:
    """On the function of this repository, which has no key and says so."""
    manual = (_ROOT / "docs/emulator.md").read_text()
    [program] = re.findall(r"```python\n(.*?)```", manual, re.DOTALL)
    settings = {
        "command": DEFAULT_COMMAND,
        "task_root": _ROOT / "lambda",
        "variables": {"OPENAI_API_KEY": ""},
    }
    async with start_emulator(**settings) as emulator:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", program.replace("http://127.0.0.1:9001", emulator.url)),
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate()
    assert process.returncode == 0
    assert said.decode().endswith('"error": "OpenAI API key not configured"}None None\n')


async def test_a_fault_at_wish_reaches_boto3_as_it_would(emulator: Emulator) -> None:
    boto = Boto(emulator.url)
    # As a developer adds a header to what an SDK sends.
    boto.client.meta.events.register("before-send.lambda", _wish_for_a_kill)
    payload, complete = await boto.streamed({"do": "raw"})
    assert payload == b"first "
    assert "signal: killed" in json.loads(complete["ErrorDetails"])["errorMessage"]
    boto.close()


def _wish_for_a_kill(request: Any, **_: Any) -> None:
    request.headers["x-emulator-fault"] = "kill@1"
