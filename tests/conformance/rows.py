"""What the conformance tests have seen of docs/protocols.md: collected as they pass, written when all have passed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from scripts.protocol_table import ROWS, VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Rows:
    """(row, version) pairs of tests that passed."""

    def __init__(self) -> None:
        self._carried: set[tuple[str, str]] = set()
        self.complete = True

    def check(self, row: str, version: str) -> None:
        """A misspelt claim is a test's error."""
        assert row in ROWS, f"docs/protocols.md has no row {row!r}"
        assert version in VERSIONS, f"docs/protocols.md has no version {version!r}"

    def passed(self, claims: Iterable[tuple[str, str]]) -> None:
        self._carried.update(claims)

    def write(self, record: Path) -> None:
        """Write the record; nothing is kept of an earlier run."""
        carried = {row: [version for version in VERSIONS if (row, version) in self._carried] for row in ROWS}
        record.write_text(json.dumps(carried, indent=2) + "\n")
