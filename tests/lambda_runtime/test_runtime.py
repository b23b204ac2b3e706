"""Buffered handlers, errors, context and the loop itself, as awslambdaric has them."""

from __future__ import annotations

import asyncio
import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from lambda_runtime.api import RuntimeApi
from lambda_runtime.logs import LambdaLogHandler
from lambda_runtime.runtime import Runtime

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.runtime_api import FakeRuntimeApi
    from tests.fakes.runtime_process import Starter


@pytest.mark.parametrize(
    ("event", "body", "content_type"),
    [
        ({"a": [1, None, "ü"]}, '{"a": [1, null, "ü"]}'.encode(), "application/json"),
        ({"bytes": "raw"}, b"raw", "application/unknown"),
        (None, b"null", "application/json"),
        ("text", b'"text"', "application/json"),
        ({"decimals": ["1", "1.5", "1E+3", "Infinity"]}, b"[1, 1.5, 1000, Infinity]", "application/json"),
        ({"own_loop": 5}, b"[5, true]", "application/json"),
    ],
)
async def test_a_buffered_handler_answers(
    api: FakeRuntimeApi, start: Starter, event: Any, body: bytes, content_type: str
) -> None:
    invocation = api.invoke(event)
    await start("functions.buffered")
    received = await invocation.result()
    assert received.target.endswith(f"{invocation.request_id}/response")
    assert (received.body, received.headers["Content-Type"]) == (body, content_type)
    assert "Lambda-Runtime-Function-Response-Mode" not in received.headers


@pytest.mark.parametrize(
    ("handler", "answer"), [("buffered_async", {"echo": 1}), ("callable_handler", ["called", 1])]
)
async def test_an_async_handler_may_be_buffered(
    api: FakeRuntimeApi, start: Starter, handler: str, answer: Any
) -> None:
    invocation = api.invoke(1)
    await start(f"functions.{handler}")
    assert (await invocation.result()).json() == answer


async def test_one_process_serves_many_events_in_order(api: FakeRuntimeApi, start: Starter) -> None:
    invocations = [api.invoke(number) for number in range(20)]
    await start("functions.buffered")
    assert [(await invocation.result()).json() for invocation in invocations] == list(range(20))


async def test_a_closed_keepalive_connection_is_replaced(api: FakeRuntimeApi, start: Starter) -> None:
    api.drop_next_connections = True
    invocations = [api.invoke(number) for number in range(5)]
    await start("functions.buffered")
    assert [(await invocation.result()).json() for invocation in invocations] == list(range(5))


