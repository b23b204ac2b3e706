"""Calls of tools that need the user's leave are followed by the question; what was denied is told first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from chat.approval import Approval
from chat.parts import Finish, TextDelta, ToolApprovalRequest, ToolCall, ToolDenied
from chat.requests import ChatRequest

if TYPE_CHECKING:
    from chat.parts import Part


def approval(**fields: Any) -> Approval:
    return Approval(ChatRequest([{"role": "user", "content": "Hi"}], "m", **fields))


def test_nothing_changes_where_nothing_needs_approval() -> None:
    batch: list[Part] = [ToolCall("c", "t", {}), Finish("tool-calls")]
    assert approval().tell(batch) is batch


def test_the_question_follows_its_call_under_an_id_of_its_own() -> None:
    calls = [ToolCall("c", "delete", {}), ToolCall("d", "read", {}), ToolCall("e", "delete", {})]
    told = approval(needs_approval=frozenset({"delete"})).tell([*calls, Finish("tool-calls")])
    asked = [part for part in told if isinstance(part, ToolApprovalRequest)]
    assert told == [calls[0], asked[0], calls[1], calls[2], asked[1], Finish("tool-calls")]
    assert [part.call_id for part in asked] == ["c", "e"]
    assert all(re.fullmatch(r"approval_[0-9a-f]{24}", part.approval_id) for part in asked)
    assert asked[0].approval_id != asked[1].approval_id


def test_what_was_denied_stands_once_before_the_first_batch() -> None:
    asked = approval(denied=("a", "b"))
    first: list[Part] = [ToolDenied("a"), ToolDenied("b"), TextDelta("x")]
    assert asked.tell([TextDelta("x")]) == first
    assert asked.tell([Finish("stop")]) == [Finish("stop")]
