"""What is measured of an answer, and the one log line that tells it, however the answer ends.

The line is in CloudWatch's embedded metric format and costs its bytes in the log. CloudWatch charges each metric, that
is each name under each set of dimensions, $0.30 for a month in which it is told at all hours. A function has nine under
its own name, and one more for each kind of error that occurs.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, Final, Self

from chat.emf import Directive, Metric, document
from chat.failures import FailureKind, RequestError
from chat.generation import AnswerError
from chat.parts import (
    File,
    Finish,
    ReasoningDelta,
    RedactedReasoning,
    StepFinish,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStart,
)
from lambda_runtime import StreamClosed

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from chat.parts import FinishReason, Part
    from chat.requests import ChatRequest
    from lambda_runtime import LambdaContext

TIME_TO_FIRST_TOKEN: Final = Metric("TimeToFirstToken", "Milliseconds")
DURATION: Final = Metric("Duration", "Milliseconds")
INPUT_TOKENS: Final = Metric("InputTokens", "Count")
OUTPUT_TOKENS: Final = Metric("OutputTokens", "Count")
TOKENS_PER_SECOND: Final = Metric("TokensPerSecond", "Count/Second")
ANSWERS: Final = Metric("Answers", "Count")
ERRORS: Final = Metric("Errors", "Count")
DEADLINE_CUTS: Final = Metric("DeadlineCuts", "Count")
REJECTED_REQUESTS: Final = Metric("RejectedRequests", "Count")

MEANINGS: Final = {
    TIME_TO_FIRST_TOKEN: "from the event's arrival to the first token on the wire; in the buffered function, to the "
    "first that the model sent",
    DURATION: "from the event's arrival to the answer's end, failed answers included",
    INPUT_TOKENS: "tokens of the request, of all steps, where the model told them",
    OUTPUT_TOKENS: "tokens of the answer, of all steps, where the model told them; hidden reasoning counts",
    TOKENS_PER_SECOND: "tokens of the answer behind the first, over the time from the first to the last; only where "
    "that is 0.1 s at least",
    ANSWERS: "1 for each answer that was begun, whatever became of it",
    ERRORS: "1 for each answer that failed, 0 for each that did not",
    DEADLINE_CUTS: "1 for each answer that the invocation's deadline cut off, else 0; an error as well",
    REJECTED_REQUESTS: "1 for each request that was refused with a 4xx before it became an answer, else 0",
}
"""Every metric, and what it says; `docs/streaming-implementation.md` has them as a table."""

FUNCTION_NAME: Final = "FunctionName"
ERROR_KIND: Final = "ErrorKind"

STREAM_CLOSED: Final = "stream_closed"
"""The kind of error that has no words for a client: the platform takes no more of the answer."""

ERROR_KINDS: Final = (*(kind.name.lower() for kind in FailureKind), STREAM_CLOSED)
"""Every value of the dimension ErrorKind; the log's `errorKind` is the same word."""

DIRECTIVES: Final = (
    Directive((FUNCTION_NAME,), tuple(MEANINGS)),
    Directive((FUNCTION_NAME, ERROR_KIND), (ERRORS,)),
)

# What a model's tokens become. Sources, annotations and signatures are not made of them.
_TOKENS: Final = frozenset(
    {TextDelta, ReasoningDelta, RedactedReasoning, ToolCallStart, ToolCallDelta, ToolCall, File}
)
# Of a shorter time a rate says how the network packed the tokens, not how fast the model made them.
_SHORTEST_RATE: Final = 0.1

_INTERRUPTED: Final = FailureKind.INTERRUPTED.name.lower()

_log = logging.getLogger("chat")


