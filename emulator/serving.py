"""Runs an ASGI application on a socket of its own inside the running event loop (uvicorn)."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import socket
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator

    from starlette.types import ASGIApp

# Lambda's own servers do not close an idle connection while a handler runs.
_KEEP_ALIVE_SECONDS = 3600


class PortError(OSError):
    """An address cannot be listened on; the message says what to do."""


class _Server(uvicorn.Server):
    """Several servers share one process and its signals, so none of them may take the signals for itself."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


def _is_worth_logging(record: logging.LogRecord) -> bool:
    """What uvicorn calls errors and is done on purpose here: broken-off responses, requests cut off at the end."""
    if record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError):
        return False
    message = record.getMessage()
    return "returned without completing response" not in message and "timeout graceful" not in message


def port_number(text: str) -> int:
    """A port of the command line, for argparse."""
    if not text.isdecimal() or int(text) > 65535:  # noqa: PLR2004 - TCP's range
        raise argparse.ArgumentTypeError(f"{text} is not a port; ports are 0 to 65535")
    return int(text)


def listen(host: str, port: int, option: str = "--port") -> socket.socket:
    """A listening socket; port 0 takes a free one. `option` is where the user chooses the port.

    Raises:
        PortError: the port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only where it sees that a socket is TCP, and accepted sockets take after this one.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise PortError(
            f"Cannot listen on {host} port {port}: {(error.strerror or str(error)).lower()}. "
            f"Stop what uses it or choose another with {option} (0 takes a free one)."
        ) from None
    listener.setblocking(False)  # noqa: FBT003 - the standard library's signature
    return listener


@contextlib.asynccontextmanager
async def serving(
    app: ASGIApp,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    option: str = "--port",
    protocol: type[HttpToolsProtocol] = HttpToolsProtocol,
) -> AsyncIterator[int]:
    """Serve `app` until the block ends, and yield the port; requests still open then are cut off.

    `protocol` is uvicorn's on httptools, the only one of its parsers that shows request trailers, or made of it.

    Raises:
        PortError: see `listen`.
    """
    logging.getLogger("uvicorn.error").addFilter(_is_worth_logging)
    listener = listen(host, port, option)
    bound: int = listener.getsockname()[1]
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield bound
    finally:
        server.should_exit = True
        await task
