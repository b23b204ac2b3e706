"""The table of files in docs/emulator.md is the tree's."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_module_is_in_the_table_once() -> None:
    """A folder counts as one; `__init__.py` has nothing but the package's description."""
    section = (ROOT / "docs" / "emulator.md").read_text().partition("\n## Files\n")[2].partition("\n## ")[0]
    named = re.findall(r"^\| `([^`]+)` \| \S", section, re.MULTILINE)
    modules = {path.name for path in (ROOT / "emulator").glob("*.py")} - {"__init__.py"}
    packages = {f"{path.parent.name}/" for path in (ROOT / "emulator").glob("*/__init__.py")}
    assert sorted(named) == sorted(modules | packages)