class Measurement:
    """One answer as it is made; the block it is the context of ends with its line, if there is anything to tell.

    There is nothing to tell of a request that asked for no answer and was not refused: health, models, resuming.
    """

    def __init__(
        self,
        report: Callable[[dict[str, Any]], None] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`report` takes the line's members; `clock` is in seconds."""
        self._report = report
        self._clock = clock
        self._arrived = clock()
        self._model: str | None = None
        self._first_token: float | None = None
        self._last_token = 0.0
        self._input_tokens = self._output_tokens = 0
        self._tokens_known = True
        self._reason: FinishReason | None = None
        self._error_kind: str | None = None
        self._error_id: str | None = None
        self._rejected: int | None = None

    def begin(self, request: ChatRequest) -> None:
        """A model is about to be asked."""
        self._model = request.model

    def took(self, parts: list[Part]) -> None:
        """These parts have been written, or collected. This runs for each batch of tokens."""
        any_token = False
        for part in parts:
            if type(part) in _TOKENS:
                any_token = True
            elif isinstance(part, StepFinish | Finish):
                self._finish_step(part)
        if any_token:
            self._last_token = self._clock()
            if self._first_token is None:
                self._first_token = self._last_token

    def fail(self, error: BaseException) -> None:
        """The answer has failed, or its request is refused; the first of several reasons is the one that counts."""
        if self._rejected is not None or self._error_kind not in (None, _INTERRUPTED):
            return
        match error:
            case RequestError():
                self._rejected = error.status
            case AnswerError():
                self._error_kind, self._error_id = error.kind.name.lower(), error.error_id
            case StreamClosed():
                # Also behind an interruption: a heartbeat that nobody takes interrupts the answer.
                self._error_kind = STREAM_CLOSED
            case asyncio.CancelledError() | SystemExit() | KeyboardInterrupt():
                self._error_kind = _INTERRUPTED
            case _:
                self._error_kind = FailureKind.INTERNAL.name.lower()

    def members(self) -> dict[str, Any] | None:
        """The line's members but for the function's own; None if there is nothing to tell."""
        begun = self._model is not None
        failed, rejected = self._error_kind is not None, self._rejected is not None
        if not (begun or failed or rejected):
            return None
        members: dict[str, Any] = {
            ANSWERS.name: int(not rejected),
            ERRORS.name: int(failed),
            DEADLINE_CUTS.name: int(self._error_kind == FailureKind.DEADLINE.name.lower()),
            REJECTED_REQUESTS.name: int(rejected),
        }
        if not rejected:
            members[DURATION.name] = _milliseconds(self._clock() - self._arrived)
        if self._first_token is not None:
            members[TIME_TO_FIRST_TOKEN.name] = _milliseconds(self._first_token - self._arrived)
        if self._reason is not None and self._tokens_known:
            members[INPUT_TOKENS.name] = self._input_tokens
            members[OUTPUT_TOKENS.name] = self._output_tokens
            if (rate := self._tokens_per_second()) is not None:
                members[TOKENS_PER_SECOND.name] = rate
        beside = {
            ERROR_KIND: self._error_kind,
            "errorId": self._error_id,
            "status": self._rejected,
            "model": self._model,
            "finishReason": self._reason,
        }
        return members | {name: value for name, value in beside.items() if value is not None}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.fail(error)
        if self._report is not None and (members := self.members()) is not None:
            try:
                self._report(members)
            except Exception:  # noqa: BLE001 - the answer is what counts; it must not fail of this
                _log.exception("The metrics of an answer could not be written")

    def _finish_step(self, part: StepFinish | Finish) -> None:
        if part.usage is None:
            self._tokens_known = False
        else:
            self._input_tokens += part.usage.input_tokens
            self._output_tokens += part.usage.output_tokens
        if isinstance(part, Finish):
            self._reason = part.reason

    def _tokens_per_second(self) -> float | None:
        if self._first_token is None or self._output_tokens < 2:  # noqa: PLR2004 - the first only starts the clock
            return None
        seconds = self._last_token - self._first_token
        return round((self._output_tokens - 1) / seconds, 2) if seconds >= _SHORTEST_RATE else None


class Meter:
    """Measures the answers of this environment; writes nothing where there is no namespace."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._cold_start = True

    def measure(self, action: str, context: LambdaContext) -> Measurement:
        """Begin to measure, at the arrival of an event. `action` names what the function is there for."""
        cold_start, self._cold_start = self._cold_start, False
        if not self._namespace:
            return Measurement()

        def report(members: dict[str, Any]) -> None:
            told = {
                FUNCTION_NAME: context.function_name or "unknown",
                **members,
                "action": action,
                "coldStart": cold_start,
            }
            context.log_json(document(self._namespace, DIRECTIVES, told, time.time_ns() // 1_000_000))

        return Measurement(report)


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
