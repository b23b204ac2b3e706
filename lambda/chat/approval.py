"""Which tool calls of an answer wait for the user's leave, told among the answer's parts.

No tool is run here: the page runs its own, and those that it declared to need approval only once the user has agreed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chat.parts import ToolApprovalRequest, ToolCall, ToolDenied
from chat.sources.tool_calls import new_id

if TYPE_CHECKING:
    from chat.parts import Part
    from chat.requests import ChatRequest


class Approval:
    """What one request needs: batches of an answer go through `tell`."""

    def __init__(self, request: ChatRequest) -> None:
        self._needing = request.needs_approval
        self._denied = request.denied

    def tell(self, batch: list[Part]) -> list[Part]:
        """A batch with a request for approval behind each call that needs one.

        Before the first batch stands what the user has denied: the page still shows those calls as waiting.
        """
        if not self._needing and not self._denied:
            return batch
        told: list[Part] = [ToolDenied(call_id) for call_id in self._denied]
        self._denied = ()
        for part in batch:
            told.append(part)
            if isinstance(part, ToolCall) and part.name in self._needing:
                told.append(ToolApprovalRequest(part.call_id, new_id("approval")))
        return told