async def test_an_error_is_posted_in_awslambdarics_form(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke({"raise": "bad ü value"}, headers={"Lambda-Runtime-Invocation-Id": "i"})
    process = await start("functions.buffered")
    received = await invocation.result()
    assert received.target.endswith(f"{invocation.request_id}/error")
    error = received.json()
    assert (error["errorMessage"], error["errorType"]) == ("bad ü value", "ValueError")
    assert error["requestId"] == invocation.request_id
    assert "functions.py" in error["stackTrace"][0]
    assert "lambda/lambda_runtime" not in "".join(error["stackTrace"])
    assert received.headers["Lambda-Runtime-Function-Error-Type"] == "Function.ValueError"
    assert received.headers["Lambda-Runtime-Invocation-Id"] == "i"
    cause = json.loads(received.headers["Lambda-Runtime-Function-XRay-Error-Cause"])
    assert cause["exceptions"][0]["type"] == "ValueError"
    assert cause["exceptions"][0]["stack"][0]["label"] == "buffered"
    assert cause["paths"][0].endswith("functions.py")
    log = await process.stop()
    assert "[ERROR] ValueError: bad ü value\rTraceback (most recent call last):\r\N{NO-BREAK SPACE}" in log


@pytest.mark.parametrize("log_format", ["Text", "JSON"])
@pytest.mark.parametrize(("handler", "end"), [("buffered", "/error"), ("streaming", "/response")])
async def test_no_message_can_keep_an_error_from_being_told(
    api: FakeRuntimeApi, start: Starter, log_format: str, handler: str, end: str
) -> None:
    """A lone surrogate has no UTF-8 form, and stands in messages that quote JSON from outside."""
    invocation = api.invoke({"raise_surrogate": 1})
    process = await start(f"functions.{handler}", AWS_LAMBDA_LOG_FORMAT=log_format)
    received = await invocation.result()
    assert received.target.endswith(end)
    assert received.complete
    assert ("Lambda-Runtime-Function-Error-Type" in received.trailers) == (handler == "streaming")
    assert (await api.invoke("next").result()).complete
    assert "bad \\ud800" in await process.stop()


async def test_an_error_is_told_from_a_folder_that_is_gone(
    api: FakeRuntimeApi, start: Starter, tmp_path: Path
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    invocation = api.invoke({"remove_folder": str(folder)})
    await start("functions.buffered")
    received = await invocation.result()
    assert json.loads(received.headers["Lambda-Runtime-Function-XRay-Error-Cause"])["working_directory"] == ""


async def test_a_log_that_cannot_be_written_does_not_stop_the_function(
    api: FakeRuntimeApi, start: Starter
) -> None:
    """Its telemetry descriptor does not exist."""
    invocation = api.invoke({"raise": "m"})
    await start("functions.buffered", _LAMBDA_TELEMETRY_LOG_FD="987")
    assert (await invocation.result()).json()["errorMessage"] == "m"
    assert (await api.invoke(7).result()).json() == 7


@pytest.mark.parametrize("event", [b"{not json", b"\xff\x00", b"7"])
async def test_a_raw_event_handler_gets_what_came(api: FakeRuntimeApi, start: Starter, event: bytes) -> None:
    invocation = api.invoke(event)
    await start("functions.raw")
    assert (await invocation.result()).json() == ["bytes", event.decode("latin-1")]


async def test_raw_events_and_streaming_combine(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke(b"\xff")
    await start("functions.raw_streaming")
    assert (await invocation.result()).body == b"\xff"


async def test_a_cause_too_large_for_a_header_is_left_out(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke({"raise": "m" * 1_100_000})
    await start("functions.buffered")
    received = await invocation.result()
    assert "Lambda-Runtime-Function-XRay-Error-Cause" not in received.headers
    assert len(received.json()["errorMessage"]) == 1_100_000


@pytest.mark.parametrize(
    ("event", "error_type", "words"),
    [
        (b"{not json", "Runtime.UnmarshalError", "Unable to unmarshal input"),
        (b"[" * 200_000, "Runtime.UnmarshalError", "Unable to unmarshal input"),
        ({"unserializable": 1}, "Runtime.MarshalError", "object is not JSON serializable"),
        ({"surrogate": 1}, "Runtime.MarshalError", "Unable to marshal response"),
        ({"forgot_to_decorate": 1}, "Runtime.MarshalError", "streamify_response"),
        ({"forgot_async": 1}, "Runtime.MarshalError", "async"),
    ],
)
async def test_faults_have_lambdas_names(
    api: FakeRuntimeApi, start: Starter, event: Any, error_type: str, words: str
) -> None:
    invocation = api.invoke(event)
    await start("functions.buffered")
    received = await invocation.result()
    assert received.headers["Lambda-Runtime-Function-Error-Type"] == error_type
    assert words in received.json()["errorMessage"]
    assert (await api.invoke(7).result()).json() == 7


async def test_an_event_that_is_not_json_comes_as_bytes(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke(b"\x00\xff", headers={"Content-Type": "application/octet-stream"})
    await start("functions.buffered")
    assert (await invocation.result()).body == b"\x00\xff"


async def test_an_async_handlers_error(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke("raise")
    await start("functions.buffered_async")
    assert (await invocation.result()).json()["errorType"] == "LookupError"


async def test_the_context_tells_what_the_platform_told(api: FakeRuntimeApi, start: Starter) -> None:
    client_context = {
        "custom": {"k": "v"},
        "client": {"app_title": "App"},
        "w3c": {"traceparent": "00-1-2-01", "tracestate": 5, "other": "x"},
    }
    invocation = api.invoke(
        {"context": 1},
        seconds=100,
        headers={
            "Lambda-Runtime-Trace-Id": "Root=1-5",
            "Lambda-Runtime-Aws-Tenant-Id": "tenant-1",
            "Lambda-Runtime-Client-Context": json.dumps(client_context),
            "Lambda-Runtime-Cognito-Identity": '{"cognitoIdentityId":"id","cognitoIdentityPoolId":"pool"}',
        },
    )
    await start("functions.buffered")
    told = (await invocation.result()).json()
    assert 90_000 < told.pop("remaining") <= 100_000
    assert invocation.request_id in told.pop("repr")
    assert told == {
        "request_id": invocation.request_id,
        "arn": "arn:aws:lambda:eu-central-1:123456789012:function:chat",
        "name": "chat",
        "memory": "512",
        "tenant": "tenant-1",
        "identity": ["id", "pool"],
        "custom": {"k": "v"},
        "app_title": "App",
        "w3c": {"traceparent": "00-1-2-01"},
        "trace": "Root=1-5",
    }


async def test_nothing_of_one_invocation_stays_for_the_next(api: FakeRuntimeApi, start: Starter) -> None:
    first = api.invoke({"context": 1}, headers={"Lambda-Runtime-Trace-Id": "Root=1-5"})
    second = api.invoke({"context": 1}, seconds=-5)
    await start("functions.buffered")
    assert (await first.result()).json()["trace"] == "Root=1-5"
    told = (await second.result()).json()
    assert (told["trace"], told["tenant"], told["identity"], told["remaining"]) == (
        None,
        None,
        [None, None],
        0,
    )


async def test_a_client_context_that_is_not_json_is_a_fault(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke({}, headers={"Lambda-Runtime-Client-Context": "{"})
    await start("functions.buffered")
    assert (await invocation.result()).json()["errorType"] == "Runtime.LambdaContextUnmarshalError"


async def test_a_background_task_ends_before_the_next_event(api: FakeRuntimeApi, start: Starter) -> None:
    first, second = api.invoke({"background": "work"}), api.invoke({"log": "second"})
    process = await start("functions.streaming")
    assert (await first.result()).body == b"answered"
    await second.result()
    third = api.invoke({"background": "fail"})
    await third.result()
    await api.invoke("x").result()
    output = await process.stop()
    assert "background work" in output
    assert "A background task failed" in output
    assert "background failure" in output


async def test_a_background_task_is_stopped_before_the_deadline(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke({"background": "slow"}, seconds=1)
    process = await start("functions.streaming")
    assert (await invocation.result()).body == b"answered"
    assert (await api.invoke("next").result()).body == b"next"
    assert "background task was stopped" in await process.stop()


async def test_a_stopped_background_task_cleans_up(api: FakeRuntimeApi, start: Starter) -> None:
    """Before the next event is taken, or the freeze would come in between."""
    api.invoke({"background": "slow"}, seconds=1)
    second = api.invoke({"background": "second"})
    process = await start("functions.streaming")
    await second.result()
    output = await process.stop()
    assert output.index("background cleaned up") < output.index("background second")


@pytest.mark.parametrize("handler", ["streaming", "buffered"])
async def test_sigterm_stops_background_work(api: FakeRuntimeApi, start: Starter, handler: str) -> None:
    """SIGKILL would come 500 ms behind it, and no hook would run."""
    work = "slow" if handler == "streaming" else "endless"
    invocation = api.invoke({"background": work})
    process = await start(f"functions.{handler}")
    await invocation.result()
    await process.printed(f"background {work}")
    process.signal(signal.SIGTERM)
    assert (await process.exited())[0] == 0


@pytest.mark.parametrize("handler", ["buffered", "buffered_async"])
async def test_sigterm_does_not_take_back_an_answer(
    api: FakeRuntimeApi, start: Starter, handler: str
) -> None:
    """It comes while the platform reads the response: no error may follow for the same invocation."""
    invocation = api.invoke(1)
    invocation.answering.clear()
    process = await start(f"functions.{handler}")
    await invocation.result()
    process.signal(signal.SIGTERM)
    invocation.answering.set()
    assert (await process.exited())[0] == 0
    assert [r.target.rsplit("/", 1)[1] for r in api.requests] == ["next", "response"]


async def test_a_blocking_handlers_background_task_runs_too(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke({"background": "work"})
    process = await start("functions.buffered")
    assert (await invocation.result()).json() == "first"
    await api.invoke(1).result()
    assert "background work" in await process.stop()


async def test_a_handler_that_exits_tells_before_it_goes(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke({"exit": 4})
    process = await start("functions.buffered")
    assert (await invocation.result()).json()["errorType"] == "SystemExit"
    assert (await process.exited())[0] == 4


@pytest.mark.parametrize(
    ("handler", "error_type", "words"),
    [
        ("nodot", "Runtime.MalformedHandlerName", "Bad handler 'nodot'"),
        (".handler", "Runtime.MalformedHandlerName", "Bad handler '.handler'"),
        ("sys.exit", "Runtime.BuiltInModuleConflict", "built-in module sys"),
        ("no_such_module.handler", "Runtime.ImportModuleError", "No module named 'no_such_module'"),
        ("functions.missing", "Runtime.HandlerNotFound", "Handler 'missing' missing on module 'functions'"),
        ("functions.not_callable", "Runtime.HandlerNotFound", "not callable"),
        ("broken.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'broken'"),
        ("raising/at_import.handler", "Function.ZeroDivisionError", "division by zero"),
        ("exiting.handler", "Function.SystemExit", "9"),
    ],
)
async def test_a_handler_that_cannot_be_loaded_is_an_init_error(
    api: FakeRuntimeApi, start: Starter, tmp_path: Path, handler: str, error_type: str, words: str
) -> None:
    (tmp_path / "broken.py").write_text("def handler(:\n")
    (tmp_path / "exiting.py").write_text("import sys\nsys.exit(9)\n")
    (tmp_path / "raising").mkdir()
    (tmp_path / "raising" / "at_import.py").write_text("1 / 0\n")
    process = await start(handler, LAMBDA_TASK_ROOT=str(tmp_path))
    code, output = await process.exited()
    assert code == 1
    error = api.init_error.result()
    assert error.target == "/2018-06-01/runtime/init/error"
    assert error.headers["Lambda-Runtime-Function-Error-Type"] == error_type
    assert words in error.json()["errorMessage"]
    assert words in output
    assert "importlib" not in "".join(error.json()["stackTrace"])


async def test_the_handler_may_come_from_the_environment(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke(1)
    await start(_HANDLER="functions.buffered")
    assert (await invocation.result()).json() == 1


@pytest.mark.parametrize(
    ("arguments", "address", "words"),
    [
        ((), "127.0.0.1:1", "Usage"),
        (("a.b", "c.d"), "127.0.0.1:1", "Usage"),
        (("a.b",), "", "AWS_LAMBDA_RUNTIME_API is not set"),
        (("functions.buffered",), "nonsense", "expected host:port"),
        (("functions.buffered",), "127.0.0.1:1", "Nothing answers at AWS_LAMBDA_RUNTIME_API=127.0.0.1:1"),
        (("functions.missing",), "127.0.0.1:1", "Lambda could not be told"),
    ],
)
async def test_a_start_outside_lambda_says_what_is_missing(
    start: Starter, arguments: tuple[str, ...], address: str, words: str
) -> None:
    process = await start(*arguments, AWS_LAMBDA_RUNTIME_API=address)
    code, output = await process.exited()
    assert code in (1, 2)
    assert words in output
    assert "Traceback" not in output


@pytest.mark.parametrize("handler", ["streaming", "blocking"])
async def test_sigterm_ends_a_handler_in_order(api: FakeRuntimeApi, start: Starter, handler: str) -> None:
    """Its `finally` runs, the stream ends in failure rather than in silence, and the process exits cleanly."""
    invocation = api.invoke({"wait": 1})
    process = await start(f"functions.{handler}")
    await process.printed("waiting")
    process.signal(signal.SIGTERM)
    received = await invocation.result()
    assert received.complete
    assert "Lambda-Runtime-Function-Error-Type" in received.trailers
    code, output = await process.exited()
    assert code == 0
    assert "cleaned up" in output


async def test_sigterm_behind_an_answers_end_is_no_failure(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke("linger")
    process = await start("functions.streaming")
    await process.printed("lingering")
    process.signal(signal.SIGTERM)
    received = await invocation.result()
    assert received.complete
    assert received.body == b"answered"
    assert not received.trailers
    code, output = await process.exited()
    assert code == 0
    assert "[ERROR]" not in output


def test_a_signal_between_two_waits_is_not_lost() -> None:
    """It finds no task to cancel; the next event would be waited for until SIGKILL, without shutdown hooks."""
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        runtime = Runtime(
            RuntimeApi("127.0.0.1:1"), print, loop, LambdaLogHandler(as_json=False, telemetry_fd=None)
        )
        runtime.terminate()
        with pytest.raises(asyncio.CancelledError):
            runtime.serve_one()
        runtime.serve()


async def test_sigterm_runs_the_shutdown_hooks(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke("register")
    process = await start("functions.hooked", LAMBDA_RUNTIME_SIGTERM="1")
    await invocation.result()
    await api.idle()
    process.signal(signal.SIGTERM)
    code, output = await process.exited()
    assert code == 0
    assert output.index("async hook ran") < output.index("failed") < output.index("plain hook ran")


async def test_slow_shutdown_hooks_are_stopped(api: FakeRuntimeApi, start: Starter) -> None:
    """SIGKILL comes 500 ms behind SIGTERM."""
    invocation = api.invoke("slow")
    process = await start("functions.hooked")
    await invocation.result()
    await api.idle()
    process.signal(signal.SIGTERM)
    code, output = await process.exited()
    assert code == 0
    assert "were stopped" in output


async def test_the_extension_is_registered_only_on_wish(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke(1)
    await start("functions.buffered", LAMBDA_RUNTIME_SIGTERM="1")
    await invocation.result()
    registered = api.registered.result()
    assert registered.headers["Lambda-Extension-Name"] == "lambda-runtime-sigterm"
    assert registered.json() == {"events": []}
    assert [r.target for r in api.requests].index("/2020-01-01/extension/register") == 0
    asking = [r for r in api.requests if r.target == "/2020-01-01/extension/event/next"]
    assert [r.headers["Lambda-Extension-Identifier"] for r in asking] == ["id-1"]


async def test_no_extension_without_the_wish(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke(1)
    await start("functions.buffered")
    await invocation.result()
    assert not api.registered.done()


async def test_an_interrupt_ends_it_quietly(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke(1)
    process = await start("functions.buffered")
    await invocation.result()
    await api.idle()
    process.signal(signal.SIGINT)
    code, output = await process.exited()
    assert code == 130
    assert "Traceback" not in output
