"""What was not measured is left out of the tables, and named where a goal needs it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from benchmarks import report
from benchmarks.goals import GOALS
from benchmarks.report import ROWS, TITLES

WHOLE: dict[str, Any] = {
    "machine": {"date": "2026-01-31", "cpu": "a CPU", "cores": 2, "system": "Linux 6"},
    "versions": {"Python": "3.13.0", "Lambda Web Adapter": "0.9.1"},
    "samples": {
        name: {
            row.name: [3.0, 1.0, 2.0]
            for section, row in ROWS.values()
            if name in {column.name for column in section.columns}
        }
        for name in TITLES
    },
}


def without(column: str, row: str | None = None) -> dict[str, Any]:
    results = copy.deepcopy(WHOLE)
    if row is None:
        del results["samples"][column]
    else:
        del results["samples"][column][row]
    return results


def test_medians_of_all_columns_stand_in_one_table_a_section() -> None:
    assert report.missing(WHOLE) == []
    text = report.render(WHOLE)
    for title in TITLES.values():
        assert f" {title} |" in text
    assert "| Gzipped | 2.0 kB | 2.0 kB |" in text
    assert text.count("\n| ") >= len(ROWS) + len(GOALS)


def test_what_an_emulator_adds_is_what_is_more_than_without_one() -> None:
    results = copy.deepcopy(WHOLE)
    results["samples"]["emulator"]["relay_p99_ms"] = [4.5]
    assert "4.50 ms to 2.00 ms, 2.50 ms more | FAIL |" in report.render(results)
    assert "adds 2.50 ms to a token's way" in report.summarize(results)


@pytest.mark.parametrize(
    ("column", "row", "lacking"),
    [
        ("bare", "relay_p99_ms", ["relay_p99_ms"]),
        ("emulator", "crowd_gap_ms", ["crowd_gap_ms"]),
        ("page_4", None, ["page_kb"]),
        ("floor", "cold_ms", ["cold_ms"]),
        ("cargo_lambda", None, []),
        ("emulator", "relay_cpu_us", []),
    ],
)
def test_only_what_a_goal_or_a_comparison_with_the_peers_needs_is_missing(
    column: str, row: str | None, lacking: list[str]
) -> None:
    assert report.missing(without(column, row)) == lacking


def test_a_column_that_was_not_measured_is_left_out() -> None:
    assert TITLES["cargo_lambda"] not in report.render(without("cargo_lambda"))
