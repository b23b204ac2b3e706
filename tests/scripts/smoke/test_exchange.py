"""Answers over real sockets: what is read of them, and when."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING

from scripts.smoke.exchange import End, options, post
from scripts.smoke.target import read_target
from tests.fakes.canned_server import CannedServer, response

if TYPE_CHECKING:
    import pytest


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


async def test_no_proxy_leads_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with CannedServer(response("200 OK", b"x")) as server:
        assert (await post(read_target(server.url), {}, b"{}", PATIENCE)).body == b"x"
