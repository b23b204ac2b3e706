"""Faults at wish: what the platform or a client does to a function on a bad day, done on purpose.

`KIND` or `KIND@N`, in the request header `x-emulator-fault` for one invocation or as `--fault` for all. N counts
payload chunks: what the runtime sends as one HTTP chunk, the prelude and its delimiter not among them. An answer
that ends before its Nth chunk has the fault at its end, so that a fault that was asked for always comes.

Facts, with their sources:

- `timeout`: past the function's timeout the environment is killed; log, REPORT and the caller's error say so (AWS
  developer guide, "Lambda execution environment lifecycle"). Without N the answer is held back until the time has
  come; with N the time has come after N chunks.
- `kill`: out of memory, the kernel's SIGKILL. The caller reads `Runtime.ExitError` with "signal: killed", REPORT
  says `Error Type: Runtime.OutOfMemory` and as much memory as there is (DataDog/datadog-lambda-extension #776 has
  such records). Without N it comes when the runtime has taken the event.
- `gone`: 410 on the runtime's POST tells it that its invocation has timed out. This project's runtime goes on to the
  next; awslambdaric 4.2 exits, as after every answer that is no success, and is started anew. Without N the POST is
  refused at its head. The connection is closed after the 410: the rest of the body is not read.
- `slow-reader`: a client that reads at a trickle. Lambda keeps little for it, so the function's sends block. Here a
  kilobyte a second is taken, after N chunks; a buffered answer is not slowed, as the platform takes it whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

HEADER = "x-emulator-fault"
_FORM = re.compile(r"([a-z-]+)(?:@([0-9]{1,9}))?")


class FaultError(ValueError):
    """The text names no fault; the message says which there are."""


class FaultKind(Enum):
    """What can go wrong; the values are what a user writes."""

    TIMEOUT = "timeout"
    KILL = "kill"
    GONE = "gone"
    SLOW_READER = "slow-reader"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `after` is a number of payload chunks; None is the kind's own moment, before any."""

    kind: FaultKind
    after: int | None = None

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read `KIND` or `KIND@N`.

        Raises:
            FaultError: it is neither.
        """
        match = _FORM.fullmatch(text.strip())
        kinds = {kind.value: kind for kind in FaultKind}
        if match is None or match[1] not in kinds:
            raise FaultError(
                f"{text!r} is no fault; write one of {', '.join(kinds)}, with @N to have it after N chunks "
                "of the payload, for example kill@3."
            )
        return cls(kinds[match[1]], None if match[2] is None else int(match[2]))

    def __str__(self) -> str:
        return self.kind.value if self.after is None else f"{self.kind.value}@{self.after}"
