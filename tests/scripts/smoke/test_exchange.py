"""Answers over real sockets: what is read of them, when, and what is said where none comes."""

from __future__ import annotations

import asyncio
import json
import socket
import zlib
from typing import TYPE_CHECKING

import httpx
import pytest
from botocore.auth import SigV4Auth  # type: ignore[import-untyped]  # botocore has no types
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]  # botocore has no types
from botocore.credentials import Credentials  # type: ignore[import-untyped]  # botocore has no types

from scripts.smoke.exchange import End, NoAnswerError, options, post
from scripts.smoke.signature import SignatureError, sign
from scripts.smoke.target import Kind, Target, read_target
from scripts.smoke.unreachable import reason
from tests.fakes.canned_server import CannedServer, response
from tests.fakes.certificates import make_certificate
from tests.fakes.proxy import FakeProxy

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 30.0
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def test_each_read_has_its_time() -> None:
    async with CannedServer(CHUNKED + b"\r\n", chunk(b"a"), None, chunk(b"b"), b"0\r\n\r\n") as server:
        asking = asyncio.create_task(post(read_target(server.url), {}, b"{}", PATIENCE))
        await server.waiting.wait()
        server.release.set()
        answer = await asking
    assert [data for _, data in answer.reads] == [b"a", b"b"]
    times = [0.0, answer.connected or 0.0, answer.head, *(at for at, _ in answer.reads), answer.ended]
    assert times == sorted(times)
    assert answer.end is End.COMPLETE


async def test_headers_keep_their_number() -> None:
    page = response("200 OK", b"x", "X-A: 1", "x-a: 2", "Set-Cookie: c")
    async with CannedServer(page) as server:
        answer = await post(read_target(server.url), {"X-B": "3"}, b"{}", PATIENCE)
    assert answer.values("x-a") == ["1", "2"]
    assert answer.header("x-a") == "1, 2"
    assert answer.header("x-c") is None
    (head,) = server.heads
    assert head.startswith("POST / HTTP/1.1\r\n")
    assert "accept-encoding: gzip\r\n" in head.lower()
    assert "x-b: 3\r\n" in head.lower()


async def test_gzip_is_read_as_it_comes() -> None:
    compressor = zlib.compressobj(wbits=31)
    first = compressor.compress(b"one ") + compressor.flush(zlib.Z_SYNC_FLUSH)
    second = compressor.compress(b"two") + compressor.flush()
    async with CannedServer(
        CHUNKED + b"Content-Encoding: gzip\r\n\r\n", chunk(first), chunk(second), b"0\r\n\r\n"
    ) as server:
        answer = await post(read_target(server.url), {}, b"{}", PATIENCE)
    assert (answer.body, answer.end) == (b"one two", End.COMPLETE)


async def test_what_is_no_gzip_is_a_broken_answer() -> None:
    page = response("200 OK", b"plain", "Content-Encoding: gzip")
    async with CannedServer(page) as server:
        answer = await post(read_target(server.url), {}, b"{}", PATIENCE)
    assert answer.end is End.BROKEN


async def test_a_connection_that_breaks_off() -> None:
    async with CannedServer(CHUNKED + b"\r\n", chunk(b"a")) as server:
        answer = await post(read_target(server.url), {}, b"{}", PATIENCE)
    assert (answer.body, answer.end) == (b"a", End.BROKEN)


async def test_time_runs_out_in_the_middle() -> None:
    async with CannedServer(CHUNKED + b"\r\n", chunk(b"a"), hang=True) as server:
        answer = await post(read_target(server.url), {}, b"{}", 0.5)
    assert (answer.body, answer.end) == (b"a", End.TIMED_OUT)


async def test_a_preflight_is_an_options_request_without_a_body() -> None:
    async with CannedServer(preflight=response("204 No Content", b"", length=False)) as server:
        answer = await options(read_target(server.url), {"Origin": "https://a.example"}, PATIENCE)
        (head,) = server.heads
    assert answer.status == 204
    assert head.startswith("OPTIONS / HTTP/1.1\r\n")
    assert "content-length" not in head.lower()


async def refused(url: str, patience: float = PATIENCE) -> str:
    with pytest.raises(NoAnswerError) as error:
        await post(read_target(url), {}, b"{}", patience)
    return str(error.value)


async def test_nothing_is_sent_back() -> None:
    async with CannedServer(hang=True) as server:
        assert "took the request and sent nothing for 0.5 s, not even a status" in await refused(
            server.url, 0.5
        )


async def test_the_connection_is_closed_without_an_answer() -> None:
    async with CannedServer() as server:
        assert "closed the connection before it answered. Is it https://" in await refused(server.url)


async def test_nothing_listens() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        said = await refused(f"http://127.0.0.1:{bound.getsockname()[1]}/")
    assert said.startswith("Nothing listens at http://127.0.0.1:")
    assert ".venv/bin/python -m emulator" in said


