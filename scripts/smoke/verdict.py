"""Whether an answer streamed, judged by when its lines arrived. Does no I/O.

What a client can know is when lines arrived, not when they were written. So:

- Lines that arrive less than a millisecond apart arrived in one *moment*: they came in one read, or in reads with
  nothing but this program's own work between them.
- A function that streams writes a line as soon as a token is there, and writes tokens that came together as one line.
  A moment of many lines (a *lump*) is therefore a sign that something on the way collected them. One or a few such
  moments happen to anyone; the answer is judged by where most of its lines arrived.
- All in lumps, within a short last part of the whole time: held until the end. In lumps over the whole time: held in
  a buffer that is handed on when it is full.
- An answer of a few words, or one that was there before a model could have written it, looks the same either way.
"""

from __future__ import annotations

import itertools
import statistics
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOMENT = 0.001
"""Seconds. The network needs more between two segments unless they were sent together."""

LUMP = 8
"""Lines of one moment from which on it is a lump. A busy machine or a slow link joins a few."""

ENOUGH_LINES = 20
"""Lines that an answer needs to be judged by lumps; with fewer, by whether they came in several moments."""

FEWEST_LINES = 5
"""Lines from which on one moment for all of them is no accident."""

MODEL_SECONDS = 0.3
"""What the fastest model needs for an answer of some hundred tokens; one that was there sooner was not written."""

BURST_SHARE = 0.1
"""Part of the whole time in which a held answer arrives. Long ones need some round trips of the network."""


class Flow(Enum):
    """How an answer came."""

    STREAMED = "streamed"
    LUMPS = "in lumps"
    HELD = "held until the end"
    UNCLEAR = "too short to tell"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`flow`, and the observation that it rests on, a clause to go on from."""

    flow: Flow
    because: str


@dataclass(frozen=True, slots=True)
class Gaps:
    """Seconds between one line and the next."""

    median: float
    p95: float
    longest: float


def gaps(tokens: Sequence[float]) -> Gaps | None:
    """The pauses between lines; None where there are none."""
    pauses = [later - earlier for earlier, later in itertools.pairwise(tokens)]
    if not pauses:
        return None
    p95 = statistics.quantiles(pauses, n=20, method="inclusive")[-1] if len(pauses) > 1 else pauses[0]
    return Gaps(statistics.median(pauses), p95, max(pauses))


def moments(tokens: Sequence[float]) -> list[int]:
    """How many lines arrived in each moment."""
    counts: list[int] = []
    last: float | None = None
    for at in tokens:
        if last is None or at - last >= MOMENT:
            counts.append(0)
        counts[-1] += 1
        last = at
    return counts


def judge(tokens: Sequence[float], ended: float) -> Verdict:
    """Judge an answer by the arrivals of its lines (seconds since the request, rising) and when it ended."""
    counts = moments(tokens)
    lines, times = len(tokens), len(counts)
    spread = tokens[-1] - tokens[0] if tokens else 0.0
    if lines >= ENOUGH_LINES:
        streamed = sum(count for count in counts if count >= LUMP) < lines / 2
    else:
        # A model that sends long pieces: few lines, and each at a moment of its own.
        streamed = times >= 4 and times >= lines / 2 and spread > BURST_SHARE * ended
    if streamed:
        lump = f", {max(counts)} of them at once" if max(counts) >= LUMP else ""
        return Verdict(
            Flow.STREAMED, f"{lines} lines of text arrived at {times} moments over {_ms(spread)}{lump}"
        )
    if ended < MODEL_SECONDS or lines < (FEWEST_LINES if times < 2 else ENOUGH_LINES):
        return Verdict(
            Flow.UNCLEAR, f"{lines} lines of text within {_ms(ended)} look the same held back or not"
        )
    if spread <= BURST_SHARE * ended:
        within = "in one moment" if times < 2 else f"within {_ms(spread)}"
        return Verdict(
            Flow.HELD, f"all {lines} lines of text arrived {within}, after {_ms(tokens[0])} without any"
        )
    return Verdict(
        Flow.LUMPS,
        f"{lines} lines of text arrived at only {times} moments, up to {max(counts)} of them at once",
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"
