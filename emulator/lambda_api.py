"""The Lambda API's two ways to invoke, for AWS's own clients: `Invoke` and `InvokeWithResponseStream`.

Facts, with their sources:

- `POST /2015-03-31/functions/NAME/invocations` and `POST /2021-11-15/functions/NAME/response-streaming-invocations`;
  the body is the event. NAME is a name, an ARN or a part of one, `Qualifier` a version, also as the name's end behind
  a colon (AWS API reference). Here there is one function, and one version of it.
- `X-Amz-Invocation-Type`: RequestResponse, Event (202 at once; not for streams), DryRun (204, nothing runs).
  `X-Amz-Log-Type: Tail` asks for the end of the log, `X-Amz-Client-Context` is base64 of JSON (same source).
- `X-Amz-Tenant-Id` is 1 to 256 letters, digits, blanks and `._:/=+-@` (botocore, model of the Lambda API, `TenantId`).
- An event may have 6 MB, that of an asynchronous invocation 1 MB (same source).
- Lambda keeps events that find no room and tries again after a second, then after ever longer, up to five minutes
  (AWS developer guide, "How Lambda handles errors and retries with asynchronous invocation"). It also runs failed
  ones twice more, minutes later, which is left out here.
- A direct invoke has no prelude: a handler's bytes are the payload.
- `/2015-03-31/functions/function/invocations` is also the path of the runtime interface emulator, on which people
  use curl. See `invoke_answer.py` for what that changes.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import uuid
from typing import TYPE_CHECKING

from starlette.responses import Response

from emulator.function import Throttled, trace_id_of
from emulator.incoming import MAX_EVENT, BodyTooLarge, read_body, wished_fault
from emulator.invoke_answer import AsItComes, EventStream, Whole
from emulator.service_error import rate_exceeded, request_too_large, service_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from emulator.faults import Fault
    from emulator.function import Function
    from emulator.invocation import Invocation

_MAX_ASYNCHRONOUS_EVENT = 1024 * 1024
_FIRST_RETRY_SECONDS, _LAST_RETRY_SECONDS = 1.0, 300.0
_PATHS = re.compile(
    r"/2015-03-31/functions/(?P<invoked>[^/]+)/invocations"
    r"|/2021-11-15/functions/(?P<streamed>[^/]+)/response-streaming-invocations"
)
# Name, partial ARN and ARN (AWS API reference, "Invoke"; its own pattern cannot tell `function:1` from a partial ARN).
_NAME = re.compile(
    r"((arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:)?\d{12}:function:)?"
    r"(?P<name>[a-zA-Z0-9-_]+)(:(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?"
)
_TENANT_ID = re.compile(r"[a-zA-Z0-9._:/=+\-@ ]{1,256}")
# What the runtime interface emulator calls every function.
_ANY_FUNCTION = "function"


class _Refused(Exception):  # noqa: N818 - it carries the answer that says so
    """The request cannot be carried out."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class LambdaApi:
    """The front of AWS's clients; `owns` says which requests are theirs."""

    def __init__(self, function: Function) -> None:
        self._function = function
        self._queued: set[asyncio.Task[None]] = set()

    def owns(self, request: Request) -> bool:
        """Whether the request is an invocation through the API."""
        return request.method == "POST" and _PATHS.fullmatch(request.scope["path"]) is not None

    async def answer(self, request: Request) -> ASGIApp:
        """The response to one of the two operations.

        Raises:
            ClientDisconnect: the client left before it had sent its request.
            FaultError: the request wishes for a fault that there is not.
        """
        path = _PATHS.fullmatch(request.scope["path"])
        assert path is not None
        try:
            self._check_name(path["invoked"] or path["streamed"], request.query_params.get("Qualifier"))
            return await self._invoke(request, streamed=path["streamed"] is not None)
        except _Refused as refused:
            return refused.response
        except Throttled:
            return rate_exceeded()

    async def _invoke(self, request: Request, *, streamed: bool) -> ASGIApp:
        kinds = ("RequestResponse", "DryRun") if streamed else ("RequestResponse", "Event", "DryRun")
        kind = _one_of(request, "X-Amz-Invocation-Type", kinds)
        wants_log = _one_of(request, "X-Amz-Log-Type", ("None", "Tail")) == "Tail"
        client_context = _client_context(request.headers.get("x-amz-client-context"))
        tenant_id = _tenant_id(request.headers.get("x-amz-tenant-id"))
        fault = wished_fault(request)
        payload = await _event(request, _MAX_ASYNCHRONOUS_EVENT if kind == "Event" else MAX_EVENT)
        if kind == "DryRun":
            return Response(status_code=204, headers={"x-amzn-requestid": str(uuid.uuid4())})
        trace_id = trace_id_of(request.headers.get("x-amzn-trace-id"))
        if kind == "Event":
            return self._accept(payload, trace_id, tenant_id, fault)
        invocation = self._function.invoke(
            payload, trace_id=trace_id, client_context=client_context, tenant_id=tenant_id, fault=fault
        )
        version = self._function.settings.version
        if streamed:
            return EventStream(invocation, version, wants_log=wants_log)
        if wants_log or request.headers.get("authorization", "").startswith("AWS4-"):
            return Whole(invocation, version, wants_log=wants_log)
        return AsItComes(invocation, version)

    def _accept(self, payload: bytes, trace_id: str, tenant_id: str | None, fault: Fault | None) -> Response:
        """Take an asynchronous invocation; it runs now or when there is room."""

        def begin() -> Invocation:
            # No client context: Lambda hands it on for synchronous invocations alone.
            return self._function.invoke(payload, trace_id=trace_id, tenant_id=tenant_id, fault=fault)

        try:
            request_id = _unread(begin())
        except Throttled:
            request_id = str(uuid.uuid4())
            task = asyncio.create_task(_later(begin))
            self._queued.add(task)
            task.add_done_callback(self._queued.discard)
        return Response(status_code=202, headers={"x-amzn-requestid": request_id})

    def _check_name(self, text: str, parameter: str | None) -> None:
        settings = self._function.settings
        found = _NAME.fullmatch(text)
        if found is None:
            message = f"{text!r} is not a function's name or ARN"
            raise _Refused(service_error(400, "ValidationException", message))
        name, inner = found["name"], found["qualifier"]
        if parameter and inner and parameter != inner:
            message = (
                f"The derived qualifier from the function name does not match the specified qualifier: {text}"
            )
            raise _Refused(service_error(400, "InvalidParameterValueException", message))
        qualifier = parameter or inner
        is_known = qualifier in (None, "", "$LATEST", settings.version)
        if name not in (_ANY_FUNCTION, settings.name) or not is_known:
            arn = f"{settings.arn.rpartition(':')[0]}:{name}" + (f":{qualifier}" if qualifier else "")
            raise _Refused(service_error(404, "ResourceNotFoundException", f"Function not found: {arn}"))