async def test_a_certificate_that_is_not_trusted(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path, "localhost")
    async with CannedServer(response("200 OK", b""), tls=certificate.server_context()) as server:
        said = await refused(f"https://localhost:{server.port}/")
    assert said.startswith("The certificate of localhost is not trusted: self")
    assert "SSL_CERT_FILE" in said


async def test_tls_is_not_spoken_there() -> None:
    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with server:
        said = await refused(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert "Is it http:// rather than https://?" in said


def test_a_name_that_is_not_known() -> None:
    with pytest.raises(socket.gaierror) as unknown:
        socket.getaddrinfo("127.0.0.1", "no such service")
    said = reason(read_target("https://no-such.example/"), _caused(unknown.value), connected=False)
    assert said == (
        "There is no host no-such.example, or its name cannot be resolved here. Check ENDPOINT for a slip, and DNS."
    )


def test_another_host_refuses() -> None:
    group = OSError("All connection attempts failed")
    group.__cause__ = ExceptionGroup("attempts", [ConnectionRefusedError(111, "refused")])
    said = reason(read_target("https://chat.example/"), _caused(group), connected=False)
    assert said.endswith("the connection was refused. Check the address and its port.")


def test_what_else_may_be() -> None:
    said = reason(read_target("https://chat.example/"), _caused(OSError(101, "unreachable")), connected=False)
    assert said == "https://chat.example/ could not be reached: failed."


def _caused(cause: BaseException) -> httpx.ConnectError:
    error = httpx.ConnectError("failed")
    error.__cause__ = cause
    return error


async def test_a_proxy_of_the_environment_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeProxy(0, answer=b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        said = await refused("https://chat.example/")
    assert said.startswith(
        "The proxy of this environment (HTTPS_PROXY, ALL_PROXY) did not lead to chat.example: 407"
    )


async def test_no_proxy_leads_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with CannedServer(response("200 OK", b"x")) as server:
        assert (await post(read_target(server.url), {}, b"{}", PATIENCE)).body == b"x"


KEY, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "a-token"


@pytest.fixture
def _logged_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)


@pytest.mark.usefixtures("_logged_in")
async def test_what_is_signed_is_what_is_sent() -> None:
    """AWS computes the signature of what arrives: so does this test, by botocore, from the bytes on the wire."""
    body = json.dumps({"messages": ["é"]}).encode()
    async with CannedServer(response("200 OK", b"x")) as server:
        target = Target(f"{server.url}chat/a%20b?x=1", Kind.FUNCTION_URL, "lambda", "eu-west-1")
        headers, private = sign(
            target, {"Content-Type": "application/json", "Origin": "https://a.example"}, body
        )
        await post(target, headers, body, PATIENCE)
        (head,) = server.heads
    sent = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
    sent = {name.lower(): value for name, value in sent.items()}
    signed = sent["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    again = AWSRequest(
        "POST",
        f"http://{sent['host']}{head.split(' ')[1]}",
        {name: sent[name] for name in signed if name not in ("host", "x-amz-date", "x-amz-security-token")},
        body,
    )
    again.context["timestamp"] = sent["x-amz-date"]
    auth = SigV4Auth(Credentials(KEY, SECRET, TOKEN), "lambda", "eu-west-1")
    again.headers["X-Amz-Date"] = sent["x-amz-date"]
    again.headers["X-Amz-Security-Token"] = sent["x-amz-security-token"]
    canonical = auth.canonical_request(again)
    assert sent["authorization"].endswith(auth.signature(auth.string_to_sign(again, canonical), again))
    assert {"content-type", "host", "x-amz-date", "x-amz-security-token"} <= set(signed)
    assert private == (KEY, SECRET, TOKEN, sent["authorization"].rpartition("=")[2])


@pytest.mark.usefixtures("_logged_in")
def test_a_signature_needs_a_region(monkeypatch: pytest.MonkeyPatch) -> None:
    target = read_target("https://chat.example.com/")
    with pytest.raises(SignatureError, match=r"chat\.example\.com does not tell which\. Say it: AWS_REGION="):
        sign(target, {}, b"")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    headers, _ = sign(target, {}, b"")
    assert "/eu-north-1/lambda/aws4_request" in headers["Authorization"]


@pytest.mark.usefixtures("_logged_in")
def test_an_api_gateway_is_signed_for_by_its_own_name() -> None:
    headers, _ = sign(read_target("https://a1.execute-api.us-east-1.amazonaws.com/prod"), {}, b"")
    assert "/us-east-1/execute-api/aws4_request" in headers["Authorization"]


@pytest.mark.usefixtures("_logged_in")
def test_there_are_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    target = read_target("https://abc.lambda-url.eu-west-1.on.aws/")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(SignatureError, match=r"The AWS credentials cannot be had: .*nobody"):
        sign(target, {}, b"")
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    with pytest.raises(SignatureError, match="needs AWS credentials, and there are none"):
        sign(target, {}, b"")
