"""The Runtime API on a real port; the test is the runtime."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.faults import Fault, FaultKind
from emulator.http_protocols import ChunkedProtocol
from emulator.invocation import FunctionError, Invocation, ResponseEnd, ResponseStart
from emulator.runtime_api import MAX_BUFFERED, RuntimeApi
from emulator.serving import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_FUNCTION = {"functionName": "f", "functionVersion": "$LATEST", "handler": "app.handler"}
_NEXT = "/2018-06-01/runtime/invocation/next"
_REGISTER = "/2020-01-01/extension/register"
_EVENT_NEXT = "/2020-01-01/extension/event/next"


@dataclass
class Service:
    """The API, and its address for a runtime."""

    api: RuntimeApi
    port: int
    client: httpx.AsyncClient
    warnings: list[str]

    async def given(self, **fields: Any) -> tuple[Invocation, httpx.Response]:
        """Offer an invocation and fetch it as the runtime."""
        invocation = Invocation(payload=b'{"a":1}', timeout=3, arn="arn:f", trace_id="Root=1-2-3", **fields)
        self.api.offer(invocation)
        return invocation, await self.client.get(_NEXT)

    async def post(
        self, invocation: Invocation, what: str, content: bytes = b"", **headers: str
    ) -> httpx.Response:
        """Post as the runtime, with the invocation's id echoed."""
        sent = {"lambda-runtime-invocation-id": invocation.invocation_id}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        path = f"/2018-06-01/runtime/invocation/{invocation.request_id}/{what}"
        return await self.client.post(path, content=content, headers=sent)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    warnings: list[str] = []
    api = RuntimeApi(_FUNCTION, warnings.append)
    async with (
        serving(api, protocol=ChunkedProtocol) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        yield Service(api, port, client, warnings)


async def events(invocation: Invocation) -> list[object]:
    async with asyncio.timeout(30):
        return [event async for event in invocation.events()]


async def test_next_gives_the_event_and_its_headers(service: Service) -> None:
    invocation, answer = await service.given(client_context='{"custom":{}}', tenant_id="blue")

    assert answer.status_code == 200
    assert answer.content == b'{"a":1}'
    assert answer.headers["lambda-runtime-aws-request-id"] == invocation.request_id
    assert answer.headers["lambda-runtime-invocation-id"] == invocation.invocation_id
    assert answer.headers["lambda-runtime-invoked-function-arn"] == "arn:f"
    assert answer.headers["lambda-runtime-trace-id"] == "Root=1-2-3"
    assert answer.headers["lambda-runtime-client-context"] == '{"custom":{}}'
    assert answer.headers["lambda-runtime-aws-tenant-id"] == "blue"
    left = int(answer.headers["lambda-runtime-deadline-ms"]) - time.time() * 1000
    assert 0 < left <= 3000


async def test_headers_that_have_no_value_are_absent(service: Service) -> None:
    _, answer = await service.given()
    assert "lambda-runtime-client-context" not in answer.headers
    assert "lambda-runtime-aws-tenant-id" not in answer.headers
    assert "lambda-runtime-cognito-identity" not in answer.headers


async def test_a_buffered_response(service: Service) -> None:
    invocation, _ = await service.given()
    answer = await service.post(invocation, "response", b'"done"', content_type="application/json")
    assert (answer.status_code, answer.json()) == (202, {"status": "OK"})
    assert await events(invocation) == [
        ResponseStart(streaming=False, content_type="application/json"),
        b'"done"',
        ResponseEnd(),
    ]
    assert service.warnings == []


async def test_a_buffered_response_of_more_than_6_mb_is_413(service: Service) -> None:
    invocation, _ = await service.given()
    answer = await service.post(invocation, "response", b"x" * (MAX_BUFFERED + 1))
    assert answer.status_code == 413
    assert answer.json()["errorType"] == "RequestEntityTooLarge"
    last = (await events(invocation))[-1]
    assert isinstance(last, FunctionError)
    assert last.error_type == "Function.ResponseSizeTooLarge"


@pytest.mark.parametrize("what", ["response", "error"])
async def test_an_answer_does_not_outrun_kill(service: Service, what: str) -> None:
    """It is due once the event is taken; what the runtime still posts waits for its end."""
    invocation, _ = await service.given(fault=Fault(FaultKind.KILL))
    assert invocation.fault_due.is_set()
    invocation.fault_due.clear()  # the post says again that it is due, so that it is seen to have come
    mode = {"lambda_runtime_function_response_mode": "streaming"}
    posted = asyncio.create_task(service.post(invocation, what, b"first", **mode))
    async with asyncio.timeout(30):
        await invocation.fault_due.wait()
    killed = FunctionError.of("Runtime.ExitError", "killed")
    invocation.fail(killed)
    assert (await posted).status_code == 403
    assert await events(invocation) == [killed]


async def test_a_chunk_is_handed_on_before_the_next_is_sent(service: Service) -> None:
    invocation, _ = await service.given()
    received = invocation.events()

    async def body() -> AsyncIterator[bytes]:
        yield b"first"
        # The first chunk must be with the caller while the request is still open here.
        assert await anext(received) == ResponseStart(streaming=True, content_type="text/plain")
        assert await anext(received) == b"first"
        yield b"second"

    answer = await service.client.post(
        f"/2018-06-01/runtime/invocation/{invocation.request_id}/response",
        content=body(),
        headers={
            "lambda-runtime-function-response-mode": "streaming",
            "lambda-runtime-invocation-id": invocation.invocation_id,
            "content-type": "text/plain",
        },
    )
    assert answer.status_code == 202
    assert [event async for event in received] == [b"second", ResponseEnd()]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cuts=st.sets(st.integers(1, 400), max_size=6))
