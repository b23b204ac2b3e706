"""The results as people read them: tables and goals in Markdown."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from benchmarks.goals import GOALS
from benchmarks.subjects import ALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from benchmarks.goals import Goal


@dataclass(frozen=True)
class Row:
    """A line of the table; `digits` behind the point, `name` as the scenarios give it."""

    name: str
    title: str
    unit: str
    digits: int = 0

    def show(self, value: float) -> str:
        """A number with its unit."""
        return f"{value:,.{self.digits}f} {self.unit}"


_SECTIONS: Final[tuple[tuple[str, tuple[Row, ...]], ...]] = (
    (
        "Cold start: process start to the first line of content, https, the model answers at once",
        (
            Row("cold_ms", "Time", "ms"),
            Row("cold_cpu_ms", "CPU", "ms"),
            Row("cold_adapter_cpu_ms", "CPU of the adapter, not counted above", "ms"),
            Row("cold_memory_mb", "Peak memory", "MB"),
            Row("cold_nagle_ms", "Time, where Nagle's algorithm plays its part", "ms"),
        ),
    ),
    (
        "Burst: 20,000 tokens as fast as they are taken",
        (
            Row("burst_cpu_us", "CPU per token, http", "µs", 1),
            Row("burst_tls_cpu_us", "CPU per token, https", "µs", 1),
            Row("burst_tls_adapter_cpu_us", "CPU per token of the adapter, not counted above", "µs", 1),
            Row("burst_ms", "Time for all, http", "ms"),
            Row("burst_tls_ms", "Time for all, https", "ms"),
            Row("burst_tls_memory_mb", "Peak memory, https", "MB"),
        ),
    ),
    (
        "Warm request, https, the model takes 100 ms to its first of 20 tokens",
        (
            Row("warm_ms", "Overhead to the first line of content", "ms", 2),
            Row("warm_end_ms", "Overhead to the end of the response", "ms", 2),
            Row("warm_cpu_ms", "CPU", "ms", 2),
            Row("warm_adapter_cpu_ms", "CPU of the adapter, not counted above", "ms", 2),
            Row(
                "warm_nagle_ms",
                "Overhead to the first line where the model answers at once, with Nagle",
                "ms",
                2,
            ),
        ),
    ),
    (
        "A token every 10 ms, https: from the model's write to the Runtime API",
        (
            Row("pace_p50_ms", "Delay of a token, median", "ms", 2),
            Row("pace_p99_ms", "Delay of a token, 99th percentile", "ms", 2),
            Row("pace_nagle_p99_ms", "The same, with Nagle", "ms", 2),
            Row("pace_cpu_us", "CPU per token", "µs"),
            Row("pace_adapter_cpu_us", "CPU per token of the adapter, not counted above", "µs"),
        ),
    ),
    (
        "An answer of 20 MB, https",
        (
            Row("memory_mb", "Peak memory", "MB"),
            Row("growth_mb", "Growth over the answer", "MB", 1),
            Row("growth_slow_mb", "Growth over the answer, read at 2 MB/s", "MB", 1),
        ),
    ),
)
ROWS: Final = {row.name: (section, row) for section, rows in _SECTIONS for row in rows}
_SUMMARY: Final = {
    "cold_ms": "Cold start: process start to the first line of content",
    "cold_cpu_ms": "CPU until then",
    "burst_tls_cpu_us": "CPU per token in a burst of 20,000",
    "warm_ms": "Warm request: overhead to the first line of content",
    "pace_p99_ms": "Delay of a token at 10 ms pace, 99th percentile",
    "memory_mb": "Peak memory, answer of 20 MB",
    "growth_slow_mb": "Growth over that answer, read at 2 MB/s",
}
_SHARES: Final = {1 / 2: "half", 1 / 4: "a quarter", 1 / 5: "a fifth"}

Results = dict[str, Any]
"""`machine` and `versions` (what was measured on and with), and `samples`: subject to row to its rounds' values."""


