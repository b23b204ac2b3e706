"""The results as people read them: tables and goals in Markdown."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from benchmarks.emulator_scenarios import CROWD, RELAY
from benchmarks.goals import GOALS
from benchmarks.pages import PAGE
from benchmarks.subjects import ALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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


class Column(Protocol):
    """What was compared: `name` is its key in the results."""

    @property
    def name(self) -> str:
        """Its key."""
        ...

    @property
    def title(self) -> str:
        """Its heading."""
        ...


@dataclass(frozen=True)
class Section:
    """A table: its title, whose part before `:` or `,` names it; its rows; what stands in its columns."""

    title: str
    rows: tuple[Row, ...]
    columns: Sequence[Column] = ALL

    @property
    def short(self) -> str:
        """Its name."""
        return self.title.split(":")[0].split(",")[0]


_SECTIONS: Final[tuple[Section, ...]] = (
    Section(
        "Cold start: process start to the first line of content, https, the model answers at once",
        (
            Row("cold_ms", "Time", "ms"),
            Row("cold_cpu_ms", "CPU", "ms"),
            Row("cold_adapter_cpu_ms", "CPU of the adapter, not counted above", "ms"),
            Row("cold_memory_mb", "Peak memory", "MB"),
            Row("cold_nagle_ms", "Time, where Nagle's algorithm plays its part", "ms"),
        ),
    ),
    Section(
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
    Section(
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
    Section(
        "A token every 10 ms, https: from the model's write to the Runtime API",
        (
            Row("pace_p50_ms", "Delay of a token, median", "ms", 2),
            Row("pace_p99_ms", "Delay of a token, 99th percentile", "ms", 2),
            Row("pace_nagle_p99_ms", "The same, with Nagle", "ms", 2),
            Row("pace_cpu_us", "CPU per token", "µs"),
            Row("pace_adapter_cpu_us", "CPU per token of the adapter, not counted above", "µs"),
        ),
    ),
    Section(
        "An answer of 20 MB, https",
        (
            Row("memory_mb", "Peak memory", "MB"),
            Row("growth_mb", "Growth over the answer", "MB", 1),
            Row("growth_slow_mb", "Growth over the answer, read at 2 MB/s", "MB", 1),
        ),
    ),
    Section(
        "An emulator on the way: a token every 10 ms, from the function's write to the reader's socket",
        (
            Row("relay_p50_ms", "Delay of a token, median", "ms", 2),
            Row("relay_p99_ms", "Delay of a token, 99th percentile", "ms", 2),
            Row("relay_cpu_us", "CPU per token of the emulator", "µs"),
        ),
        RELAY.compared,
    ),
    Section(
        "50 streams at once: each in an environment of its own, with a token every 50 ms",
        (
            Row("crowd_gap_ms", "Longest wait of any reader for its next token", "ms"),
            Row("crowd_p50_ms", "Delay of a token, median", "ms", 2),
            Row("crowd_p99_ms", "Delay of a token, 99th percentile", "ms", 2),
            Row("crowd_first_ms", "Longest wait for a first token", "ms"),
            Row("crowd_cpu_us", "CPU per token of the emulator", "µs"),
        ),
        CROWD.compared,
    ),
    Section(
        "The chat page: scripts and styles that its HTML loads",
        (
            Row("page_kb", "Gzipped", "kB", 1),
            Row("page_raw_kb", "As they are", "kB", 1),
            Row("page_later_kb", "Loaded when it is needed, gzipped", "kB", 1),
        ),
        PAGE.compared,
    ),
)
ROWS: Final = {row.name: (section, row) for section in _SECTIONS for row in section.rows}
TITLES: Final = {column.name: column.title for section in _SECTIONS for column in section.columns}
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
    for section in _SECTIONS:
        lines += _table(section, middle)
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
    lines += ["", _of_emulator_and_page(middle)]
    return "\n".join(lines) + "\n"


def _of_emulator_and_page(middle: Mapping[str, Mapping[str, float]]) -> str:
    def number(column: str, name: str) -> str:
        return ROWS[name][1].show(middle[column][name])

    added = ROWS["relay_p99_ms"][1].show(middle["emulator"]["relay_p99_ms"] - middle["bare"]["relay_p99_ms"])
    return (
        f"The local emulator adds {added} to a token's way (99th percentile); of 50 streams at once no "
        f"reader waits longer than {number('emulator', 'crowd_gap_ms')} for a token that comes every 50 ms. The page "
        f"weighs {number('page_7', 'page_kb')} gzipped, the one for AI SDK 4 {number('page_4', 'page_kb')}."
    )


def missing(results: Results) -> list[str]:
    """The rows with a goal that is not judged, or whose table lacks what the functions' tables compare."""
    middle = medians(results)
    lacking = set()
    for goal in GOALS:
        columns = {*goal.columns, *(subject.name for subject in ALL if ROWS[goal.row][0].columns is ALL)}
        if any(goal.row not in middle.get(name, {}) for name in columns):
            lacking.add(goal.row)
    return sorted(lacking)


def _table(section: Section, middle: Mapping[str, Mapping[str, float]]) -> list[str]:
    columns = [
        column
        for column in section.columns
        if any(row.name in middle.get(column.name, {}) for row in section.rows)
    ]
    shown = [row for row in section.rows if any(row.name in middle[column.name] for column in columns)]
    if not shown:
        return []
    lines = ["", f"**{section.title}**", "", f"| | {' | '.join(column.title for column in columns)} |"]
    lines.append(f"|---|{'---:|' * len(columns)}")
    for row in shown:
        cells = (middle[column.name].get(row.name) for column in columns)
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
        if goal.beyond is not None:
            wanted = f"under {row.show(goal.limit)} more than with a {TITLES[goal.beyond]}"
            more = row.show(verdict.value - verdict.base)
            found = f"{row.show(verdict.value)} to {row.show(verdict.base)}, {more} more"
        elif goal.peer is None:
            wanted, found = f"under {row.show(goal.limit)}", row.show(verdict.value)
        else:
            share = _SHARES.get(goal.limit)
            at_most = "at most" if goal.equal else "under"
            wanted = f"{at_most} {share} of ({goal.peer})'s" if share else f"{at_most} ({goal.peer})'s"
            found = f"{row.show(verdict.value)} to {row.show(verdict.other)}, {verdict.value / verdict.other:.3f} of it"
        whose = "" if goal.of == "ours" else f", {TITLES[goal.of]}"
        lines.append(f"| {section.short}: {row.title}{whose} | {wanted} | {found} | {word} |")
    if not lines:
        return []
    return ["", "**Goals**", "", "| Number | Goal | Measured | |", "|---|---|---|---|", *lines]
