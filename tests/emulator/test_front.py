"""Clients in front, a real process behind: what a Function URL and a direct invoke answer."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.emulator.conftest import PATIENCE

if TYPE_CHECKING:
    from tests.emulator.conftest import Control, Emulator, StartEmulator


async def test_the_first_chunk_is_readable_while_the_function_is_blocked(
    emulator: Emulator, control: Control
) -> None:
    """Streaming really streams: the function waits for the test, which has read its first chunk by then."""
    async with emulator.client.stream("GET", f"{emulator.url}/gated") as response:
        chunks = response.aiter_raw()
        assert response.status_code == 201
        assert await anext(chunks) == b"first "
        await (await control.arrival()).release()
        assert b"".join([chunk async for chunk in chunks]) == b"second"


async def test_an_unsigned_invoke_gives_each_piece_as_it_comes(emulator: Emulator, control: Control) -> None:
    """For people with curl, on the path of the runtime interface emulator."""
    path = f"{emulator.url}/2015-03-31/functions/function/invocations"
    async with emulator.client.stream("POST", path, json={"do": "gated-bare"}) as response:
        chunks = response.aiter_raw()
        assert await anext(chunks) == b"first "
        await (await control.arrival()).release()
        assert b"".join([chunk async for chunk in chunks]) == b"second"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/2015-03-31/functions/function/invocations"),
        ("POST", "/2015-03-31/functions/function"),
        ("POST", "/2021-11-15/functions/function/invocations"),
        ("POST", "/2015-03-31/functions/a/b/invocations"),
    ],
)
async def test_what_is_not_the_lambda_api_s_is_the_function_url_s(
    emulator: Emulator, method: str, path: str
) -> None:
    assert (await event_of(emulator, method, path))["rawPath"] == path


async def test_a_direct_invoke_streams_the_bare_payload(emulator: Emulator) -> None:
    response = await emulator.invoke({"do": "raw"})
    assert response.text == "first second"
    assert response.headers["content-type"] == "text/x-raw"
    assert response.headers["x-amz-executed-version"] == "$LATEST"
    assert "x-amz-function-error" not in response.headers


@pytest.mark.parametrize("path", ["split", "gated"])
async def test_the_prelude_becomes_the_head(emulator: Emulator, control: Control, path: str) -> None:
    async with emulator.client.stream("GET", f"{emulator.url}/{path}") as response:
        if path == "gated":
            await (await control.arrival()).release()
        assert await response.aread() == b"first second"
    assert response.status_code == 201
    assert response.headers["content-type"] == "text/plain"
    assert response.headers["x-a"] == "b"
    assert response.headers.get_list("set-cookie") == ["c=1; Path=/", "d=2"]
    assert response.headers["x-amzn-requestid"]


async def test_a_url_without_prelude_passes_the_payload_on(emulator: Emulator) -> None:
    response = await emulator.client.get(f"{emulator.url}/raw")
    assert (response.status_code, response.headers["content-type"]) == (200, "text/x-raw")
    assert response.text == "first second"


async def test_an_error_before_the_first_byte(emulator: Emulator) -> None:
    """The URL's client learns nothing of the reason; the direct caller reads what the function reported."""
    by_url = await emulator.client.get(f"{emulator.url}/error")
    assert (by_url.status_code, by_url.text) == (502, "Internal Server Error")
    direct = await emulator.invoke({"do": "error"})
    assert (direct.status_code, direct.headers["x-amz-function-error"]) == (200, "Unhandled")
    assert direct.json() == {"errorType": "Function.Odd", "errorMessage": "no"}


