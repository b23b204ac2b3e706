"""A PATH of a test's own: the few real commands that a script uses, and programs written for the test."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def path_with(folder: Path, names: Iterable[str]) -> Path:
    """Make a folder for PATH with real commands, and nothing else, in it."""
    folder.mkdir()
    for name in names:
        found = shutil.which(name)
        assert found, name
        (folder / name).symlink_to(found)
    return folder


def put(folder: Path, name: str, script: str) -> Path:
    """A program whose answers are the point of the test."""
    program = folder / name
    program.write_text(f"#!/bin/bash\n{script}\n")
    program.chmod(0o755)
    return program
