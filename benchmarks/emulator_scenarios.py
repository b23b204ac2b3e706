"""What is measured of an emulator: how much later a token arrives by it, alone and in a crowd."""

from __future__ import annotations

import itertools
import statistics
from typing import TYPE_CHECKING, Final

from benchmarks import streams
from benchmarks.answer import Question
from benchmarks.emulators import BARE, CARGO_LAMBDA, OURS, RIE, Emulator
from benchmarks.processes import cpu_time
from benchmarks.scenarios import Numbers, Scenario, p99
from benchmarks.stand import WrongAnswerError
from benchmarks.subjects import Subject

if TYPE_CHECKING:
    from benchmarks.emulators import Local
    from benchmarks.stand import Stand

STREAMS: Final = 50
_RELAYED: Final = Question(events=300, pace=0.01)
_CROWDED: Final = Question(events=100, pace=0.05)
_MS: Final = 1e-6
_US: Final = 1e-3


def relay(stand: Stand, way: Subject | Emulator) -> Numbers:
    """A token every 10 ms: how long each is on its way from the function to who reads it."""
    if isinstance(way, Subject):
        with stand.start(way, "http") as running:
            stand.ask(running, Question(events=20, pace=0.01))
            seen = stand.ask(running, _RELAYED)
        return _of_delays("relay", [arrived - made for _, made, _, arrived in seen.tokens])
    with way.run(stand.function_python, 1) as local:
        _ask(way, local, Question(events=20, pace=0.01), 1)
        before = cpu_time(local.pid)
        [answer] = _ask(way, local, _RELAYED, 1)
        spent = cpu_time(local.pid) - before
    return _of_delays("relay", answer.delays) | {"relay_cpu_us": spent * _US / _RELAYED.events}


def crowd(stand: Stand, emulator: Emulator) -> Numbers:
    """Fifty streams at once, each with a token every 50 ms: what the slowest reader saw."""
    with emulator.run(stand.function_python, STREAMS) as local:
        # The environments start with their first invocations, which last until the last of them has begun.
        _ask(emulator, local, _CROWDED, STREAMS)
        before = cpu_time(local.pid)
        answers = _ask(emulator, local, _CROWDED, STREAMS)
        spent = cpu_time(local.pid) - before
    delays = list(itertools.chain.from_iterable(answer.delays for answer in answers))
    return _of_delays("crowd", delays) | {
        "crowd_gap_ms": max(answer.longest_gap for answer in answers) * _MS,
        "crowd_first_ms": max(answer.tokens[0][1] - answer.sent for answer in answers) * _MS,
        "crowd_cpu_us": spent * _US / (STREAMS * _CROWDED.events),
    }


RELAY: Final[Scenario[Subject | Emulator]] = Scenario("relay", 5, relay, (BARE, OURS, CARGO_LAMBDA, RIE))
CROWD: Final[Scenario[Emulator]] = Scenario("crowd", 3, crowd, (OURS, CARGO_LAMBDA))


def _ask(emulator: Emulator, local: Local, question: Question, count: int) -> list[streams.Answer]:
    try:
        return streams.read(local.url, emulator.body(question), question, count)
    except (streams.BrokenStreamError, OSError) as error:
        raise WrongAnswerError(str(error)) from error


def _of_delays(scenario: str, delays: list[int]) -> Numbers:
    return {f"{scenario}_p50_ms": statistics.median(delays) * _MS, f"{scenario}_p99_ms": p99(delays) * _MS}
