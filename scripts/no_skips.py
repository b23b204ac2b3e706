"""Fails where a runner of the page's tests has left one out; says in one line what each runner did.

    python -m scripts.no_skips REPORT.json…

A report is Playwright's (`--reporter json`: `stats` with `expected`, `unexpected`, `flaky`, `skipped`) or Vitest's
(`--reporter json`: `numPassedTests`, `numFailedTests`, `numPendingTests`, `numTodoTests`). pytest's runs are watched
by tests/plugins/no_skips.py.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class Count:
    """What a runner did with its tests. Flaky ones passed when they were tried again."""

    runner: str
    passed: int
    failed: int
    skipped: int
    flaky: int = 0

    @classmethod
    def of(cls, report: Any) -> Self:
        """The counts of a report.

        Raises:
            ValueError: it is neither runner's.
        """
        try:
            if "stats" in report:
                stats = report["stats"]
                names = ("expected", "unexpected", "skipped", "flaky")
                return cls("Playwright", *(int(stats[name]) for name in names))
            skipped = int(report["numPendingTests"]) + int(report["numTodoTests"])
            return cls("Vitest", int(report["numPassedTests"]), int(report["numFailedTests"]), skipped)
        except (KeyError, TypeError) as error:
            raise ValueError(f"it is no report of Playwright or Vitest ({error!r})") from None

    @property
    def whole(self) -> bool:
        """Whether tests ran, and each passed at its first try."""
        return self.passed > 0 and not (self.failed or self.skipped or self.flaky)

    def __str__(self) -> str:
        return (
            f"{self.runner}: {self.passed} passed, {self.failed} failed, {self.skipped} skipped, "
            f"{self.flaky} at a second try"
        )


def main(files: list[str]) -> int:
    """The exit code: 1 unless every report is there and whole."""
    if not files:
        print(__doc__, file=sys.stderr)
        return 2
    good = True
    for file in files:
        try:
            count = Count.of(json.loads(Path(file).read_text()))
        except (OSError, ValueError) as error:
            print(f"  FAIL  {file}: {error}. Run the tests that write it first.", file=sys.stderr)
            good = False
            continue
        print(f"  {'ok  ' if count.whole else 'FAIL'}  {count}")
        good &= count.whole
    if not good:
        print("Here every test must run, and pass at once.", file=sys.stderr)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
