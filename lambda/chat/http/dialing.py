"""How a connection to a server comes about: directly or through a proxy, TLS always verified."""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
from typing import TYPE_CHECKING, Final

from chat.http.connection import Connection, HttpError

if TYPE_CHECKING:
    from collections.abc import Callable

    from chat.http.proxies import Proxy

# RFC 8305, 5: the recommended time before the next address is tried as well.
_HAPPY_EYEBALLS_DELAY: Final = 0.25
_MAX_PROXY_HEAD: Final = 16 * 1024


@functools.cache
def tls_context() -> ssl.SSLContext:
    """The one TLS context of the process.

    Verifies certificates and host names against the system's authorities, or those of SSL_CERT_FILE and
    SSL_CERT_DIR. Making it costs tens of milliseconds of CPU: call this at init.
    """
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def authority(host: str, port: int) -> str:
    """`host:port` for a request line, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def dial(
    host: str,
    port: int,
    *,
    secure: bool,
    proxy: Proxy | None,
    timeout: float,  # noqa: ASYNC109 - one bound over name lookup, connect, proxy and TLS together
    on_free: Callable[[Connection], None],
) -> Connection:
    """Open a connection on which requests can be sent.

    Args:
        host: Name or address, without brackets.
        port: TCP port.
        secure: Speak TLS to the host.
        proxy: Go through this proxy; to a secure host by CONNECT.
        timeout: Seconds for all of it.
        on_free: Given to the connection.

    Raises:
        HttpError: it could not be opened; `transient` unless TLS, the name or the proxy's refusal is to blame.
    """
    loop = asyncio.get_running_loop()
    connection = Connection(loop, on_free)
    try:
        async with asyncio.timeout(timeout):
            if proxy is None:
                await _open(loop, lambda: connection, host, port, secure=secure)
            elif not secure:
                await _open(loop, lambda: connection, proxy.host, proxy.port, secure=proxy.secure)
            else:
                await _tunnel(loop, connection, proxy, host, port)
    except TimeoutError:
        connection.abort()
        raise HttpError(f"no connection within {timeout:g} s", transient=True) from None
    except ssl.SSLCertVerificationError as error:
        raise HttpError(
            f"its TLS certificate is not trusted: {error.verify_message} "
            "(authorities of your own are trusted by SSL_CERT_FILE)",
            transient=False,
        ) from None
    except ssl.SSLError as error:
        raise HttpError(f"no TLS with it: {error.reason or error}", transient=False) from None
    except socket.gaierror as error:
        raise HttpError(
            f"its name cannot be resolved: {error.strerror}", transient=error.errno == socket.EAI_AGAIN
        ) from None
    except UnicodeError:
        raise HttpError("its name is not a host name", transient=False) from None
    except OSError as error:
        raise HttpError(f"no connection: {error}", transient=True) from None
    return connection


async def _open(
    loop: asyncio.AbstractEventLoop,
    factory: Callable[[], asyncio.Protocol],
    host: str,
    port: int,
    *,
    secure: bool,
) -> asyncio.Transport:
    transport, _ = await loop.create_connection(
        factory,
        host,
        port,
        ssl=tls_context() if secure else None,
        server_hostname=host if secure else None,
        happy_eyeballs_delay=_HAPPY_EYEBALLS_DELAY,
        interleave=1,
    )
    return transport


async def _tunnel(
    loop: asyncio.AbstractEventLoop, connection: Connection, proxy: Proxy, host: str, port: int
) -> None:
    answer = _ProxyAnswer(loop)
    outer = await _open(loop, lambda: answer, proxy.host, proxy.port, secure=proxy.secure)
    try:
        target = authority(host, port)
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        if proxy.authorization:
            lines.append(f"Proxy-Authorization: {proxy.authorization}")
        outer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        await answer.accepted
        inner = await loop.start_tls(outer, connection, tls_context(), server_hostname=host)
    except BaseException:
        outer.abort()
        raise
    assert inner is not None
    connection.connection_made(inner)


class _ProxyAnswer(asyncio.Protocol):
    """Waits for a proxy's 2xx to a CONNECT (RFC 9110, 9.3.6: it has no body, the tunnel follows its head)."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.accepted: asyncio.Future[None] = loop.create_future()
        self._head = b""

    def data_received(self, data: bytes) -> None:
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if self.accepted.done():
            return
        if not end and len(self._head) <= _MAX_PROXY_HEAD:
            return
        line = head.split(b"\r\n", 1)[0].decode("latin-1")
        version, _, status = line.partition(" ")
        if end and version.startswith("HTTP/1.") and status[:1] == "2" and not rest:
            self.accepted.set_result(None)
            return
        hint = " (its user and password belong into the proxy's URL)" if status.startswith("407") else ""
        self.accepted.set_exception(
            HttpError(f"the proxy refused: {line[:200]}{hint}", transient=status[:1] == "5")
        )

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.accepted.done():
            why = f": {exc}" if exc is not None else ""
            self.accepted.set_exception(HttpError(f"the proxy closed the connection{why}", transient=True))
