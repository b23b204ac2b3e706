"""The Lambda Runtime API, version 2018-06-01: next, response, error, init error; and the Extensions API's two calls."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from lambda_runtime.connection import Connection, ConnectionLostError
from lambda_runtime.http1 import Response, encode_head

if TYPE_CHECKING:
    from lambda_runtime.errors import ErrorReport

# What the kernel may hold of a stream that the platform reads slowly: it would grow to megabytes by itself, and an
# answer that is cut off near its deadline ends behind all of it.
_STREAM_BUFFER: Final = 64 * 1024
_STREAMING: Final = (
    ("Lambda-Runtime-Function-Response-Mode", "streaming"),
    ("Transfer-Encoding", "chunked"),
    ("Trailer", "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body"),
)
# Lambda's own, for emulators that name no deadline. What is not beyond it was never a time since the epoch:
# cargo-lambda gives the milliseconds that are left.
_LONGEST_TIMEOUT_MS: Final = 900_000
_USER_AGENT: Final = ("User-Agent", "lambda-token-streaming/{}.{}.{}".format(*sys.version_info))

_log = logging.getLogger("lambda_runtime")


class RuntimeApiError(Exception):
    """The Runtime API is in a state from which a runtime must exit (AWS: "non-recoverable, exit promptly")."""


class Invocation(NamedTuple):
    """One answer of `/next`; what the platform did not send is None."""

    request_id: str
    deadline_ms: int
    function_arn: str | None
    trace_id: str | None
    client_context: str | None
    cognito_identity: str | None
    tenant_id: str | None
    invocation_id: str | None
    content_type: str
    body: bytes
    loop: asyncio.AbstractEventLoop


class RuntimeApi:
    """A client of the Runtime API at `address`: `host:port`, with a path prefix behind it on some emulators."""

    def __init__(self, address: str) -> None:
        authority, slash, prefix = address.removeprefix("http://").partition("/")
        host, _, port = authority.rpartition(":")
        if not host or not port.isdigit():
            raise ValueError(
                f"AWS_LAMBDA_RUNTIME_API is {address!r}; expected host:port. Lambda and its emulators set it."
            )
        self._host, self._port = host.strip("[]"), int(port)
        self._authority = authority
        self._prefix = f"{slash}{prefix}".rstrip("/")
        self._connection: Connection | None = None

    async def next(self) -> Invocation:
        """Wait, without limit, for the next event.

        Raises:
            RuntimeApiError: the Runtime API is gone, or answers with an error.
        """
        response = await self._request("GET", "/2018-06-01/runtime/invocation/next")
        headers = response.headers
        request_id = headers.get("lambda-runtime-aws-request-id")
        if response.status != 200 or not request_id:  # noqa: PLR2004 - HTTP's own
            raise RuntimeApiError(f"/next answered {response.status}: {response.body[:200]!r}")
        return Invocation(
            request_id=request_id,
            deadline_ms=_deadline(headers.get("lambda-runtime-deadline-ms", "")),
            function_arn=headers.get("lambda-runtime-invoked-function-arn"),
            trace_id=headers.get("lambda-runtime-trace-id"),
            client_context=headers.get("lambda-runtime-client-context"),
            cognito_identity=headers.get("lambda-runtime-cognito-identity"),
            tenant_id=headers.get("lambda-runtime-aws-tenant-id"),
            invocation_id=headers.get("lambda-runtime-invocation-id"),
            content_type=headers.get("content-type", "application/json"),
            body=response.body,
            loop=asyncio.get_running_loop(),
        )

    async def respond(self, invocation: Invocation, body: bytes, content_type: str) -> None:
        """Post a buffered response."""
        path = f"/2018-06-01/runtime/invocation/{invocation.request_id}/response"
        headers = [("Content-Type", content_type), *_echo(invocation)]
        check(await self._request("POST", path, headers, body), invocation)

    async def fail(self, invocation: Invocation, report: ErrorReport) -> None:
        """Post an invocation's error, before any byte of a response."""
        path = f"/2018-06-01/runtime/invocation/{invocation.request_id}/error"
        headers = [
            ("Content-Type", "application/json"),
            ("Lambda-Runtime-Function-Error-Type", report.qualified_type),
            *_echo(invocation),
        ]
        if cause := report.xray_cause():
            headers.append(("Lambda-Runtime-Function-XRay-Error-Cause", cause))
        body = json.dumps(report.as_dict(invocation.request_id)).encode()
        check(await self._request("POST", path, headers, body), invocation)

    async def fail_init(self, report: ErrorReport) -> None:
        """Post the error that kept the handler from being loaded."""
        headers = [
            ("Content-Type", "application/json"),
            ("Lambda-Runtime-Function-Error-Type", report.qualified_type),
        ]
        await self._request(
            "POST", "/2018-06-01/runtime/init/error", headers, json.dumps(report.as_dict()).encode()
        )

    async def open_stream(self, invocation: Invocation, content_type: str) -> Connection:
        """Begin a streaming response on a connection of its own; the caller writes chunks and the end."""
        path = f"{self._prefix}/2018-06-01/runtime/invocation/{invocation.request_id}/response"
        headers = [
            ("Host", self._authority),
            _USER_AGENT,
            ("Content-Type", content_type),
            *_STREAMING,
            *_echo(invocation),
        ]
        head = encode_head("POST", path, headers)
        connection = await Connection.open(self._host, self._port, send_buffer=_STREAM_BUFFER)
        connection.write(head)
        return connection

    async def register_extension(self, name: str) -> Connection:
        """Register an internal extension that wants no events and wait for none.

        An extension's presence alone makes the platform send SIGTERM before SIGKILL. The open connection that
        asks for its next event is returned, to be kept.
        """
        headers = [("Lambda-Extension-Name", name), ("Content-Type", "application/json")]
        response = await self._request("POST", "/2020-01-01/extension/register", headers, b'{"events":[]}')
        identifier = response.headers.get("lambda-extension-identifier")
        if response.status != 200 or not identifier:  # noqa: PLR2004 - HTTP's own
            raise RuntimeApiError(f"/extension/register answered {response.status}: {response.body[:200]!r}")
        connection = await Connection.open(self._host, self._port)
        path = f"{self._prefix}/2020-01-01/extension/event/next"
        asking = [("Host", self._authority), _USER_AGENT, ("Lambda-Extension-Identifier", identifier)]
        connection.write(encode_head("GET", path, asking))
        return connection

    def close(self) -> None:
        """Close the kept connection."""
        if self._connection is not None:
            self._connection.abort()
            self._connection = None

    async def _request(
        self, method: str, path: str, headers: list[tuple[str, str]] | None = None, body: bytes = b""
    ) -> Response:
        """One request on the kept connection; once more on a new one where the kept one proves to be closed."""
        fields = [("Host", self._authority), _USER_AGENT, *(headers or ())]
        if method == "POST":
            fields.append(("Content-Length", str(len(body))))
        message = encode_head(method, self._prefix + path, fields) + body
        while True:
            kept = self._connection is not None and self._connection.usable
            if not kept:
                self._connection = await self._connect()
            connection = self._connection
            assert connection is not None
            try:
                connection.write(message)
                response = await connection.response()
            except BaseException as error:
                # Also where it is cancelled: the answer to this request must not be taken for the next one's.
                self.close()
                if not isinstance(error, ConnectionLostError):
                    raise
                if kept and not connection.received:
                    continue
                raise RuntimeApiError(f"{method} {path}: {error}") from error
            if response.headers.get("connection", "").lower() == "close":
                self.close()
            return response

    async def _connect(self) -> Connection:
        try:
            return await Connection.open(self._host, self._port)
        except OSError as error:
            raise RuntimeApiError(
                f"Nothing answers at AWS_LAMBDA_RUNTIME_API={self._authority}: {error}. "
                "This program runs inside Lambda or an emulator of it."
            ) from error


