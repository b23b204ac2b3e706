"""The HTTP client: posts requests to one URL, hands out each response while it comes.

One purpose, one origin. No redirects, no cookies, no decompression (`Accept-Encoding: identity`): an
intermediary's gzip would hold tokens back.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from chat.http.connection import Connection, ConnectionLostError, HttpError
from chat.http.dialing import dial, tls_context
from chat.http.proxies import proxy_for

if TYPE_CHECKING:
    from collections.abc import Mapping

# A connection idle for longer is not used again. Load balancers forget after 60 s (ALB) to 350 s (NAT gateway),
# and a frozen function does not see them say so.
IDLE_SECONDS: Final = 55.0
# Answers that run side by side (a council of agents) each keep one.
MAX_IDLE: Final = 8

_NONE: Final[Mapping[str, str]] = {}


class Response:
    """A response whose body is still coming. `close()` it, always."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._open = True
        self.status = connection.status
        self.headers = connection.headers

    async def read(self, deadline: float) -> bytes:
        """See `Connection.read`."""
        return await self._connection.read(deadline)

    async def read_up_to(self, limit: int, deadline: float) -> bytes:
        """The body, or its first `limit` bytes; what has come, if it breaks off or the deadline passes."""
        body = b""
        try:
            while len(body) < limit and (data := await self._connection.read(deadline)):
                body += data
        except (HttpError, TimeoutError):
            pass
        return body[:limit]

    def done(self) -> None:
        """The answer is complete to its reader: keep the connection for the next request if possible."""
        if self._open:
            self._open = False
            self._connection.release()

    def close(self) -> None:
        """Close the connection at once unless `done()` has been called."""
        if self._open:
            self._open = False
            self._connection.abort()


class HttpClient:
    """Posts to one URL over connections that are kept and reused.

    Args:
        url: http or https, with the path to post to.
        headers: Sent with every request.
        connect_timeout: Seconds for name lookup, connect, proxy and TLS together.
        environ: Where the proxy variables are read, once.

    Raises:
        SettingsError: a proxy variable is wrong.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        connect_timeout: float,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        parts = urlsplit(url)
        self._secure = parts.scheme == "https"
        default_port = 443 if self._secure else 80
        self._host = parts.hostname or ""
        self._port = parts.port or default_port
        self._proxy = proxy_for(
            parts.scheme, self._host, self._port, os.environ if environ is None else environ
        )
        self._connect_timeout = connect_timeout
        name = self._host if self._host.isascii() else self._host.encode("idna").decode()
        host = f"[{name}]" if ":" in name else name
        if self._port != default_port:
            host = f"{host}:{self._port}"
        self.host: Final = host
        """The Host header's value, which a signature covers: the port only where it is not the scheme's own."""
        target = quote(parts.path, safe="/%:@!$&'()*+,;=~") or "/"
        self.path: Final = target
        """The path as the request line has it, percent-encoded, without the query."""
        if parts.query:
            target += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~?")
        fixed = {"Host": host, "Accept-Encoding": "identity", **headers}
        if self._proxy is not None and not self._secure:
            target = f"http://{host}{target}"
            if self._proxy.authorization:
                fixed["Proxy-Authorization"] = self._proxy.authorization
        lines = [f"POST {target} HTTP/1.1", *(f"{key}: {value}" for key, value in fixed.items())]
        self._head = "\r\n".join(lines).encode("latin-1")
        self._idle: list[tuple[Connection, float]] = []
        self._all: set[Connection] = set()

    def prepare(self) -> None:
        """Do at init what the first request would wait for: make the TLS context."""
        if self._secure or (self._proxy is not None and self._proxy.secure):
            tls_context()

    async def post(self, body: bytes, deadline: float, headers: Mapping[str, str] = _NONE) -> Response:
        """Send a request and wait for the head of its response.

        A kept connection that turns out dead before any byte of a response is replaced by a new one, once: the
        server had closed it while it was idle.

        Args:
            body: Sent with its Content-Length.
            deadline: On the loop's clock, for all of it; connecting has its own limit besides.
            headers: Of this request alone, beside the fixed ones; what cannot stand in a header is the
                caller's to refuse.

        Raises:
            HttpError: no connection, or no valid response on it.
            TimeoutError: the deadline has passed.
        """
        own = "".join(f"{key}: {value}\r\n" for key, value in headers.items()).encode("latin-1")
        request = b"%b\r\n%bContent-Length: %d\r\n\r\n%b" % (self._head, own, len(body), body)
        kept = self._take_idle()
        if kept is not None:
            try:
                return await self._exchange(kept, request, deadline)
            except ConnectionLostError as error:
                if not error.untouched:
                    raise
        loop = asyncio.get_running_loop()
        left = deadline - loop.time()
        if left <= 0:
            raise TimeoutError
        connection = await dial(
            self._host,
            self._port,
            secure=self._secure,
            proxy=self._proxy,
            timeout=min(self._connect_timeout, left),
            on_free=self._freed,
        )
        self._all.add(connection)
        return await self._exchange(connection, request, deadline)

    async def aclose(self) -> None:
        """Close every connection, also those in use, and wait until they are closed."""
        connections = list(self._all)
        self._idle.clear()
        for connection in connections:
            connection.abort()
        for connection in connections:
            await connection.closed

    async def _exchange(self, connection: Connection, request: bytes, deadline: float) -> Response:
        try:
            connection.send(request)
            await connection.head(deadline)
        except BaseException:
            connection.abort()
            raise
        return Response(connection)

    def _freed(self, connection: Connection) -> None:
        """Keep an idle connection; forget a closed one."""
        if connection.closed.done():
            self._all.discard(connection)
        self._idle = [entry for entry in self._idle if entry[0] is not connection]
        if connection.reusable:
            self._idle.append((connection, time.time()))
            if len(self._idle) > MAX_IDLE:
                self._idle.pop(0)[0].abort()

    def _take_idle(self) -> Connection | None:
        """The last used idle connection that is still good."""
        while self._idle:
            connection, since = self._idle.pop()
            # The wall clock, which goes on while a function is frozen.
            if connection.reusable and abs(time.time() - since) < IDLE_SECONDS and connection.quiet():
                return connection
            connection.abort()
        return None