async def test_trailers_are_read_however_the_bytes_are_split(service: Service, cuts: set[int]) -> None:
    invocation, _ = await service.given()
    error = json.dumps({"errorType": "Function.Late", "errorMessage": "no"}).encode()
    request = (
        b"POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: x\r\n"
        b"Transfer-Encoding: chunked\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n"
        b"Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n"
        b"3\r\nabc\r\n0\r\nLambda-Runtime-Function-Error-Type: Function.Late\r\n"
        b"Lambda-Runtime-Function-Error-Body: %s\r\n\r\n"
    ) % (invocation.request_id.encode(), base64.b64encode(error))
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    start = 0
    for end in (*sorted(cut for cut in cuts if cut < len(request)), len(request)):
        writer.write(request[start:end])
        await writer.drain()
        await asyncio.sleep(0)
        start = end

    assert (await reader.readline()).startswith(b"HTTP/1.1 202")
    received = await events(invocation)
    assert received[0] == ResponseStart(streaming=True, content_type=None)
    assert b"".join(event for event in received if isinstance(event, bytes)) == b"abc"
    assert received[-1] == FunctionError("Function.Late", error)
    writer.close()
    await writer.wait_closed()


async def test_a_response_that_breaks_off_is_truncated(service: Service) -> None:
    invocation, _ = await service.given()
    _, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(
        b"POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        b"Lambda-Runtime-Function-Response-Mode: streaming\r\n\r\n3\r\nabc\r\n"
        % invocation.request_id.encode()
    )
    received = invocation.events()
    assert await anext(received) == ResponseStart(streaming=True, content_type=None)
    assert await anext(received) == b"abc"
    writer.close()
    await writer.wait_closed()
    last = await anext(received)
    assert isinstance(last, FunctionError)
    assert last.error_type == "Runtime.TruncatedResponse"


async def test_a_mode_that_is_not_streaming_is_refused(service: Service) -> None:
    invocation, _ = await service.given()
    answer = await service.post(
        invocation, "response", b"x", lambda_runtime_function_response_mode="Streaming"
    )
    assert (answer.status_code, answer.json()["errorType"]) == (400, "InvalidFunctionResponseMode")


async def test_an_error_is_handed_on(service: Service) -> None:
    invocation, _ = await service.given()
    answer = await service.post(
        invocation, "error", b'{"errorType":"E"}', lambda_runtime_function_error_type="Function.E"
    )
    assert answer.status_code == 202
    assert await events(invocation) == [FunctionError("Function.E", b'{"errorType":"E"}')]


async def test_another_invocation_s_id_is_refused(service: Service) -> None:
    await service.given()
    stranger = Invocation(payload=b"{}", timeout=3, arn="arn:f", trace_id="")
    for what in ("response", "error"):
        answer = await service.post(stranger, what)
        assert (answer.status_code, answer.json()["errorType"]) == (400, "InvalidRequestID")


async def test_what_the_state_does_not_allow_is_403(service: Service) -> None:
    invocation, _ = await service.given()
    answers = [await service.client.get(_NEXT)]
    await service.post(invocation, "response", b"1")
    answers += [await service.post(invocation, what, b"1") for what in ("response", "error")]
    answers.append(await service.client.post("/2018-06-01/runtime/init/error", content=b"{}"))
    assert [(answer.status_code, answer.json()["errorType"]) for answer in answers] == [
        (403, "InvalidStateTransition")
    ] * 4


