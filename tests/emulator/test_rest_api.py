"""Clients before a REST API in STREAM mode, a real process behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from emulator.prelude import Prelude
from emulator.rest_api import MAX_BODY, merged

if TYPE_CHECKING:
    from tests.emulator.conftest import Control, Emulator, StartEmulator


async def test_the_first_chunk_is_readable_while_the_function_is_blocked(
    emulator: Emulator, control: Control
) -> None:
    async with emulator.client.stream("GET", f"{emulator.rest_url}/gated") as response:
        chunks = response.aiter_raw()
        assert await anext(chunks) == b"first "
        await (await control.arrival()).release()
        assert b"".join([chunk async for chunk in chunks]) == b"second"
    assert response.status_code == 201
    assert response.headers["x-a"] == "b"
    assert response.headers.get_list("set-cookie") == ["c=1; Path=/", "d=2"]


async def test_the_event_of_a_request(emulator: Emulator) -> None:
    response = await emulator.client.put(
        f"{emulator.rest_url}/echo/a%20b/%C3%A9?x=1&x=2&y=%20",
        content=b'{"q":"\xc3\xa9"}',
        headers=[
            ("Content-Type", "application/json"),
            ("X-Many", "1"),
            ("X-Many", "2"),
            ("x-forwarded-for", "1.2.3.4"),
        ],
    )
    event = response.json()
    context = event.pop("requestContext")
    headers, lists = event.pop("headers"), event.pop("multiValueHeaders")
    assert event == {
        "resource": "/{proxy+}",
        "path": "/echo/a%20b/%C3%A9",
        "httpMethod": "PUT",
        "queryStringParameters": {"x": "2", "y": " "},
        "multiValueQueryStringParameters": {"x": ["1", "2"], "y": [" "]},
        "pathParameters": {"proxy": "echo/a b/é"},
        "stageVariables": None,
        "body": '{"q":"é"}',
        "isBase64Encoded": False,
    }
    host = emulator.rest_url.removeprefix("http://").removesuffix("/prod")
    assert (headers["X-Many"], lists["X-Many"]) == ("2", ["1", "2"])
    assert (headers["Host"], headers["Content-Type"]) == (host, "application/json")
    assert (headers["X-Forwarded-For"], headers["X-Forwarded-Port"]) == ("127.0.0.1", host.split(":")[1])
    assert headers["X-Amzn-Trace-Id"].startswith("Root=1-")
    assert not {name.lower() for name in headers} & {"connection", "x-emulator-fault"}
    assert "x-forwarded-for" not in headers
    assert {name: values[-1] for name, values in lists.items()} == headers
    identity = context.pop("identity")
    assert (identity["sourceIp"], identity["userAgent"]) == ("127.0.0.1", headers["User-Agent"])
    assert identity["cognitoIdentityId"] is None
    assert (context["stage"], context["path"]) == ("prod", "/prod/echo/a%20b/%C3%A9")
    assert (context["httpMethod"], context["resourcePath"]) == ("PUT", "/{proxy+}")
    assert context["requestTimeEpoch"] > 0


async def test_what_is_empty_is_null(emulator: Emulator) -> None:
    for path in ("", "/"):
        event = (await emulator.client.get(emulator.rest_url + path)).json()
        assert (event["resource"], event["path"], event["pathParameters"]) == ("/", "/", None)
        assert event["queryStringParameters"] is event["multiValueQueryStringParameters"] is None
        assert (event["body"], event["isBase64Encoded"]) == (None, False)


async def test_a_binary_type_is_base64(start_emulator: StartEmulator) -> None:
    async with start_emulator(rest={"binary_types": ("image/*",), "stage": "dev"}) as emulator:
        response = await emulator.client.post(
            f"{emulator.rest_url}/echo", content=b"\0\xff", headers={"content-type": "image/png"}
        )
        event = response.json()
        assert (event["body"], event["isBase64Encoded"]) == ("AP8=", True)
        assert event["requestContext"]["stage"] == "dev"


async def test_options_is_the_function_s(start_emulator: StartEmulator) -> None:
    """A REST API answers no preflight by settings of the function."""
    async with start_emulator() as emulator:
        response = await emulator.client.options(
            f"{emulator.rest_url}/echo", headers={"origin": "https://a.example"}
        )
        assert response.json()["httpMethod"] == "OPTIONS"


@pytest.mark.parametrize("path", ["", "/", "/other/a", "/prodx"])
async def test_a_path_in_no_stage_is_403(emulator: Emulator, path: str) -> None:
    response = await emulator.client.get(emulator.rest_url.removesuffix("/prod") + path)
    assert (response.status_code, response.json()) == (403, {"message": "Forbidden"})
    assert response.headers["x-amzn-errortype"] == "ForbiddenException"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("error", "failed before it answered: Function.Odd"),
        ("exit", "failed before it answered: Runtime.ExitError"),
        ("buffered", "as one that does not stream always does"),
        ("raw", "as one that does not stream always does"),
        ("bad-prelude", "statusCode is 'fine'"),
        ("no-prelude", "Malformed Lambda proxy response"),
        ("long-prelude", "within its first 16 KB"),
    ],
)
async def test_what_is_no_streamed_answer_is_502_and_the_log_says_why(
    emulator: Emulator, path: str, says: str
) -> None:
    response = await emulator.client.get(f"{emulator.rest_url}/{path}")
    assert (response.status_code, response.json()) == (502, {"message": "Internal server error"})
    assert response.headers["x-amzn-errortype"] == "InternalServerErrorException"
    assert emulator.lines.having(says)


@pytest.mark.parametrize("path", ["trailers", "exit-midstream"])
async def test_a_failure_behind_the_head_breaks_the_response_off(emulator: Emulator, path: str) -> None:
    async with emulator.client.stream("GET", f"{emulator.rest_url}/{path}") as response:
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            await response.aread()


async def test_a_throttled_function_is_500(start_emulator: StartEmulator, control: Control) -> None:
    async with start_emulator(concurrency=1) as emulator:
        async with emulator.client.stream("GET", f"{emulator.rest_url}/gated") as response:
            line = await control.arrival()
            busy = await emulator.client.get(f"{emulator.rest_url}/echo")
            assert (busy.status_code, busy.json()) == (500, {"message": "Internal server error"})
            await line.release()
            await response.aread()
        assert emulator.lines.having("Rate Exceeded")


async def test_a_silence_before_the_head_is_504(start_emulator: StartEmulator) -> None:
    async with start_emulator(rest={"idle": 0.05}) as emulator:
        response = await emulator.client.get(f"{emulator.rest_url}/hang")
        assert (response.status_code, response.json()) == (504, {"message": "Endpoint request timed out"})


async def test_a_silent_stream_is_broken_off(start_emulator: StartEmulator, control: Control) -> None:
    """The function is not told; it runs to its end."""
    async with start_emulator(rest={"idle": 1.0}) as emulator:
        # Its process is started by now, so that only the handler's own silence counts.
        await emulator.invoke({"do": "raw"})
        async with emulator.client.stream("GET", f"{emulator.rest_url}/gated") as response:
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
                await response.aread()
        assert emulator.lines.having("was silent for 1 seconds")
        await (await control.arrival()).release()
        await emulator.lines.wait_for("REPORT", 2)


async def test_large_bodies_are_413(emulator: Emulator) -> None:
    """10 MB are the gateway's own bound, 6 MB that of what it makes of a request for Lambda."""
    plain = await emulator.client.post(f"{emulator.rest_url}/echo", content=b"x" * (MAX_BODY + 1))
    assert (plain.status_code, plain.text) == (413, "HTTP content length exceeded 10485760 bytes.")
    event = await emulator.client.post(f"{emulator.rest_url}/echo", content=b"x" * MAX_BODY)
    assert (event.status_code, event.json()) == (413, {"message": "Request Too Long"})
    assert not emulator.lines.having("START")


