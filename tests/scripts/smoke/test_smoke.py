"""`make smoke` as a whole: the real command against the real function, and against what may stand in its way."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.middleware.cors import CORSMiddleware

from emulator.serving import serving
from emulator.stand_in_model import stand_in_model
from scripts.check_function import Check, invoke
from scripts.free_ports import free_ports
from tests.fakes.canned_server import CannedServer, response
from tests.fakes.holding_proxy import HoldingProxy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from tests.scripts.smoke.conftest import Smoke, StartFunction

ROOT = Path(__file__).parents[3]
DELAY_SECONDS = 0.02
PAGE = "https://chat.example.com"
INVOCATION = "2015-03-31/functions/function/invocations"
CHUNKED = b"HTTP/1.1 200 OK\r\nX-Vercel-AI-Data-Stream: v1\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def test_the_function_streams(smoke: Smoke, start_function: StartFunction) -> None:
    async with start_function() as url:
        done = await smoke(ENDPOINT=url)
    assert (done.code, done.err) == (0, "")
    assert "Status      200 OK, HTTP/1.1" in done.out
    assert "x-vercel-ai-data-stream: v1" in done.out
    assert "the model counts" in done.out
    assert "Gaps        median " in done.out
    assert "  ok    It streams: " in done.out


async def test_a_direct_invocation_streams_from_our_emulator(
    smoke: Smoke, start_function: StartFunction
) -> None:
    async with start_function() as url:
        done = await smoke(LAMBDA_ENDPOINT=url + INVOCATION)
    assert (done.code, done.err) == (0, "")


async def test_a_proxy_that_buffers_is_found_out(smoke: Smoke, start_function: StartFunction) -> None:
    async with start_function() as url, serving(HoldingProxy(url)) as port:
        done = await smoke(ENDPOINT=f"http://127.0.0.1:{port}/")
    assert done.code == 1
    assert "It does not stream: all " in done.err
    assert "the answer came through 1.1 holding" in done.err


async def test_a_buffer_that_is_handed_on_when_full_is_found_out(
    smoke: Smoke, start_function: StartFunction
) -> None:
    async with start_function() as url, serving(HoldingProxy(url, buffer=200)) as port:
        done = await smoke(ENDPOINT=f"http://127.0.0.1:{port}/")
    assert done.code == 1
    assert "It streams in lumps: " in done.err


async def test_a_compressor_is_found_out_and_read(smoke: Smoke, start_function: StartFunction) -> None:
    """It is asked for as a browser asks, with gzip welcome."""
    async with start_function() as url, serving(HoldingProxy(url, buffer=1, gzip=True)) as port:
        done = await smoke(ENDPOINT=f"http://127.0.0.1:{port}/")
    assert done.code == 1
    assert "something on the way compresses (gzip)" in done.err
    assert "finish reason stop" in done.out


@contextlib.asynccontextmanager
async def runtime_interface_emulator(model: str) -> AsyncIterator[str]:
    """AWS's own emulator with the streaming function behind it; yields the address of its invocations."""
    fetched = await asyncio.create_subprocess_exec(
        "/bin/bash", "scripts/fetch_rie.sh", platform.machine(), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await fetched.communicate()
    port, api_port = free_ports(2)
    address = f"127.0.0.1:{port}"
    function = (sys.executable, "-m", "lambda_runtime", "chat.app.streaming_handler")
    own = ("--runtime-interface-emulator-address", address, "--runtime-api-address", f"127.0.0.1:{api_port}")
    process = await asyncio.create_subprocess_exec(
        out.decode().strip(),
        *own,
        *function,
        cwd=ROOT / "lambda",
        env=os.environ | {"PYTHONPATH": "", "OPENAI_API_KEY": "any", "OPENAI_BASE_URL": model},
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        answers = Check("it answers", {"action": "no-such-action", "payload": {}}, str)
        await asyncio.to_thread(invoke, address, answers, patience=30)
        yield f"http://{address}/{INVOCATION}"
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="AWS's emulator runs on Linux alone")
async def test_the_runtime_interface_emulator_cannot_show_a_stream(smoke: Smoke) -> None:
    async with (
        serving(stand_in_model(DELAY_SECONDS)) as model,
        runtime_interface_emulator(f"http://127.0.0.1:{model}/v1") as url,
    ):
        done = await smoke(ENDPOINT=url)
    assert done.code == 1
    assert "It does not stream: all " in done.err
    assert "AWS's own emulator (RIE) hands answers on whole" in done.err


class WithCors:
    """Answers preflights and adds headers as a Function URL with CORS settings does; `repeat` sends them twice."""

    def __init__(self, app: ASGIApp, origin: str, *headers: str, repeat: bool = False) -> None:
        self._app = CORSMiddleware(
            app, allow_origins=[origin], allow_methods=["POST"], allow_headers=headers, max_age=86400
        )
        self._repeat = repeat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def forward(message: Message) -> None:
            if self._repeat and message["type"] == "http.response.start":
                again = [pair for pair in message["headers"] if pair[0] == b"access-control-allow-origin"]
                message["headers"] = [*message["headers"], *again]
            await send(message)

        await self._app(scope, receive, forward)


@pytest.mark.parametrize("origin", [PAGE, "*"])
async def test_a_page_of_the_origin_may_read(
    smoke: Smoke, start_function: StartFunction, origin: str
) -> None:
    async with (
        start_function() as url,
        serving(WithCors(HoldingProxy(url, buffer=1), origin, "content-type")) as port,
    ):
        done = await smoke(ENDPOINT=f"http://127.0.0.1:{port}/", ORIGIN=PAGE)
    assert (done.code, done.err) == (0, "")
    assert f"Preflight   OPTIONS for {PAGE}: 200 OK" in done.out
    assert "access-control-max-age: 86400" in done.out


@pytest.mark.parametrize(
    ("settings", "complaints"),
    [
        (
            {"origin": "https://other.example"},
            (
                "The preflight (OPTIONS) was answered with 400, and browsers want 200 to 299.",
                f"The answer has no Access-Control-Allow-Origin: {PAGE} is not allowed. Start it anew",
                f"CORS_ORIGIN={PAGE} make dev",
            ),
        ),
        (
            {"origin": PAGE, "repeat": True},
            (
                "The preflight's answer has Access-Control-Allow-Origin 2 times, which browsers refuse.",
                "The answer has Access-Control-Allow-Origin 2 times, which browsers refuse.",
            ),
        ),
    ],
)
async def test_a_page_that_may_not_read_fails_a_stream_that_is_good(
    smoke: Smoke, start_function: StartFunction, settings: dict[str, Any], complaints: tuple[str, ...]
) -> None:
    origin = settings.pop("origin")
    async with (
        start_function() as url,
        serving(WithCors(HoldingProxy(url, buffer=1), origin, "content-type", **settings)) as port,
    ):
        done = await smoke(ENDPOINT=f"http://127.0.0.1:{port}/", ORIGIN=PAGE)
    assert done.code == 1
    assert "  ok    It streams" in done.out
    assert [complaint for complaint in complaints if complaint not in done.err] == []


async def test_no_key(smoke: Smoke, start_function: StartFunction) -> None:
    async with start_function(OPENAI_API_KEY="") as url:
        done = await smoke(ENDPOINT=url)
    assert done.code == 1
    assert "has no key for its model (OpenAI API key not configured)" in done.err
    assert "pulumi config set --secret openaiApiKey" in done.err


async def test_a_function_that_crashes_at_its_start(smoke: Smoke, start_function: StartFunction) -> None:
    async with start_function(CHAT_MAX_MESSAGES="many") as url:
        done = await smoke(ENDPOINT=url)
    assert done.code == 1
    assert "The function failed before its first byte (502: Internal Server Error)" in done.err


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("/cut", "The stream ended with an error part: The model's answer broke off."),
        ("/error-401", "The function refused the question (502): The model provider refused"),
        ("hi", "It streams"),
    ],
)
async def test_what_the_model_does(
    smoke: Smoke, start_function: StartFunction, message: str, sentence: str
) -> None:
    async with start_function() as url:
        done = await smoke(ENDPOINT=url, MESSAGE=message)
    assert sentence in done.out + done.err
    assert done.code == (sentence != "It streams")


