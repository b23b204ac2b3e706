"""Whole answers whose bytes are kept in `golden/NAME.PROTOCOL.txt`, so that a change of them is seen in review.

`PYTHONPATH=lambda:. .venv/bin/python -m tests.chat.protocols.whole_answers` writes them anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chat.parts import (
    Abort,
    Annotation,
    Data,
    DocumentSource,
    Error,
    File,
    Finish,
    Part,
    ReasoningDelta,
    ReasoningSignature,
    RedactedReasoning,
    Source,
    StepFinish,
    TextDelta,
    ToolApprovalRequest,
    ToolCall,
    ToolCallDelta,
    ToolCallStart,
    ToolDenied,
    ToolError,
    ToolInputError,
    ToolResult,
    Usage,
)
from chat.protocols.data_stream import DataStream
from chat.protocols.plain_text import PlainText
from chat.protocols.sse import EventStream
from chat.protocols.ui_message_stream import UIMessageStream

if TYPE_CHECKING:
    from chat.protocols import Encoder

GOLDEN = Path(__file__).parent / "golden"
PROTOCOLS = ("data-stream", "ui-message-stream", "sse", "text")


@dataclass(frozen=True)
class WholeAnswer:
    """The parts of an answer, and what of the request a UI message stream depends on.

    `since`: the first major version of the AI SDK that takes the UI message stream.
    """

    parts: list[Part]
    continues: str | None = None
    denied: tuple[str, ...] = ()
    approvals: bool = False
    since: int = 5

    def encoder(self, protocol: str) -> Encoder:
        match protocol:
            case "data-stream":
                return DataStream("msg-golden")
            case "ui-message-stream":
                return UIMessageStream(
                    continues=self.continues, denied=self.denied, approvals=self.approvals, prefix="golden-"
                )
            case "sse":
                return EventStream()
            case _:
                return PlainText()

    def encoded(self, protocol: str) -> bytes:
        """The bytes, one batch for each part."""
        encoder = self.encoder(protocol)
        return b"".join(encoder.encode([part]) for part in self.parts)

    @property
    def protocols(self) -> tuple[str, ...]:
        """The protocols in which it can be told: a further round is the UI message stream's own."""
        return ("ui-message-stream",) if self.denied else PROTOCOLS


WHOLE_ANSWERS = {
    "text": WholeAnswer(
        [TextDelta("Grüße"), TextDelta(",\n"), TextDelta('"Welt"'), Finish("stop", Usage(12, 3))]
    ),
    "empty": WholeAnswer([Finish("content-filter")]),
    "reasoning": WholeAnswer(
        [
            *(ReasoningDelta("Let me "), ReasoningDelta("think."), ReasoningSignature("c2ln")),
            *(RedactedReasoning("cmVk"), TextDelta("42"), Finish("stop", Usage(5, 40))),
        ]
    ),
    "beside-the-text": WholeAnswer(
        [
            *(Data({"progress": 0.5}, "progress", "p", transient=True), TextDelta("As ")),
            *(Source("s1", "https://example.com/", "Example"), TextDelta("said:")),
            *(DocumentSource("s2", "application/pdf", "Report", "report.pdf"), File("iVBO", "image/png")),
            *(
                TextDelta("that."),
                Data([1, 2]),
                Data({"degrees": 21}, "weather", "w"),
                Annotation({"seen": 1}),
            ),
            Finish("stop", Usage(9, 9)),
        ]
    ),
    "page-tool": WholeAnswer(
        [
            *(TextDelta("Let me see."), ToolCallStart("call_1", "weather")),
            *(ToolCallDelta("call_1", '{"city":'), ToolCallDelta("call_1", '"Bern"}')),
            *(ToolCall("call_1", "weather", {"city": "Bern"}), TextDelta("\n"), TextDelta("One moment.")),
            Finish("tool-calls", Usage(30, 11)),
        ]
    ),
    "further-round": WholeAnswer([TextDelta("Sunny."), Finish("stop", Usage(40, 2))], continues="msg-1"),
    "backend-tools": WholeAnswer(
        [
            *(ToolCall("call_1", "search", {"q": "a"}), ToolCall("call_2", "search", {"q": "b"})),
            *(ToolResult("call_1", {"hits": [1, None]}), ToolError("call_2", "The index is offline.")),
            *(StepFinish("tool-calls", Usage(10, 5)), TextDelta("Found one."), Finish("stop", Usage(20, 3))),
        ]
    ),
    "unusable-call": WholeAnswer(
        [
            ToolInputError("call_1", "weather", '{"city": "Be', "The arguments are not JSON."),
            Finish("tool-calls"),
        ]
    ),
    "cut-call": WholeAnswer(
        [ToolCallStart("call_1", "weather"), ToolCallDelta("call_1", '{"ci'), Finish("length", Usage(8, 8))]
    ),
    "approval": WholeAnswer(
        [
            *(ToolCall("call_1", "delete", {"path": "/a"}), ToolApprovalRequest("call_1", "approval_1")),
            Finish("tool-calls", Usage(3, 4)),
        ],
        approvals=True,
        since=6,
    ),
    "denied": WholeAnswer(
        [ToolDenied("call_1"), TextDelta("Then not."), Finish("stop", Usage(5, 2))],
        continues="msg-1",
        denied=("call_1",),
        approvals=True,
        since=6,
    ),
    "broken-off": WholeAnswer(
        [TextDelta("Half an ans"), Error("The model's answer broke off. (error id 0f)")]
    ),
    "failed-at-once": WholeAnswer([Error("The model is rate limited. Try again in a moment.")]),
    "stopped": WholeAnswer([TextDelta("Once upon"), ToolCall("call_1", "weather", {}), Abort()]),
}


def history(answer: WholeAnswer) -> list[dict[str, Any]] | None:
    """The page's messages in front of an answer that continues one."""
    if answer.continues is None:
        return None
    output: dict[str, Any] = (
        {"state": "approval-responded", "approval": {"id": "approval_1", "approved": False}}
        if answer.denied
        else {"state": "output-available", "output": "sun"}
    )
    tool = {"type": "tool-weather", "toolCallId": "call_1", "input": {}, **output}
    return [
        {"id": "question", "role": "user", "parts": [{"type": "text", "text": "Weather?"}]},
        {"id": answer.continues, "role": "assistant", "parts": [{"type": "step-start"}, tool]},
    ]


def golden_file(name: str, protocol: str) -> Path:
    return GOLDEN / f"{name}.{protocol}.txt"


if __name__ == "__main__":
    for file in GOLDEN.glob("*.txt"):
        file.unlink()
    for name, answer in WHOLE_ANSWERS.items():
        for protocol in answer.protocols:
            golden_file(name, protocol).write_bytes(answer.encoded(protocol))
