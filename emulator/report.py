"""What Lambda writes to the log of an environment about it: START, END, REPORT, INIT_REPORT, and why it failed.

Facts, with their sources:

- The lines are CloudWatch's. Since August 2025 init is billed for every function, so `Billed Duration` contains it.
- A failed init has an INIT_REPORT with its phase, before START; a good one has none, REPORT tells its duration (logs
  in public issues, for example aws-lambda-dotnet's on `Runtime.InvalidEntrypoint`).
- REPORT ends with `Status` and `Error Type` where the platform itself ended the invocation.
- Where the invocation is sampled REPORT is followed by its X-Ray trace (AWS developer guide, "Working with Lambda
  function logs").
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Literal

from emulator.invocation import FunctionError, Invocation

TIMED_OUT = "Sandbox.Timedout"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the platform ended an init or an invocation.

    `message` is its sentence, `reported` the runtime's own error, if it told one; `report_type` is the error type in
    REPORT where that is not what the caller reads.
    """

    error_type: str
    message: str = ""
    reported: FunctionError | None = None
    report_type: str = ""

    @classmethod
    def timeout(cls, seconds: float) -> Failure:
        """The time is up."""
        return cls(TIMED_OUT, f"Task timed out after {seconds:.2f} seconds")

    @property
    def status(self) -> str:
        """Its words in REPORT and INIT_REPORT."""
        if self.error_type == TIMED_OUT:
            return "Status: timeout"
        return f"Status: error\tError Type: {self.report_type or self.error_type}"

    def as_answer(self, request_id: str) -> FunctionError:
        """What the caller of an invocation reads."""
        if self.reported is not None:
            return self.reported
        return FunctionError.of(self.error_type, f"RequestId: {request_id} Error: {self.message}")

    def lines(self, request_id: str) -> list[str]:
        """What the log says of it."""
        if self.reported is not None:
            return []
        if self.error_type == TIMED_OUT:
            return [f"{_timestamp()} {request_id} {self.message}"]
        return [f"RequestId: {request_id} Error: {self.message}", self.error_type]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an invocation went; milliseconds and MB. `init_ms` is of an init before it, `memory_mb` None if unknown."""

    duration_ms: float
    failure: Failure | None = None
    memory_mb: int | None = None
    init_ms: float | None = None


def start_line(invocation: Invocation, version: str) -> str:
    """`START …`."""
    return f"START RequestId: {invocation.request_id} Version: {version}"


def init_report(phase: Literal["init", "invoke"], duration_ms: float, failure: Failure) -> str:
    """`INIT_REPORT …`, of an init that failed."""
    return f"INIT_REPORT Init Duration: {duration_ms:.2f} ms\tPhase: {phase}\t{failure.status}"


def end_lines(invocation: Invocation, outcome: Outcome, memory_size: int) -> list[str]:
    """`END …`, `REPORT …` and, of a sampled invocation, `XRAY …`."""
    fields = [
        f"REPORT RequestId: {invocation.request_id}",
        f"Duration: {outcome.duration_ms:.2f} ms",
        f"Billed Duration: {math.ceil(outcome.duration_ms + (outcome.init_ms or 0))} ms",
        f"Memory Size: {memory_size} MB",
    ]
    if outcome.memory_mb is not None:
        fields.append(f"Max Memory Used: {outcome.memory_mb} MB")
    if outcome.init_ms is not None:
        fields.append(f"Init Duration: {outcome.init_ms:.2f} ms")
    if outcome.failure is not None:
        fields.append(outcome.failure.status)
    lines = [f"END RequestId: {invocation.request_id}", "\t".join(fields)]
    trace = dict(part.partition("=")[::2] for part in invocation.trace_id.split(";"))
    if trace.get("Sampled") == "1":
        ids = f"XRAY TraceId: {trace.get('Root', '')}\tSegmentId: {trace.get('Parent', '')}"
        lines.append(f"{ids}\tSampled: true")
    return lines


def _timestamp() -> str:
    """Now, as it stands before the line of a timeout."""
    now = time.time()
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now * 1000) % 1000:03}Z"
