"""What is said where not even a status comes back, by real sockets wherever one can be made to fail so."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import httpx
import pytest

from scripts.smoke.exchange import NoAnswerError, post
from scripts.smoke.target import read_target
from scripts.smoke.unreachable import reason
from tests.fakes.canned_server import CannedServer, response
from tests.fakes.certificates import make_certificate
from tests.fakes.proxy import FakeProxy

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 30.0


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
