"""A test of the page that was left out is no test: with it the run has failed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def playwright(**stats: int) -> dict[str, Any]:
    return {"stats": {"expected": 5, "unexpected": 0, "skipped": 0, "flaky": 0, "duration": 1.5} | stats}


def vitest(**counts: int) -> dict[str, Any]:
    return {"numPassedTests": 5, "numFailedTests": 0, "numPendingTests": 0, "numTodoTests": 0} | counts


def run(folder: Path, *reports: Any) -> subprocess.CompletedProcess[str]:
    files = [folder / f"{number}.json" for number in range(len(reports))]
    for file, report in zip(files, reports, strict=True):
        if report is not None:
            file.write_text(report if isinstance(report, str) else json.dumps(report))
    command = [sys.executable, "-m", "scripts.no_skips", *map(str, files)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_whole_runs_pass_and_are_told(tmp_path: Path) -> None:
    done = run(tmp_path, playwright(), vitest())
    assert done.returncode == 0
    assert "Playwright: 5 passed, 0 failed, 0 skipped" in done.stdout
    assert "Vitest: 5 passed" in done.stdout


@pytest.mark.parametrize(
    "report",
    [
        playwright(skipped=1),
        playwright(flaky=1),
        playwright(unexpected=1),
        playwright(expected=0),
        vitest(numPendingTests=1),
        vitest(numTodoTests=1),
        vitest(numFailedTests=1),
        vitest(numPassedTests=0),
    ],
)
def test_one_that_is_not_whole_fails(tmp_path: Path, report: dict[str, Any]) -> None:
    """Beside one that is."""
    done = run(tmp_path, vitest(), report)
    assert done.returncode == 1
    assert "FAIL" in done.stdout


@pytest.mark.parametrize("report", [None, "", "[]", "{}", '{"stats": 3}', "null"])
def test_what_is_no_report_fails_with_its_name(tmp_path: Path, report: str | None) -> None:
    done = run(tmp_path, report)
    assert done.returncode == 1
    assert "0.json" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_report_at_all_is_a_mistake_in_the_call() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.no_skips"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "REPORT.json" in done.stderr