async def test_an_id_that_is_not_returned_is_warned_of(service: Service) -> None:
    invocation, _ = await service.given()
    answer = await service.post(invocation, "response", b"1", lambda_runtime_invocation_id="other")
    assert answer.status_code == 202
    assert "'other'" in service.warnings[0]


async def test_init_error_is_kept_for_the_environment(service: Service) -> None:
    answer = await service.client.post(
        "/2018-06-01/runtime/init/error",
        content=b'{"errorType":"Runtime.X"}',
        headers={"lambda-runtime-function-error-type": "Runtime.X"},
    )
    assert answer.status_code == 202
    assert service.api.init_error == FunctionError("Runtime.X", b'{"errorType":"Runtime.X"}')
    assert not service.api.started.is_set()


async def test_a_poll_that_is_given_up_takes_no_event_with_it(service: Service) -> None:
    """A runtime that reconnects must get the event that came after its first poll had gone."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % _NEXT.encode())
    await asyncio.wait_for(service.api.ready(), 30)
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
    _, answer = await service.given()
    assert answer.content == b'{"a":1}'
    ready = asyncio.create_task(service.api.ready())
    await asyncio.sleep(0)
    assert not ready.done()
    ready.cancel()


async def test_ready_when_the_runtime_and_every_extension_wait(service: Service) -> None:
    registered = await service.client.post(
        _REGISTER, json={"events": ["INVOKE"]}, headers={"Lambda-Extension-Name": "one"}
    )
    assert registered.json() == _FUNCTION
    identity = {"Lambda-Extension-Identifier": registered.headers["lambda-extension-identifier"]}
    polling = asyncio.create_task(service.client.get(_NEXT))
    await asyncio.wait_for(service.api.started.wait(), 30)
    ready = asyncio.create_task(service.api.ready())
    await asyncio.sleep(0)
    assert not ready.done()

    extension = asyncio.create_task(service.client.get(_EVENT_NEXT, headers=identity))
    await asyncio.wait_for(ready, 30)
    invocation = Invocation(payload=b"{}", timeout=3, arn="arn:f", trace_id="Root=1-2-3")
    service.api.offer(invocation)
    await polling
    told = (await extension).json()
    assert told == {
        "eventType": "INVOKE",
        "deadlineMs": invocation.deadline_ms,
        "requestId": invocation.request_id,
        "invokedFunctionArn": "arn:f",
        "tracing": {"type": "X-Amzn-Trace-Id", "value": "Root=1-2-3"},
    }


@pytest.mark.parametrize(
    ("headers", "body", "error_type"),
    [
        ({}, b'{"events":[]}', "Extension.InvalidExtensionName"),
        ({"Lambda-Extension-Name": "x"}, b"{", "InvalidRequestFormat"),
        ({"Lambda-Extension-Name": "x"}, b"[]", "InvalidRequestFormat"),
        ({"Lambda-Extension-Name": "x"}, b'{"events":["SHUTDOWN"]}', "Extension.InvalidEventType"),
        ({"Lambda-Extension-Name": "taken"}, b"{}", "Extension.InvalidExtensionState"),
    ],
)
async def test_a_registration_that_is_refused(
    service: Service, headers: dict[str, str], body: bytes, error_type: str
) -> None:
    taken = {"Lambda-Extension-Name": "taken"}
    assert (await service.client.post(_REGISTER, content=b"{}", headers=taken)).status_code == 200
    answer = await service.client.post(_REGISTER, content=body, headers=headers)
    assert (answer.status_code, answer.json()["errorType"]) == (403, error_type)


async def test_registration_closes_with_the_first_next(service: Service) -> None:
    await service.given()
    answer = await service.client.post(_REGISTER, content=b"{}", headers={"Lambda-Extension-Name": "late"})
    assert answer.json()["errorType"] == "Extension.RegistrationClosed"


async def test_an_unknown_extension_is_refused(service: Service) -> None:
    nameless = await service.client.get(_EVENT_NEXT)
    unknown = await service.client.get(_EVENT_NEXT, headers={"Lambda-Extension-Identifier": "1"})
    assert nameless.json()["errorType"] == "Extension.MissingExtensionIdentifier"
    assert unknown.json()["errorType"] == "Extension.UnknownExtensionIdentifier"