async def test_an_answer_too_short_to_tell(smoke: Smoke, start_function: StartFunction) -> None:
    async with start_function(CHAT_MAX_OUTPUT_TOKENS="3") as url:
        done = await smoke(ENDPOINT=url)
    assert done.code == 1
    assert "Whether it streams cannot be told: 3 lines of text within " in done.err
    assert "MESSAGE=" in done.err


async def test_the_buffered_function(smoke: Smoke, start_function: StartFunction) -> None:
    async with start_function("chat.app.handler") as url:
        done = await smoke(ENDPOINT=url, HANDLER="chat.app.handler")
        wrong = await smoke(ENDPOINT=url)
    assert (done.code, done.err) == (0, "")
    assert "The buffered function answered, whole: " in done.out
    assert wrong.code == 1
    assert "This is the buffered function, which does not stream." in wrong.err


async def test_the_streaming_function_is_not_the_buffered_one(
    smoke: Smoke, start_function: StartFunction
) -> None:
    async with start_function() as url:
        done = await smoke(ENDPOINT=url, HANDLER="chat.app.handler")
    assert done.code == 1
    assert "chat-v2" in done.err


async def test_a_stream_that_never_ends(smoke: Smoke) -> None:
    async with CannedServer(CHUNKED, chunk(b'f:{"messageId":"m"}\n0:"a"\n'), hang=True) as server:
        done = await smoke(ENDPOINT=server.url, TIMEOUT="1")
    assert done.code == 1
    assert "After 1 s the answer had not ended, with 1 lines of text so far." in done.err


