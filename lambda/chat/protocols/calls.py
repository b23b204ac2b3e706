"""The life of tool calls in one answer, the same in every protocol: which part may follow which.

A call begins, grows, is complete, may need the user's leave, and is answered once. A part that its call does not wait
for can stand in no stream: clients throw on it, or take the call for another.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from chat.parts import (
    ToolApprovalRequest,
    ToolCall,
    ToolCallDelta,
    ToolCallStart,
    ToolDenied,
    ToolError,
    ToolInputError,
    ToolResult,
)
from chat.protocols import named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chat.parts import ToolPart

DENIED = "The user did not allow this call."
"""What a client reads as the error of a denied call where its protocol has no denial."""


class CallState(Enum):
    """How far a tool call has come."""

    STARTED = "started"
    COMPLETE = "complete"
    ASKED = "waiting for the user's leave"
    ANSWERED = "answered"


_NEW = (None,)
_OPEN = (None, CallState.STARTED)
_WAITING = (CallState.COMPLETE, CallState.ASKED)
# States in which a part is legal, state after it.
_LIFE: dict[type, tuple[tuple[CallState | None, ...], CallState]] = {
    ToolCallStart: (_NEW, CallState.STARTED),
    ToolCallDelta: ((CallState.STARTED,), CallState.STARTED),
    ToolCall: (_OPEN, CallState.COMPLETE),
    ToolInputError: (_OPEN, CallState.ANSWERED),
    ToolApprovalRequest: ((CallState.COMPLETE,), CallState.ASKED),
    ToolResult: (_WAITING, CallState.ANSWERED),
    ToolError: (_WAITING, CallState.ANSWERED),
    ToolDenied: (_WAITING, CallState.ANSWERED),
}


class OutOfPlaceError(Exception):
    """A part came while its call did not wait for it; becomes a `PartOrderError` in the encoder."""


class Calls:
    """The calls of one answer, by id."""

    def __init__(self, denied: Iterable[str] = ()) -> None:
        """`denied`: ids of calls in the message that the answer continues, which the user did not allow."""
        self._states: dict[str, CallState] = dict.fromkeys(denied, CallState.ASKED)

    def take(self, part: ToolPart) -> CallState | None:
        """Note a part; the state of its call before it, None if the part begins the call.

        Raises:
            OutOfPlaceError: the call does not wait for the part, which is not noted.
        """
        call_id = part.call_id
        before = self._states.get(call_id)
        legal, after = _LIFE[type(part)]
        if before not in legal:
            state = "not begun" if before is None else before.value
            raise OutOfPlaceError(f"{named(part)} came while its call was {state}.")
        self._states[call_id] = after
        return before

    def state(self, call_id: str) -> CallState | None:
        """How far a call has come; None: it has not begun."""
        return self._states.get(call_id)

    def cut_off(self, call_id: str) -> None:
        """Note that nothing more comes of a call, because the answer has ended in the middle of it."""
        self._states[call_id] = CallState.ANSWERED
