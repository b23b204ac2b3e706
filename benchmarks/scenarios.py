"""What is measured of a function: each scenario asks one subject once and tells the numbers of that round."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from benchmarks.answer import Question
from benchmarks.processes import peak_memory
from benchmarks.subjects import ALL, Subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.stand import Arrivals, Scheme, Stand
    from benchmarks.subjects import Running

Numbers = dict[str, float]
"""The numbers of one round, under the names of `benchmarks.report.ROWS`."""

C = TypeVar("C")
"""What a scenario compares: what stands in the columns of its table."""

EVENTS: Final = 20_000
LAMBDA_RATE: Final = 2_000_000  # bytes a second, after the first 6 MB (AWS quotas, response streaming)
_MS: Final = 1e-6
_US: Final = 1e-3
_MB: Final = 1e-6


@dataclass(frozen=True)
class Scenario(Generic[C]):
    """`measure` runs one round for one of `compared`; their rounds alternate."""

    name: str
    rounds: int
    measure: Callable[[Stand, C], Numbers]
    compared: tuple[C, ...]


def cold(stand: Stand, subject: Subject) -> Numbers:
    """From the start of the process to the first line of content, the event waiting from the beginning."""
    return _cold(stand, subject, "https", acknowledge=True)


def cold_delayed(stand: Stand, subject: Subject) -> Numbers:
    """The same where acknowledgements are delayed as Linux does it, so that Nagle's algorithm waits for them."""
    measured = _cold(stand, subject, "https", acknowledge=False)
    return {"cold_nagle_ms": measured["cold_ms"]}


def _cold(stand: Stand, subject: Subject, scheme: Scheme, *, acknowledge: bool) -> Numbers:
    # The second token comes late: until then nothing else is charged to the first.
    question = Question(events=2, pace=0.05)
    stand.offer(question, acknowledge=acknowledge)
    with stand.start(subject, scheme) as running:
        stand.watch(running)
        seen = stand.collect(question)
        return {
            "cold_ms": (seen.first - running.started) * _MS,
            "cold_cpu_ms": seen.cpu[0] * _MS,
            "cold_memory_mb": peak_memory(running.application) * _MB,
        } | _adapter("cold_adapter_cpu_ms", seen.cpu, _MS)


def burst(stand: Stand, subject: Subject) -> Numbers:
    """20,000 tokens, as fast as the function takes them."""
    question = Question(events=EVENTS, size=8)
    numbers: Numbers = {}
    for scheme, suffix in (("http", ""), ("https", "_tls")):
        with stand.start(subject, scheme) as running:  # type: ignore[arg-type]  # mypy widens the tuples' literals
            stand.ask(running, Question(events=EVENTS // 10, size=8))
            before = running.cpu()
            seen = stand.ask(running, question)
            spent = _spent(running, before)
            numbers |= {
                f"burst{suffix}_cpu_us": spent[0] * _US / EVENTS,
                f"burst{suffix}_ms": (seen.end - seen.sent) * _MS,
                f"burst{suffix}_memory_mb": peak_memory(running.application) * _MB,
            } | _adapter(f"burst{suffix}_adapter_cpu_us", [cpu / EVENTS for cpu in spent], _US)
    return numbers


def warm(stand: Stand, subject: Subject) -> Numbers:
    """Requests to a process that is up and has its connections; the model takes 100 ms to its first token."""
    question = Question(events=20, delay=0.1)
    requests = 15
    with stand.start(subject, "https") as running:
        for _ in range(3):
            stand.ask(running, question)
        before = running.cpu()
        seen = [stand.ask(running, question) for _ in range(requests)]
        spent = [cpu / requests for cpu in _spent(running, before)]
        delayed = [stand.ask(running, Question(events=20), acknowledge=False) for _ in range(5)]
    return {
        "warm_ms": statistics.median(map(_overhead, seen)) * _MS,
        "warm_end_ms": statistics.median(map(_whole, seen)) * _MS,
        "warm_cpu_ms": spent[0] * _MS,
        "warm_nagle_ms": statistics.median(map(_overhead, delayed)) * _MS,
    } | _adapter("warm_adapter_cpu_ms", spent, _MS)


def pace(stand: Stand, subject: Subject) -> Numbers:
    """A token every 10 ms: how long each is on its way through the function."""
    question = Question(events=300, pace=0.01)
    with stand.start(subject, "https") as running:
        stand.ask(running, Question(events=20, pace=0.01))
        before = running.cpu()
        seen = stand.ask(running, question)
        spent = [cpu / question.events for cpu in _spent(running, before)]
        delayed = stand.ask(running, Question(events=100, pace=0.01), acknowledge=False)
    late = _delays(seen)
    return {
        "pace_p50_ms": statistics.median(late) * _MS,
        "pace_p99_ms": p99(late) * _MS,
        "pace_cpu_us": spent[0] * _US,
        "pace_nagle_p99_ms": p99(_delays(delayed)) * _MS,
    } | _adapter("pace_adapter_cpu_us", spent, _US)


def memory(stand: Stand, subject: Subject) -> Numbers:
    """An answer of 20 MB after small ones, read at once and at Lambda's rate."""
    numbers: Numbers = {}
    question = Question(events=EVENTS, size=1000)
    for name, rate in (("growth_mb", None), ("growth_slow_mb", LAMBDA_RATE)):
        with stand.start(subject, "https") as running:
            for _ in range(3):
                stand.ask(running, Question(events=100, size=1000))
            before = peak_memory(running.application)
            stand.ask(running, question, bytes_per_second=rate)
            numbers[name] = (peak_memory(running.application) - before) * _MB
            numbers["memory_mb"] = max(numbers.get("memory_mb", 0), peak_memory(running.application) * _MB)
    return numbers


SCENARIOS: Final[tuple[Scenario[Subject], ...]] = (
    Scenario("cold", 12, cold, ALL),
    Scenario("cold_nagle", 5, cold_delayed, ALL),
    Scenario("burst", 5, burst, ALL),
    Scenario("warm", 3, warm, ALL),
    Scenario("pace", 5, pace, ALL),
    Scenario("memory", 1, memory, ALL),
)


def _adapter(name: str, cpu: list[float] | list[int], unit: float) -> Numbers:
    return {name: cpu[1] * unit} if len(cpu) > 1 else {}


def _spent(running: Running, before: list[int]) -> list[int]:
    """CPU time since, with what the processes still do after an answer's end."""
    time.sleep(0.05)
    return [after - at_first for after, at_first in zip(running.cpu(), before, strict=True)]


def _overhead(seen: Arrivals) -> float:
    """From the event to the first line of content, less the time that the model took."""
    _, made, received, arrived = seen.tokens[0]
    return (arrived - seen.sent) - (made - received)


def _whole(seen: Arrivals) -> float:
    """From the event to the response's end, less the time from the model's request to its last token."""
    _, made, received, _ = seen.tokens[-1]
    return (seen.end - seen.sent) - (made - received)


def _delays(seen: Arrivals) -> list[int]:
    return [arrived - made for _, made, _, arrived in seen.tokens]


def p99(values: list[int]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(values, n=100)[98]
