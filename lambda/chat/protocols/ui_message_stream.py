"""The AI SDK's UI message stream, which useChat of ai@5, 6 and 7 reads.

Facts, each from the clients, ai 5.0.0, 5.0.277, 6.0.0, 6.0.326, 7.0.0 and 7.0.173 (`uiMessageChunkSchema`,
`processUIMessageStream`, `AbstractChat`); `tests/chat/protocols/` holds this encoder against all of them:

- 5.0.0 and 6.0.0 check strictly: one field or type that they do not know ends the stream. So `finish` has no
  `finishReason`, `abort` no `reason`, and a call whose arguments cannot be used is not `tool-input-error`, which 5.0.0
  does not know, but a call that has begun and has failed. It is never `tool-input-available`: the page would run it.
- A delta or end of a text or reasoning part that is not open throws; so does `tool-input-delta` without its start,
  and an output, an approval or a denial without its call.
- `start` names the message: of a further round, the one that it continues. Without parts there is no message, so an
  error that comes first stands alone.
- 6.0.326 and 7.0.173 look for the call of a `tool-input-delta` or `-available` in the open step alone: a step stays
  open while arguments come. Results are looked for in the whole message.
- `finish-step` forgets which text is open, and what is open at the end looks for ever as if more came. The newest of
  each line keep the ids of reasoning in the message, which several rounds make up.
- The page posts a further round by itself (`sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithToolCalls`) when
  all calls behind the last `start-step` have an output; errors count as one from 5.0.277 on. So text behind a call
  that waits for the page stays in its step, and an answer that wants no further round ends in a step without calls.
  5.0.0 posts again after errors too, the same round for ever. The page learns of a step only with what it shows
  next; `message-metadata` is enough.
- `error` ends the reading: nothing behind it is seen.
- Metadata is merged into that of the message, lists in it are replaced. So annotations are data parts, which add up.
- `providerMetadata` is the place of a reasoning's signature (`anthropic.signature`, `anthropic.redactedData`: the
  names of @ai-sdk/anthropic, whose models alone have them); all versions take it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar, assert_never

from chat.json_text import encode_text, sound_text
from chat.parts import (
    Abort,
    Annotation,
    Data,
    DocumentSource,
    Error,
    File,
    Finish,
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
)
from chat.protocols import PartOrderError, events, named
from chat.protocols.calls import Calls, CallState, OutOfPlaceError
from chat.protocols.events import event, told_usage
from chat.protocols.totals import TotalUsage
from chat.protocols.ui_chunks import content_chunk, data_chunk, input_chunks, outcome_chunks, output_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chat.parts import Part, Terminal, ToolPart

_START_STEP = event({"type": "start-step"})
_FINISH_STEP = event({"type": "finish-step"})
_DONE = b"data: [DONE]\n\n"
_CUT_OFF = "The answer ended before this call was complete."
# An error in the input of a call is the model's to correct, in a further round; any other reason ends the matter.
_WANTS_ROUND = "tool-calls"


class UIMessageStream:
    """One answer as a UI message stream, ended by `[DONE]`.

    That is `start (start-step … finish-step)* finish`, or `error` or `abort` in place of `finish`. Text and reasoning
    open and close by themselves, steps as well; what cannot be repaired is a `PartOrderError`.
    """

    content_type: ClassVar[str] = events.CONTENT_TYPE
    headers: ClassVar[Mapping[str, str]] = {**events.HEADERS, "X-Vercel-AI-UI-Message-Stream": "v1"}

    def __init__(
        self,
        *,
        continues: str | None = None,
        denied: Iterable[str] = (),
        approvals: bool = False,
        prefix: str | None = None,
    ) -> None:
        """A new answer.

        Args:
            continues: the id of the assistant's message that this answer continues.
            denied: ids of calls in that message which the user did not allow.
            approvals: the client is ai@6 or later, and takes requests for approval.
            prefix: of the ids of text and reasoning; made here if not given, for an answer that continues another.
        """
        self._continues = continues
        self._continued = continues is not None or bool(denied)
        self._approvals = approvals
        self._prefix = prefix or (f"{os.urandom(4).hex()}-" if self._continued else "")
        self._calls = Calls(denied)
        self._usage = TotalUsage()
        self._ended = False
        self._begun = False  # `start` has been sent
        self._shown = False  # the page shows a message
        self._step_open = False
        self._step_calls: list[str] = []  # that have begun in the open step
        self._input_failed = False  # one of them could not be read
        self._last_step_called = self._continued  # the page would post again for the last step, as it stands
        self._block = ""  # what is open: "text", "reasoning" or neither
        self._block_id = ""
        self._blocks = 0
        self._delta = b""  # the event of a delta of it, up to its text
        self._blanks = ""  # text after a tool call that shows nothing yet

    @property
    def ended(self) -> bool:
        """Whether `[DONE]` has been encoded."""
        return self._ended

    def heartbeat(self) -> bytes:
        """A comment."""
        return b"" if self._ended else events.HEARTBEAT

    def encode(self, parts: Iterable[Part]) -> bytes:
        """The events of some parts.

        Raises:
            PartOrderError: see the class.
        """
        out: list[bytes] = []
        for part in parts:
            if self._ended:
                raise PartOrderError(f"{named(part)} came after the end of the answer.", b"".join(out))
            match part:
                case TextDelta():
                    self._write_text(part.text, out)
                case ReasoningDelta():
                    self._write_reasoning(part.text, out)
                case StepFinish():
                    self._finish_step(part, out)
                case Finish() | Error() | Abort():
                    self._finish(part, out)
                case (
                    ToolCallStart()
                    | ToolCallDelta()
                    | ToolCall()
                    | ToolInputError()
                    | ToolResult()
                    | ToolError()
                    | ToolApprovalRequest()
                    | ToolDenied()
                ):
                    self._write_tool(part, out)
                case _:
                    self._write_beside(part, out)
        return b"".join(out)

    def _write_text(self, text: str, out: list[bytes]) -> None:
        if self._block != "text":
            if self._step_open and self._step_calls:
                text = self._blanks + text
                if not text or text.isspace():
                    self._blanks = text
                    return
                self._blanks = ""
                if self._called_again():
                    self._close_step(out)
            if not text:
                return
            self._open_block("text", out)
        if text:
            out.append(self._delta + encode_text(text) + b"}\n\n")

    def _write_reasoning(self, text: str, out: list[bytes]) -> None:
        if not text:
            return
        if self._block != "reasoning":
            if self._step_open and self._called_again():
                self._close_texts(out)
                self._close_step(out)
            self._open_block("reasoning", out)
        out.append(self._delta + encode_text(text) + b"}\n\n")

    def _write_tool(self, part: ToolPart, out: list[bytes]) -> None:
        try:
            before = self._calls.take(part)
        except OutOfPlaceError as error:
            raise PartOrderError(str(error), b"".join(out)) from None
        match part:
            case ToolCallStart() | ToolCallDelta() | ToolCall() | ToolInputError():
                if before is None:
                    self._open_step(out)
                    self._step_calls.append(part.call_id)
                    self._last_step_called = True
                self._input_failed |= isinstance(part, ToolInputError)
                chunks = input_chunks(part, begun=before is not None)
            case ToolResult() | ToolError() | ToolApprovalRequest() | ToolDenied():
                self._begin(out)
                chunks = outcome_chunks(part, approvals=self._approvals)
        self._close_block(out)
        self._shown = True
        out += map(event, chunks)

    def _write_beside(
        self,
        part: RedactedReasoning | ReasoningSignature | Source | DocumentSource | File | Data | Annotation,
        out: list[bytes],
    ) -> None:
        match part:
            case Data() | Annotation():
                self._begin(out)
                self._shown |= isinstance(part, Annotation) or not part.transient
                out.append(event(data_chunk(part)))
            case Source() | DocumentSource() | File():
                self._open_step(out)
                if isinstance(part, File):
                    self._close_block(out)  # it stands between the texts; sources belong to all of them
                self._shown = True
                out.append(event(content_chunk(part)))
            case ReasoningSignature():
                if self._block != "reasoning":
                    self._open_block("reasoning", out)
                self._close_block(out, {"signature": part.signature})
            case RedactedReasoning():
                self._open_block("reasoning", out)
                self._close_block(out, {"redactedData": part.data})
            case _:
                assert_never(part)

    def _finish_step(self, part: StepFinish, out: list[bytes]) -> None:
        """End a call of the model; one that said nothing has a step as well."""
        self._usage.add(part)
        self._open_step(out)
        self._close_texts(out)
        if not self._calls_in(CallState.STARTED):
            self._close_step(out)

    def _finish(self, part: Terminal, out: list[bytes]) -> None:
        match part:
            case Finish():
                self._usage.add(part)
                self._open_step(out)
                wants_round = self._input_failed and part.reason == _WANTS_ROUND
                self._end_steps(out, posts_again=wants_round or self._waits_for_the_page())
                metadata = {"finishReason": part.reason, **told_usage(self._usage.known)}
                out.append(event({"type": "finish", "messageMetadata": metadata}))
            case Abort():
                self._break_off("other", out)
                out.append(event({"type": "abort"}))
            case Error():
                self._break_off("error", out)
                out.append(event({"type": "error", "errorText": sound_text(part.message)}))
        out.append(_DONE)
        self._ended = True

    def _break_off(self, reason: str, out: list[bytes]) -> None:
        """End a message, if there is one, so that nothing in it waits and the page posts no further round."""
        if not (self._shown or self._continued):
            return
        self._begin(out)
        self._end_steps(out, posts_again=False)
        out.append(event({"type": "message-metadata", "messageMetadata": {"finishReason": reason}}))

    def _end_steps(self, out: list[bytes], *, posts_again: bool) -> None:
        self._close_texts(out)
        for call_id in self._calls_in(CallState.STARTED):
            self._calls.cut_off(call_id)
            out.append(event(output_error(call_id, _CUT_OFF)))
        if self._step_open:
            self._close_step(out)
        if self._last_step_called and not posts_again:
            self._open_step(out)
            self._close_step(out)

    def _called_again(self) -> bool:
        """Whether what comes is of a further call of the model: it has the answers of all calls in this step."""
        return bool(self._step_calls) and len(self._calls_in(CallState.ANSWERED)) == len(self._step_calls)

    def _waits_for_the_page(self) -> bool:
        return bool(self._calls_in(CallState.COMPLETE) or self._calls_in(CallState.ASKED))

    def _calls_in(self, state: CallState) -> list[str]:
        return [call_id for call_id in self._step_calls if self._calls.state(call_id) is state]

    # What opens and closes

    def _begin(self, out: list[bytes]) -> None:
        if not self._begun:
            self._begun = True
            named = {} if self._continues is None else {"messageId": self._continues}
            out.append(event({"type": "start", **named}))

    def _open_step(self, out: list[bytes]) -> None:
        if not self._step_open:
            self._begin(out)
            self._step_open = True
            self._last_step_called = self._input_failed = False
            self._step_calls = []
            out.append(_START_STEP)

    def _close_step(self, out: list[bytes]) -> None:
        self._close_block(out)
        self._step_open = False
        out.append(_FINISH_STEP)

    def _open_block(self, kind: str, out: list[bytes]) -> None:
        self._open_step(out)
        self._close_block(out)
        self._blocks += 1
        self._block, self._block_id = kind, f"{self._prefix}{self._blocks}"
        self._shown = True
        out.append(event({"type": f"{kind}-start", "id": self._block_id}))
        self._delta = b'data: {"type":"%b-delta","id":"%b","delta":' % (
            kind.encode(),
            self._block_id.encode(),
        )

    def _close_block(self, out: list[bytes], metadata: dict[str, str] | None = None) -> None:
        if self._block:
            told = {"providerMetadata": {"anthropic": metadata}} if metadata else {}
            out.append(event({"type": f"{self._block}-end", "id": self._block_id, **told}))
            self._block = ""

    def _close_texts(self, out: list[bytes]) -> None:
        """Close what is open, with the blanks that wait for text which never came."""
        if self._blanks:
            blanks, self._blanks = self._blanks, ""
            self._open_block("text", out)
            out.append(self._delta + encode_text(blanks) + b"}\n\n")
        self._close_block(out)
