"""The Extensions API: processes, or threads of the runtime, that live beside the handler.

Facts, with their sources:

- Registration closes with the runtime's first `/next`, at most ten extensions register, names are unique
  (runtime interface emulator, `rapi/handler/agentregister.go`, `core/registrations.go`).
- Extensions that the runtime itself starts ("internal") may subscribe to INVOKE only. There are no others here:
  an emulated function has no `/opt/extensions`.
- An environment is free when each of its extensions is back in `/extension/event/next` (AWS developer guide,
  "Lambda execution environment lifecycle").
"""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from emulator.long_poll import error_document, long_poll

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from emulator.invocation import Invocation

_MOST = 10


@dataclass(eq=False)
class _Extension:
    """One registered extension; `waiting` from its `/event/next` until it is given an event."""

    name: str
    wants_invoke: bool
    waiting: bool = False
    events: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)


class Extensions:
    """The extensions of one environment, and their `routes`.

    `function` describes the function to them, `closed` is set when no more may register, `waits` is called each
    time one begins to wait.
    """

    def __init__(self, function: Mapping[str, str], closed: asyncio.Event, waits: Callable[[], None]) -> None:
        self._function = function
        self._closed = closed
        self._waits = waits
        self._by_identifier: dict[str, _Extension] = {}
        self.routes = [
            Route("/2020-01-01/extension/register", self._register, methods=["POST"]),
            Route("/2020-01-01/extension/event/next", self._next),
        ]

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return bool(self._by_identifier)

    @property
    def wait(self) -> bool:
        """Whether all of them wait for an event."""
        return all(extension.waiting for extension in self._by_identifier.values())

    def tell(self, invocation: Invocation) -> None:
        """Give the INVOKE event to those that subscribed to it."""
        for extension in self._by_identifier.values():
            if extension.wants_invoke:
                extension.waiting = False
                extension.events.put_nowait(
                    {
                        "eventType": "INVOKE",
                        "deadlineMs": invocation.deadline_ms,
                        "requestId": invocation.request_id,
                        "invokedFunctionArn": invocation.arn,
                        "tracing": {"type": "X-Amzn-Trace-Id", "value": invocation.trace_id},
                    }
                )

    async def _register(self, request: Request) -> Response:
        name = request.headers.get("lambda-extension-name", "")
        try:
            events = json.loads(await request.body()).get("events") or []
            unknown = [event for event in events if event != "INVOKE"]
        except (ValueError, AttributeError, TypeError) as error:
            return error_document(403, "InvalidRequestFormat", str(error))
        known = self._by_identifier.values()
        refused = (
            (not name, "InvalidExtensionName", "Empty extension name"),
            (unknown, "InvalidEventType", f"{unknown}: internal extensions can register for INVOKE only"),
            (self._closed.is_set(), "RegistrationClosed", "Extension registration closed already"),
            (
                name in {extension.name for extension in known},
                "InvalidExtensionState",
                "Extension with this name already registered",
            ),
            (len(known) == _MOST, "TooManyExtensions", f"Extension limit ({_MOST}) reached"),
        )
        for holds, error_type, message in refused:
            if holds:
                return error_document(403, f"Extension.{error_type}", message)
        identifier = str(uuid.uuid4())
        self._by_identifier[identifier] = _Extension(name, wants_invoke="INVOKE" in events)
        return JSONResponse(dict(self._function), headers={"Lambda-Extension-Identifier": identifier})

    async def _next(self, request: Request) -> Response:
        identifier = request.headers.get("lambda-extension-identifier")
        if not identifier:
            return error_document(403, "Extension.MissingExtensionIdentifier", "Missing extension identifier")
        extension = self._by_identifier.get(identifier)
        if extension is None:
            message = f"Unknown extension {identifier}"
            return error_document(403, "Extension.UnknownExtensionIdentifier", message)
        extension.waiting = extension.events.empty()
        self._waits()
        event = await long_poll(request, extension.events)
        if event is None:
            return Response(status_code=500)
        return JSONResponse(event, headers={"Lambda-Extension-Event-Identifier": str(uuid.uuid4())})