async def test_headers_of_both_kinds_are_sent(emulator: Emulator) -> None:
    response = await emulator.client.get(f"{emulator.rest_url}/headers")
    assert response.headers.get_list("x-a") == ["3", "1", "2"]
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-amzn-remapped-www-authenticate"] == "Basic"
    assert response.headers["x-amzn-trace-id"].startswith("Root=1-")
    assert response.headers["x-amzn-requestid"]


def test_a_pair_of_both_kinds_counts_once() -> None:
    prelude = Prelude(headers={"X-A": "1", "b": "2"}, multi_value_headers={"x-a": ["1", "3"], "c": []})
    assert merged(prelude) == [("b", "2"), ("x-a", "1"), ("x-a", "3")]


async def test_a_fault_at_wish(emulator: Emulator) -> None:
    headers = {"x-emulator-fault": "kill@1"}
    async with emulator.client.stream("GET", f"{emulator.rest_url}/split", headers=headers) as response:
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            await response.aread()
    wrong = await emulator.client.get(f"{emulator.rest_url}/split", headers={"x-emulator-fault": "fire"})
    assert wrong.status_code == 400
    assert "'fire' is no fault" in wrong.json()["Message"]


async def test_head_has_no_body(emulator: Emulator) -> None:
    response = await emulator.client.head(f"{emulator.rest_url}/split")
    assert (response.status_code, response.content) == (201, b"")


async def test_large_answers_pass_whole(emulator: Emulator) -> None:
    response = await emulator.client.get(f"{emulator.rest_url}/large")
    assert len(response.content) == 200 * 65536 + len(b"first second")