def _deadline(text: str) -> int:
    """The header as a time in ms since the epoch, whatever an emulator makes of it."""
    now = int(time.time() * 1000)
    given = int(text) if text.isascii() and text.isdigit() else _LONGEST_TIMEOUT_MS
    return given if given > _LONGEST_TIMEOUT_MS else now + given


def check(response: Response, invocation: Invocation) -> None:
    """Judge the platform's answer to a response or an error: all but a 5xx leaves the runtime serving.

    Raises:
        RuntimeApiError: 5xx, the platform's "container error".
    """
    if response.status < 300:  # noqa: PLR2004 - HTTP's own
        return
    said = response.body[:200].decode("utf-8", "replace")
    if response.status == 410:  # noqa: PLR2004 - Gone
        _log.warning("Invocation %s had timed out before its response was complete.", invocation.request_id)
    elif response.status == 413:  # noqa: PLR2004 - Content Too Large
        _log.error(
            "The response of invocation %s is larger than Lambda takes: %s", invocation.request_id, said
        )
    elif response.status < 500:  # noqa: PLR2004 - HTTP's own
        _log.error(
            "Lambda refused the response of invocation %s with %s: %s",
            invocation.request_id,
            response.status,
            said,
        )
    else:
        raise RuntimeApiError(f"the Runtime API answered {response.status}: {said}")


def _echo(invocation: Invocation) -> list[tuple[str, str]]:
    # If, and only if, it was received (newer platforms send it; AWS's clients do the same).
    return (
        []
        if invocation.invocation_id is None
        else [("Lambda-Runtime-Invocation-Id", invocation.invocation_id)]
    )
