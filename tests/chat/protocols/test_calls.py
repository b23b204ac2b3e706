"""The life of a tool call: what may follow what, in every protocol."""

from __future__ import annotations

import pytest

from chat.parts import (
    ToolApprovalRequest,
    ToolCall,
    ToolCallDelta,
    ToolCallStart,
    ToolDenied,
    ToolError,
    ToolInputError,
    ToolPart,
    ToolResult,
)
from chat.protocols.calls import Calls, CallState, OutOfPlaceError

START, DELTA, CALL = ToolCallStart("c", "t"), ToolCallDelta("c", "{"), ToolCall("c", "t", {})
UNUSABLE, ASK = ToolInputError("c", "t", {}, "no"), ToolApprovalRequest("c", "a")
OUTCOMES: list[ToolPart] = [ToolResult("c", 1), ToolError("c", "no"), ToolDenied("c")]
EVERY: list[ToolPart] = [START, DELTA, CALL, UNUSABLE, ASK, *OUTCOMES]

# The parts that bring a call into a state, and what may come then.
LIVES: list[tuple[list[ToolPart], list[ToolPart]]] = [
    ([], [START, CALL, UNUSABLE]),
    ([START], [DELTA, CALL, UNUSABLE]),
    ([START, DELTA], [DELTA, CALL, UNUSABLE]),
    ([CALL], [ASK, *OUTCOMES]),
    ([START, CALL, ASK], OUTCOMES),
    ([UNUSABLE], []),
    *(([CALL, outcome], []) for outcome in OUTCOMES),
]


@pytest.mark.parametrize(("life", "legal"), LIVES)
def test_what_may_come_next(life: list[ToolPart], legal: list[ToolPart]) -> None:
    """A part that is refused leaves the call as it was."""
    for part in EVERY:
        calls = Calls()
        for lived in life:
            calls.take(lived)
        before = calls.state("c")
        if part in legal:
            assert calls.take(part) is before
        else:
            with pytest.raises(OutOfPlaceError):
                calls.take(part)
            assert calls.state("c") is before


def test_a_call_of_the_continued_message_can_be_denied_and_not_made_again() -> None:
    calls = Calls(["c"])
    for part in (START, CALL):
        with pytest.raises(OutOfPlaceError, match="waiting for the user's leave"):
            calls.take(part)
    calls.take(ToolDenied("c"))
    assert calls.state("c") is CallState.ANSWERED


def test_a_call_that_is_cut_off_takes_no_more() -> None:
    calls = Calls()
    calls.take(START)
    calls.cut_off("c")
    with pytest.raises(OutOfPlaceError, match="answered"):
        calls.take(CALL)