@pytest.mark.parametrize("what", ["trailers", "exit-midstream"])
async def test_a_failure_after_the_first_byte_breaks_the_response_off(
    emulator: Emulator, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    """On purpose: the server's own log has nothing to say of it."""
    for request in (
        emulator.client.build_request("GET", f"{emulator.url}/{what}"),
        emulator.client.build_request(
            "POST", f"{emulator.url}/2015-03-31/functions/function/invocations", json={"do": what}
        ),
    ):
        response = await emulator.client.send(request, stream=True)
        received: list[bytes] = []
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            await read(response, received)
        await response.aclose()
        assert b"".join(received).endswith(b"first ")
    assert not caplog.records


@pytest.mark.parametrize(
    ("path", "says"), [("bad-prelude", "statusCode is 'fine'"), ("no-prelude", "ended before its prelude")]
)
async def test_a_prelude_that_is_none_is_502_and_the_log_says_why(
    emulator: Emulator, path: str, says: str
) -> None:
    response = await emulator.client.get(f"{emulator.url}/{path}")
    assert (response.status_code, response.text) == (502, "Internal Server Error")
    assert emulator.lines.having(says)


async def test_a_response_without_payload_is_warned_of(emulator: Emulator) -> None:
    """Function URLs leave such a client waiting; here it is answered and the log says what would happen."""
    response = await emulator.client.get(f"{emulator.url}/empty")
    assert (response.status_code, response.content) == (200, b"")
    assert emulator.lines.having("has no payload")


async def test_a_buffered_answer_that_is_too_large_is_an_error(emulator: Emulator) -> None:
    direct = await emulator.invoke({"do": "too-large"})
    assert (direct.status_code, direct.headers["x-amz-function-error"]) == (200, "Unhandled")
    assert direct.json()["errorType"] == "Function.ResponseSizeTooLarge"
    by_url = await emulator.client.get(f"{emulator.url}/too-large")
    assert (by_url.status_code, by_url.text) == (502, "Internal Server Error")


async def test_a_buffered_answer_may_be_empty_for_a_direct_caller(emulator: Emulator) -> None:
    direct = await emulator.invoke({"do": "nothing"})
    assert (direct.status_code, direct.content) == (200, b"")
    assert (await emulator.client.get(f"{emulator.url}/nothing")).status_code == 502


async def test_head_and_204_have_no_body(emulator: Emulator) -> None:
    assert (await emulator.client.head(f"{emulator.url}/raw")).content == b""
    assert (await emulator.client.get(f"{emulator.url}/raw")).text == "first second"


async def test_large_answers_pass_with_backpressure(emulator: Emulator) -> None:
    size = 0
    async with emulator.client.stream("GET", f"{emulator.url}/large") as response:
        async for chunk in response.aiter_raw():
            size += len(chunk)
    assert size == 200 * 65536 + len(b"first second")


async def test_a_client_that_leaves_does_not_stop_the_function(emulator: Emulator, control: Control) -> None:
    async with emulator.client.stream("GET", f"{emulator.url}/gated") as response:
        assert await anext(response.aiter_raw()) == b"first "
    await (await control.arrival()).release()
    assert (await emulator.invoke({"do": "raw"})).text == "first second"
    assert len(await emulator.lines.wait_for("REPORT", 2)) == 2
    assert not emulator.lines.having("Error")


async def read(response: httpx.Response, into: list[bytes]) -> None:
    async for chunk in response.aiter_raw():
        into.append(chunk)  # noqa: PERF401 - what came before a failure must be kept


async def event_of(emulator: Emulator, method: str, path: str, **request: Any) -> dict[str, Any]:
    response = await emulator.client.request(method, emulator.url + path, **request)
    assert response.status_code == 200
    event: dict[str, Any] = response.json()
    return event


async def test_the_event_of_a_request(emulator: Emulator) -> None:
    event = await event_of(
        emulator,
        "PATCH",
        "/a%20b/%C3%A9?x=1&x=2&y=%20&z",
        content=b'{"q":"\xc3\xa9"}',
        headers=[
            ("Content-Type", "application/json"),
            ("X-Many", "1"),
            ("X-Many", "2"),
            ("Cookie", "a=b; c=d"),
        ],
    )
    host = emulator.url.removeprefix("http://")
    assert (event["version"], event["routeKey"]) == ("2.0", "$default")
    assert (event["rawPath"], event["rawQueryString"]) == ("/a%20b/%C3%A9", "x=1&x=2&y=%20&z")
    assert event["queryStringParameters"] == {"x": "1,2", "y": " ", "z": ""}
    assert event["cookies"] == ["a=b", "c=d"]
    assert event["headers"]["cookie"] == "a=b; c=d"
    assert event["headers"]["x-many"] == "1,2"
    assert event["headers"]["host"] == host
    assert event["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert event["headers"]["x-forwarded-port"] == host.split(":")[1]
    assert event["headers"]["x-amzn-trace-id"].startswith("Root=1-")
    assert "connection" not in event["headers"]
    assert (event["body"], event["isBase64Encoded"]) == ('{"q":"é"}', False)
    http = event["requestContext"]["http"]
    assert http == {
        "method": "PATCH",
        "path": "/a%20b/%C3%A9",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": event["headers"]["user-agent"],
    }
    assert event["requestContext"]["accountId"] == "anonymous"
    assert event["requestContext"]["domainName"] == "127.0.0.1"


async def test_what_is_empty_is_absent(emulator: Emulator) -> None:
    event = await event_of(emulator, "GET", "/")
    assert not {"body", "cookies", "queryStringParameters"} & event.keys()
    assert event["isBase64Encoded"] is False


async def test_a_chunked_body_is_one_body(emulator: Emulator) -> None:
    async def body() -> Any:
        yield b"a"
        yield b"b"

    event = await event_of(emulator, "POST", "/", content=body(), headers={"content-type": "text/plain"})
    assert (event["body"], event["headers"]["content-length"]) == ("ab", "2")
    assert "transfer-encoding" not in event["headers"]


async def test_other_bytes_are_base64(emulator: Emulator) -> None:
    event = await event_of(emulator, "POST", "/", content=b"\0\xff")
    assert (event["body"], event["isBase64Encoded"]) == (base64.b64encode(b"\0\xff").decode(), True)


async def test_an_event_of_more_than_6_mb_is_413(emulator: Emulator) -> None:
    for url in (emulator.url, f"{emulator.url}/2015-03-31/functions/function/invocations"):
        response = await emulator.client.post(url, content=b"x" * (6 * 1024 * 1024 + 1))
        assert response.status_code == 413
        assert response.headers["x-amzn-errortype"] == "RequestEntityTooLargeException"


@pytest.mark.parametrize(
    ("path", "limit"),
    [("/", 6 * 1024**2), ("/2015-03-31/functions/function/invocations", 6 * 1024**2)],
)
async def test_a_body_without_end_is_answered_once_it_is_too_long(
    emulator: Emulator, path: str, limit: int
) -> None:
    """It is never held in memory as a whole: the answer comes while the client still sends."""
    host, port = emulator.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"POST {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    sent = 0
    while sent <= limit:
        writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        await writer.drain()
        sent += 65536
    async with asyncio.timeout(PATIENCE):
        assert (await reader.readline()).startswith(b"HTTP/1.1 413")
    writer.close()
    await writer.wait_closed()


async def test_a_fault_at_wish_comes_and_the_function_does_not_see_the_wish(emulator: Emulator) -> None:
    wish = {"x-emulator-fault": "kill@1"}
    async with emulator.client.stream("GET", f"{emulator.url}/split", headers=wish) as response:
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            await response.aread()
    event = await event_of(emulator, "GET", "/echo", headers={"x-emulator-fault": "slow-reader@9"})
    assert "x-emulator-fault" not in event["headers"]


async def test_a_fault_that_is_none_is_400(emulator: Emulator) -> None:
    for response in (
        await emulator.client.get(f"{emulator.url}/raw", headers={"x-emulator-fault": "fire"}),
        await emulator.invoke({"do": "raw"}, x_emulator_fault="fire"),
    ):
        assert response.status_code == 400
        assert "'fire' is no fault; write one of timeout, kill" in response.json()["Message"]
    assert not emulator.lines.having("START")


async def test_too_many_at_once_are_429(start_emulator: StartEmulator, control: Control) -> None:
    async with start_emulator(concurrency=1) as emulator:
        async with emulator.client.stream("GET", f"{emulator.url}/gated") as stream:
            line = await control.arrival()
            busy = await emulator.client.get(f"{emulator.url}/raw")
            assert busy.status_code == 429
            assert busy.headers["x-amzn-errortype"] == "TooManyRequestsException"
            assert busy.json() == {
                "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
                "Type": "User",
                "message": "Rate Exceeded.",
            }
            await line.release()
            await stream.aread()
        assert (await emulator.client.get(f"{emulator.url}/raw")).status_code == 200


async def test_the_trace_of_a_request_is_kept(emulator: Emulator) -> None:
    """The event has what the client sent, or a root of the platform's; the answer names all of it in lower case."""
    sent = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    response = await emulator.client.get(f"{emulator.url}/echo", headers={"X-Amzn-Trace-Id": sent})
    assert response.json()["headers"]["x-amzn-trace-id"] == "Root=1-5759e988-bd862e3fe1be46a994272793"
    assert response.headers["x-amzn-trace-id"] == sent.replace("Root", "root").replace(
        "Parent", "parent"
    ).replace("Sampled", "sampled")
    new = await emulator.client.get(f"{emulator.url}/echo")
    root = new.json()["headers"]["x-amzn-trace-id"]
    assert new.headers["x-amzn-trace-id"].startswith(root.lower()[:5] + root[5:] + ";parent=")


async def test_a_direct_invoke_of_another_function_is_404(emulator: Emulator) -> None:
    response = await emulator.client.post(f"{emulator.url}/2015-03-31/functions/other/invocations", json={})
    assert (response.status_code, response.headers["x-amzn-errortype"]) == (404, "ResourceNotFoundException")


@pytest.mark.parametrize("context", ["!", "bm8=", "W10=", "/w=="])
async def test_a_client_context_that_is_none_is_400(emulator: Emulator, context: str) -> None:
    response = await emulator.invoke({}, x_amz_client_context=context)
    assert (response.status_code, response.headers["x-amzn-errortype"]) == (
        400,
        "InvalidRequestContentException",
    )


async def test_a_direct_event_must_be_json(emulator: Emulator) -> None:
    url = f"{emulator.url}/2015-03-31/functions/function/invocations"
    response = await emulator.client.post(url, content=b"{")
    assert (response.status_code, response.headers["x-amzn-errortype"]) == (
        400,
        "InvalidRequestContentException",
    )


@pytest.mark.parametrize("sent", [b"\xff\xfe", "Root=1-2-ü".encode(), b"Root=1\t2"])
async def test_a_trace_that_no_runtime_could_read_is_replaced(emulator: Emulator, sent: bytes) -> None:
    """awslambdaric ends its process over such a header, and AWS never sends one."""
    headers = {b"x-amzn-trace-id": sent}
    invoked = f"{emulator.url}/2015-03-31/functions/function/invocations"
    direct = await emulator.client.post(invoked, json={"do": "pid"}, headers=headers)
    assert direct.json()["next"]["lambda-runtime-trace-id"].startswith("Root=1-")
    assert direct.headers["x-amzn-trace-id"].startswith("Root=1-")
    for url in (f"{emulator.url}/echo", f"{emulator.rest_url}/echo"):
        event = (await emulator.client.post(url, headers=headers)).json()
        [root] = [value for name, value in event["headers"].items() if name.lower() == "x-amzn-trace-id"]
        assert root.startswith("Root=1-")
        assert root.isascii()


async def test_a_direct_invoke_s_headers_reach_the_runtime(emulator: Emulator) -> None:
    context = base64.b64encode(json.dumps({"custom": {"a": 1}}, indent=2).encode()).decode()
    response = await emulator.invoke(
        {"do": "pid"}, x_amz_client_context=context, x_amz_tenant_id="blue", x_amzn_trace_id="Root=1-2-3"
    )
    head = response.json()["next"]
    assert json.loads(head["lambda-runtime-client-context"]) == {"custom": {"a": 1}}
    assert head["lambda-runtime-aws-tenant-id"] == "blue"
    assert head["lambda-runtime-trace-id"] == "Root=1-2-3"
