"""What servers say, made fit for one line of a terminal, which must never be driven by it."""

from __future__ import annotations

LONGEST = 300


def quoted(text: str) -> str:
    """The text on one line, without what cannot be read, cut where it grows long."""
    line = "".join(character if character.isprintable() else " " for character in text).strip()
    return line if len(line) <= LONGEST else line[:LONGEST] + "…"
