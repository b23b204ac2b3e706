"""How connections come about: TLS that is always verified, and real proxies."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import pytest

from chat.http.client import HttpClient
from chat.http.connection import HttpError
from chat.http.dialing import dial, tls_context
from tests.fakes.proxy import FakeProxy
from tests.fakes.upstream import CLOSE, RESET, FakeUpstream, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakes.certificates import Certificate


async def fetch(url: str, environ: Mapping[str, str] | None = None, times: int = 1) -> bytes:
    """Post to a URL; the body of the last answer."""
    client = HttpClient(url, {}, 5.0, environ or {})
    loop = asyncio.get_running_loop()
    try:
        for _ in range(times):
            response = await client.post(b"{}", loop.time() + 10)
            try:
                body = await response.read_up_to(1000, loop.time() + 10)
                response.done()
            finally:
                response.close()
        return body
    finally:
        await client.aclose()


@pytest.mark.usefixtures("trusted")
async def test_a_trusted_certificate(tls_upstream: FakeUpstream) -> None:
    tls_upstream.enqueue(Reply([b"1"]), Reply([b"2"]))
    assert await fetch(tls_upstream.url, times=2) == b"2"
    assert tls_upstream.connections == 1


async def test_a_self_signed_certificate_is_refused(tls_upstream: FakeUpstream) -> None:
    tls_context.cache_clear()
    with pytest.raises(HttpError, match=r"certificate is not trusted: .*SSL_CERT_FILE") as caught:
        await fetch(tls_upstream.url)
    assert not caught.value.transient
    assert not tls_upstream.requests


@pytest.mark.usefixtures("trusted")
async def test_a_certificate_of_another_name_is_refused(certificate: Certificate) -> None:
    """Trusted, but for localhost and api.example; reached by its address."""
    async with FakeProxy(1, certificate.server_context()) as server:
        with pytest.raises(HttpError, match="certificate is not trusted"):
            await fetch(f"https://127.0.0.1:{server.port}/")


async def test_there_is_one_context_and_it_verifies() -> None:
    assert tls_context() is tls_context()
    assert tls_context().verify_mode is ssl.CERT_REQUIRED
    assert tls_context().check_hostname


@pytest.mark.usefixtures("trusted")
async def test_the_server_hears_its_name_and_the_protocol(certificate: Certificate) -> None:
    context = certificate.server_context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    names: list[str | None] = []
    context.sni_callback = lambda _sock, name, _context: names.append(name)
    async with FakeUpstream(context) as upstream:
        upstream.enqueue(Reply([b"ok"]))
        assert await fetch(upstream.url) == b"ok"
        assert names == ["localhost"]
        assert upstream.requests[0].alpn == "http/1.1"


async def test_nobody_listens() -> None:
    async with FakeUpstream() as gone:
        url = gone.url
    with pytest.raises(HttpError, match="no connection") as caught:
        await fetch(url)
    assert caught.value.transient


class Blunt(asyncio.Protocol):
    """A server's side that answers the first bytes, whatever they are, with its own, and closes; or says nothing."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self.gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._answer:
            self._transport.write(self._answer)
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()