async def test_silence(smoke: Smoke) -> None:
    async with CannedServer(hang=True) as server:
        done = await smoke(ENDPOINT=server.url, TIMEOUT="1")
    assert done.code == 1
    assert "127.0.0.1 took the request and sent nothing for 1 s, not even a status." in done.err


async def test_a_stream_that_breaks_off(smoke: Smoke) -> None:
    async with CannedServer(CHUNKED, chunk(b'0:"a"\n0:"b"\n')) as server:
        done = await smoke(ENDPOINT=server.url)
    assert done.code == 1
    assert "The connection broke off after 2 lines of text" in done.err


async def test_a_stream_without_its_last_part(smoke: Smoke) -> None:
    async with CannedServer(CHUNKED, chunk(b'0:"a"\n'), b"0\r\n\r\n") as server:
        done = await smoke(ENDPOINT=server.url)
    assert done.code == 1
    assert "The stream ended after 1 lines of text without its last part (d:)" in done.err


async def test_what_a_server_says_cannot_drive_the_terminal(smoke: Smoke) -> None:
    page = response("403 Forbidden", b'{"Message":"\x1b[2JForbidden"}', "Server: a\x1b[2Jb")
    async with CannedServer(page) as server:
        done = await smoke(ENDPOINT=server.url)
    assert done.code == 1
    assert "\x1b" not in done.out + done.err
    assert "refuses this caller (403)" in done.err


CREDENTIALS = {
    "AUTH": "AWS_IAM",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLEEXAMPLE00",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "a-session-token-of-no-account",
    "AWS_REGION": "eu-west-1",
}
SECRET = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


async def test_nothing_of_a_key_is_printed_though_the_server_echoes_it(smoke: Smoke) -> None:
    """AWS's words about a wrong signature go on with the canonical request, the session token in it."""
    words = (
        "The request signature we calculated does not match the signature you provided: AKIDEXAMPLEEXAMPLE00 "
        "a-session-token-of-no-account.\n\nThe Canonical String for this request should have been ..."
    )
    refusal = response("403 Forbidden", json.dumps({"message": words}).encode())
    async with CannedServer(refusal) as server:
        done = await smoke(ENDPOINT=server.url, **CREDENTIALS)
        (head,) = server.heads
    assert "Credential=AKIDEXAMPLEEXAMPLE00/" in head
    assert "/eu-west-1/lambda/aws4_request" in head
    assert done.code == 1
    assert "The signature is not taken (403)." in done.err
    shown = done.out + done.err
    assert not [name for name in SECRET if CREDENTIALS[name] in shown]
    assert "Canonical" not in shown


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({}, "ENDPOINT is missing. After make deploy: make smoke ENDPOINT="),
        ({"ENDPOINT": "abc.lambda-url.eu-west-1.on.aws"}, "begins with https:// or http://"),
        (
            {"ENDPOINT": "http://127.0.0.1:1/", "ORIGIN": "https://a.example/"},
            "a browser would send https://a.example.",
        ),
        (
            {"ENDPOINT": "http://127.0.0.1:1/", "AUTH": "aws_iam"},
            "AUTH is 'aws_iam'; it must be NONE or AWS_IAM",
        ),
        (
            {"ENDPOINT": "http://127.0.0.1:1/", "HANDLER": "app.handler"},
            "HANDLER is 'app.handler'; it must be",
        ),
        (
            {"ENDPOINT": "http://127.0.0.1:1/", "TIMEOUT": "nan"},
            "TIMEOUT is 'nan'; it must be a number of seconds",
        ),
        ({"ENDPOINT": "http://127.0.0.1:1/", "TIMEOUT": "2 min"}, "TIMEOUT is '2 min'; it must be"),
        (
            {"ENDPOINT": "http://127.0.0.1:1/"},
            "Nothing listens at http://127.0.0.1:1/: the connection was refused.",
        ),
    ],
)
async def test_settings_that_cannot_be(smoke: Smoke, variables: dict[str, str], complaint: str) -> None:
    done = await smoke(**variables)
    assert done.code != 0
    assert complaint in done.err
    assert "Traceback" not in done.err
