"""Documents that a command writes, whole or between two comments that name a part of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def rewritten(documents: Mapping[Path, str], *, check: bool) -> list[Path]:
    """Write each document that does not have its text yet; with `check` none is written.

    Returns:
        Those that had another text.
    """
    stale = [path for path, text in documents.items() if path.read_text() != text]
    if not check:
        for path in stale:
            path.write_text(documents[path])
    return stale


def with_block(document: str, name: str, block: str) -> str:
    """A document with the lines between `<!-- NAME:begin -->` and `<!-- NAME:end -->` replaced.

    Raises:
        ValueError: it has not exactly one such pair, each on a line of its own.
    """
    begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->\n"
    if document.count(begin) != 1 or document.count(end) != 1 or document.index(begin) > document.index(end):
        raise ValueError(f"{begin.strip()} and {end.strip()} must stand in it once, each on its own line.")
    before, _, rest = document.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}{block}{end}{after}"
