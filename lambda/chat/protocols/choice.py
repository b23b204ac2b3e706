"""Which encoder answers a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chat.protocols.data_stream import DataStream
from chat.protocols.plain_text import PlainText
from chat.protocols.sse import EventStream
from chat.protocols.ui_message_stream import UIMessageStream

if TYPE_CHECKING:
    from chat.protocols import Encoder
    from chat.requests import ChatRequest


def encoder_for(request: ChatRequest) -> Encoder:
    """A new encoder of the protocol that the request's client reads."""
    match request.protocol:
        case "data-stream":
            return DataStream()
        case "ui-message-stream":
            return UIMessageStream(
                continues=request.continues,
                denied=request.denied,
                approvals=bool(request.needs_approval or request.denied),
            )
        case "sse":
            return EventStream()
        case "text":
            return PlainText()