async def _event(request: Request, limit: int) -> bytes:
    """The event that the body is; `{}` where there is none."""
    try:
        event = await read_body(request, limit) or b"{}"
    except BodyTooLarge:
        raise _Refused(request_too_large(limit)) from None
    try:
        json.loads(event)
    except (ValueError, RecursionError) as error:
        message = f"Could not parse request body into json: {error}"
        raise _Refused(service_error(400, "InvalidRequestContentException", message)) from None
    return event


def _one_of(request: Request, header: str, allowed: tuple[str, ...]) -> str:
    """A header's value, the first of those allowed where there is none."""
    value = request.headers.get(header, allowed[0])
    if value not in allowed:
        message = f"{header} is {value!r}; it must be one of {', '.join(allowed)}"
        raise _Refused(service_error(400, "InvalidParameterValueException", message))
    return value


def _client_context(encoded: str | None) -> str | None:
    """The JSON text that `X-Amz-Client-Context` carries in base64."""
    if encoded is None:
        return None
    try:
        context = json.loads(base64.b64decode(encoded, validate=True))
    except (ValueError, RecursionError):
        context = None
    if not isinstance(context, dict):
        message = "Client context must be a valid Base64-encoded JSON object."
        raise _Refused(service_error(400, "InvalidRequestContentException", message))
    # It becomes a header's value; JSON may be laid out over several lines, which no header may.
    return json.dumps(context, separators=(",", ":"))


def _tenant_id(text: str | None) -> str | None:
    """The tenant's id, as far as it can be one."""
    if text is not None and not _TENANT_ID.fullmatch(text):
        message = f"{text!r} is not a tenant's id, which matches {_TENANT_ID.pattern}"
        raise _Refused(service_error(400, "ValidationException", message))
    return text


def _unread(invocation: Invocation) -> str:
    """Nobody reads the answer of an asynchronous invocation; returns its request's id."""
    invocation.abandon()
    return invocation.request_id


async def _later(begin: Callable[[], Invocation]) -> None:
    """Begin once there is room."""
    patience = _FIRST_RETRY_SECONDS
    while True:
        await asyncio.sleep(patience)
        try:
            _unread(begin())
        except Throttled:
            patience = min(2 * patience, _LAST_RETRY_SECONDS)
        else:
            return
