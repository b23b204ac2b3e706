"""A part of a hand-written document that a command writes: what stands between two comments that name it."""

from __future__ import annotations


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
