"""What a handler knows of its invocation: awslambdaric's LambdaContext, and work after the answer."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from typing import TYPE_CHECKING, Any, Final

from lambda_runtime.errors import RuntimeFault
from lambda_runtime.tracing import trace_id_of

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from lambda_runtime.api import Invocation
    from lambda_runtime.logs import LambdaLogHandler

_W3C_FIELDS: Final = ("traceparent", "tracestate", "baggage")
# What is left of the deadline when background work is stopped: enough to log it and to ask for the next event.
_BACKGROUND_MARGIN: Final = 0.25

_log = logging.getLogger("lambda_runtime")


class CognitoIdentity:
    """The caller's Cognito identity; both are None where there is none."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.cognito_identity_id: str | None = fields.get("cognitoIdentityId")
        self.cognito_identity_pool_id: str | None = fields.get("cognitoIdentityPoolId")


class Client:
    """The mobile app that called, as its SDK described it."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.installation_id = fields.get("installation_id")
        self.app_title = fields.get("app_title")
        self.app_version_name = fields.get("app_version_name")
        self.app_version_code = fields.get("app_version_code")
        self.app_package_name = fields.get("app_package_name")


class ClientContext:
    """The client context that the caller passed."""

    def __init__(self, fields: dict[str, Any]) -> None:
        client = fields.get("client")
        self.custom: dict[str, Any] | None = fields.get("custom")
        self.env: dict[str, Any] | None = fields.get("env")
        self.client: Client | None = Client(client) if isinstance(client, dict) else None


class LambdaContext:
    """The second argument (third, where the response streams) of every handler."""

    def __init__(self, invocation: Invocation, logs: LambdaLogHandler) -> None:
        self._logs = logs
        self.aws_request_id = invocation.request_id
        self.invoked_function_arn = invocation.function_arn
        self.tenant_id = invocation.tenant_id
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        fields = _json_header(invocation.client_context, "Client Context")
        w3c = fields.pop("w3c", None) if fields else None
        self._w3c = (
            {k: v for k, v in w3c.items() if k in _W3C_FIELDS and isinstance(v, str)}
            if isinstance(w3c, dict)
            else {}
        )
        self.client_context = None if fields is None else ClientContext(fields)
        self.identity = CognitoIdentity(_json_header(invocation.cognito_identity, "Cognito Identity") or {})
        self._deadline_ms = invocation.deadline_ms
        self._background: set[asyncio.Task[Any]] = set()
        self._loop = invocation.loop
        self.trace_id: str | None = logs.trace.trace_id
        self.xray_trace_id: str | None = logs.trace.xray_trace_id
        if traceparent := self._w3c.get("traceparent"):
            self.adopt_traceparent(traceparent)

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the platform ends the invocation; never below 0."""
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def w3c(self) -> dict[str, str]:
        """The W3C trace context that the caller passed: traceparent, tracestate, baggage, where present."""
        return dict(self._w3c)

    def adopt_traceparent(self, traceparent: str) -> bool:
        """Take the caller's W3C trace as the invocation's own: log lines from here on carry its `traceId`.

        `xrayTraceId` stays what the platform gave. A traceparent in the client context is adopted already; one in
        an HTTP event's headers is the handler's to pass. It is whatever the caller says: an id to search by, not
        one to trust.

        Returns: whether it is valid; one that is not changes nothing, as W3C Trace Context asks.
        """
        trace_id = trace_id_of(traceparent)
        if trace_id is None:
            return False
        self.trace_id = trace_id
        if self._logs.request_id == self.aws_request_id:  # a thread may outlive its invocation
            self._logs.trace = self._logs.trace._replace(trace_id=trace_id)
        return True

    def log_json(self, fields: Mapping[str, Any]) -> None:
        """Write an object to the log as a line of JSON of its own, in whatever format the log is.

        For what is read by machines: CloudWatch's embedded metrics, an audit record. `timestamp`, `level` and the
        invocation's ids are added. Lambda's filter by level does not drop it.

        Raises:
            OSError: the log cannot be written.
            ValueError: the fields are no JSON: NaN, an infinite number, an object within itself.
        """
        self._logs.write_json(fields)

    def log(self, message: object) -> None:
        """Write a line to the function's log, past the logging module (as awslambdaric has it)."""
        self._logs.write_raw(str(message))

    def add_background_task(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine beside and after the answer; the environment takes no other event until it has ended.

        It is billed, and stopped shortly before the invocation's deadline. What it raises is logged.
        """
        task = self._loop.create_task(work)
        self._background.add(task)

    async def finish_background_tasks(self, *, at_once: bool = False) -> None:
        """Wait for the background tasks; stop them `at_once`, or where the deadline leaves them no time."""
        while self._background:
            left = self.get_remaining_time_in_millis() / 1000 - _BACKGROUND_MARGIN
            seconds = 0.0 if at_once else max(0.0, left)
            done, late = await asyncio.wait(self._background, timeout=seconds)
            self._background -= done | late
            for task in late:
                task.cancel()
                _log.error("A background task was stopped because the time had run out: %s", task)
            for task in done:
                if not task.cancelled() and (error := task.exception()) is not None:
                    _log.error("A background task failed", exc_info=error)
            if late:
                await asyncio.wait(late, timeout=_BACKGROUND_MARGIN / 2)

    def __repr__(self) -> str:
        return (
            f"LambdaContext(aws_request_id={self.aws_request_id!r}, function_name={self.function_name!r}, "
            f"function_version={self.function_version!r}, invoked_function_arn={self.invoked_function_arn!r}, "
            f"memory_limit_in_mb={self.memory_limit_in_mb!r}, log_group_name={self.log_group_name!r}, "
            f"log_stream_name={self.log_stream_name!r}, tenant_id={self.tenant_id!r})"
        )


def _json_header(value: str | None, name: str) -> dict[str, Any] | None:
    if not value:
        return None
    try:
        fields = json.loads(value)
    except ValueError as error:
        raise RuntimeFault(
            "Runtime.LambdaContextUnmarshalError", f"Unable to parse {name} JSON: {error}"
        ) from None
    return fields if isinstance(fields, dict) else {}