async def dial_blunt(answer: bytes, timeout: float) -> None:  # noqa: ASYNC109 - it is what is tested
    side = Blunt(answer)
    server = await asyncio.get_running_loop().create_server(lambda: side, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        try:
            await dial("127.0.0.1", port, secure=True, proxy=None, timeout=timeout, on_free=lambda _: None)
        finally:
            await side.gone.wait()


async def test_a_server_that_never_shakes_hands() -> None:
    with pytest.raises(HttpError, match=r"no connection within 0\.05 s") as caught:
        await dial_blunt(b"", 0.05)
    assert caught.value.transient


async def test_https_to_a_server_that_speaks_http() -> None:
    with pytest.raises(HttpError, match="no TLS with it") as caught:
        await dial_blunt(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", 5)
    assert not caught.value.transient


@pytest.mark.parametrize(
    ("host", "message"), [("::1%nosuchif", "cannot be resolved"), ("a..b", "not a host name")]
)
async def test_a_name_that_leads_nowhere(host: str, message: str) -> None:
    with pytest.raises(HttpError, match=message) as caught:
        await dial(host, 1, secure=False, proxy=None, timeout=5, on_free=lambda _: None)
    assert not caught.value.transient


@pytest.mark.usefixtures("trusted")
async def test_a_tunnel_through_a_proxy(tls_upstream: FakeUpstream) -> None:
    tls_upstream.enqueue(Reply([b"1"]), Reply([b"2"]))
    async with FakeProxy(tls_upstream.port) as proxy:
        environ = {"HTTPS_PROXY": f"http://ann:p%40ss@127.0.0.1:{proxy.port}"}
        assert await fetch("https://api.example/v1", environ, times=2) == b"2"
        (head,) = proxy.heads
    assert head.split("\r\n")[:3] == [
        "CONNECT api.example:443 HTTP/1.1",
        "Host: api.example:443",
        "Proxy-Authorization: Basic YW5uOnBAc3M=",
    ]
    request = tls_upstream.requests[0]
    assert (request.target, request.headers["host"]) == ("/v1", "api.example")
    assert "proxy-authorization" not in request.headers


@pytest.mark.usefixtures("trusted")
async def test_the_certificate_is_verified_inside_the_tunnel(tls_upstream: FakeUpstream) -> None:
    async with FakeProxy(tls_upstream.port) as proxy:
        environ = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"}
        with pytest.raises(HttpError, match="certificate is not trusted"):
            await fetch("https://evil.example/v1", environ)
    assert not tls_upstream.requests


@pytest.mark.usefixtures("trusted")
async def test_a_tunnel_through_a_proxy_over_tls(
    tls_upstream: FakeUpstream, certificate: Certificate
) -> None:
    tls_upstream.enqueue(Reply([b"ok"]))
    async with FakeProxy(tls_upstream.port, certificate.server_context()) as proxy:
        environ = {"HTTPS_PROXY": f"https://localhost:{proxy.port}"}
        assert await fetch("https://api.example/v1", environ) == b"ok"


async def test_plain_http_through_a_proxy(upstream: FakeUpstream) -> None:
    upstream.enqueue(Reply([b"ok"]))
    async with FakeProxy(upstream.port) as proxy:
        environ = {"http_proxy": f"http://ann@127.0.0.1:{proxy.port}"}
        assert await fetch("http://api.example:8080/v1?x=1", environ) == b"ok"
    (request,) = upstream.requests
    assert request.target == "http://api.example:8080/v1?x=1"
    assert request.headers["host"] == "api.example:8080"
    assert request.headers["proxy-authorization"] == "Basic YW5uOg=="


async def test_no_proxy_goes_straight(upstream: FakeUpstream) -> None:
    upstream.enqueue(Reply([b"ok"]))
    environ = {"http_proxy": "http://127.0.0.1:1", "no_proxy": "127.0.0.0/8"}
    assert await fetch(upstream.url, environ) == b"ok"


@pytest.mark.parametrize(
    ("answer", "message", "transient"),
    [
        (b"HTTP/1.1 407 Who are you\r\n\r\n", r"refused: HTTP/1.1 407 Who are you \(its user", False),
        (b"HTTP/1.1 403 Forbidden\r\n\r\nno", "refused: HTTP/1.1 403 Forbidden", False),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "refused: HTTP/1.1 502", True),
        (b"SSH-2.0\r\n\r\n", "refused: SSH-2.0", False),
        (b"HTTP/1.1 200 OK\r\n\r\nsmuggled", "refused: HTTP/1.1 200 OK", False),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20_000, "refused", False),
        (b"", "proxy closed the connection", True),
    ],
)
async def test_a_proxy_that_refuses(answer: bytes, message: str, *, transient: bool) -> None:
    async with FakeProxy(1, answer=answer) as proxy:
        environ = {"ALL_PROXY": f"http://ann:secret@127.0.0.1:{proxy.port}"}
        with pytest.raises(HttpError, match=message) as caught:
            await fetch("https://api.example/v1", environ)
    assert caught.value.transient is transient
    assert "secret" not in str(caught.value)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("end", [CLOSE, RESET], ids=["closed", "reset"])
async def test_a_body_cut_off_under_tls(end: object, tls_upstream: FakeUpstream) -> None:
    """TLS tells a connection's end from an attacker's; a chunked body without its end is cut off either way."""
    tls_upstream.enqueue(Reply([b"one", end]))
    client = HttpClient(tls_upstream.url, {}, 5.0, {})
    deadline = asyncio.get_running_loop().time() + 10
    response = await client.post(b"", deadline)
    assert await response.read(deadline) == b"one"
    with pytest.raises(HttpError, match="in the middle"):
        await response.read(deadline)
    response.close()
    await client.aclose()


@pytest.mark.usefixtures("trusted")
async def test_close_is_at_once_under_tls(tls_upstream: FakeUpstream) -> None:
    reply = Reply([b"one", asyncio.Event()])
    tls_upstream.enqueue(reply)
    client = HttpClient(tls_upstream.url, {}, 5.0, {})
    deadline = asyncio.get_running_loop().time() + 10
    response = await client.post(b"", deadline)
    assert await response.read(deadline) == b"one"
    response.close()
    async with asyncio.timeout(10):
        await reply.client_closed.wait()
    await client.aclose()