def medians(results: Results) -> dict[str, dict[str, float]]:
    """Subject to row to the median of its rounds."""
    return {
        subject: {row: statistics.median(values) for row, values in rows.items()}
        for subject, rows in results["samples"].items()
    }


def render(results: Results) -> str:
    """Everything, as Markdown."""
    middle = medians(results)
    machine, versions = results["machine"], results["versions"]
    lines = [
        f"Measured on {machine['date']}: {machine['cpu']}, {machine['cores']} cores, {machine['system']}."
    ]
    lines.append(f"With {', '.join(f'{name} {version}' for name, version in versions.items())}.")
    for section, rows in _SECTIONS:
        lines += _table(section, rows, middle)
    lines += _judged(GOALS, middle)
    return "\n".join(lines) + "\n"


def summarize(results: Results) -> str:
    """The few numbers that a README has room for, as Markdown."""
    middle = medians(results)
    subjects = [subject for subject in ALL if subject.name != "floor"]
    lines = [f"| | {' | '.join(subject.title for subject in subjects)} |", f"|---|{'---:|' * len(subjects)}"]
    for name, title in _SUMMARY.items():
        _, row = ROWS[name]
        cells = " | ".join(row.show(middle[subject.name][name]) for subject in subjects)
        lines.append(f"| {title} | {cells} |")
    machine, versions = results["machine"], results["versions"]
    lines.append("")
    lines.append(
        f"(a) and (b) stand behind Lambda Web Adapter {versions['Lambda Web Adapter']}, whose CPU and memory do not "
        f"count. Python {versions['Python']}, {machine['cpu']}, {machine['cores']} cores, {machine['date']}; "
        "`make bench` measures it where you are. All numbers, and how fair they are: "
        "[docs/benchmarks.md](docs/benchmarks.md)."
    )
    return "\n".join(lines) + "\n"


def missing(results: Results) -> list[str]:
    """The rows with a goal that some subject of the results lacks."""
    middle = medians(results)
    return sorted(
        {goal.row for goal in GOALS for subject in ALL if goal.row not in middle.get(subject.name, {})}
    )


def _table(section: str, rows: Iterable[Row], middle: Mapping[str, Mapping[str, float]]) -> list[str]:
    columns = [subject for subject in ALL if subject.name in middle]
    shown = [row for row in rows if any(row.name in middle[subject.name] for subject in columns)]
    if not shown:
        return []
    lines = ["", f"**{section}**", "", f"| | {' | '.join(subject.title for subject in columns)} |"]
    lines.append(f"|---|{'---:|' * len(columns)}")
    for row in shown:
        cells = (middle[subject.name].get(row.name) for subject in columns)
        lines.append(
            f"| {row.title} | {' | '.join('' if cell is None else row.show(cell) for cell in cells)} |"
        )
    return lines


def _judged(goals: Iterable[Goal], middle: Mapping[str, Mapping[str, float]]) -> list[str]:
    lines = []
    for goal in goals:
        verdict = goal.judge(middle)
        if verdict is None:
            continue
        section, row = ROWS[goal.row]
        word = "PASS" if verdict.reached else "FAIL"
        if goal.peer is None:
            wanted, found = f"under {row.show(goal.limit)}", row.show(verdict.value)
        else:
            share = _SHARES.get(goal.limit)
            at_most = "at most" if goal.equal else "under"
            wanted = f"{at_most} {share} of ({goal.peer})'s" if share else f"{at_most} ({goal.peer})'s"
            found = f"{row.show(verdict.value)} to {row.show(verdict.other)}, {verdict.value / verdict.other:.3f} of it"
        lines.append(f"| {section.split(':')[0].split(',')[0]}: {row.title} | {wanted} | {found} | {word} |")
    if not lines:
        return []
    return ["", "**Goals**", "", "| Number | Goal | Measured | |", "|---|---|---|---|", *lines]
