"""The blocks of code of docs/frontend.md, with the words behind their language: `ai@VERSION` …, or `run`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "frontend.md"
RUN = "run"


@dataclass(frozen=True)
class Example:
    """A block of code: its language, the words behind that, and its text."""

    language: str
    words: tuple[str, ...]
    code: str

    @property
    def name(self) -> str | None:
        """The module's name, by which others import it, where its first line says one (`// sentence-of.ts`)."""
        found = re.match(r"// ([a-z-]+)\.ts\n", self.code)
        return found[1] if found else None


def examples() -> list[Example]:
    found = re.findall(r"^```(\w+)(.*)\n([\s\S]*?)^```$", PAGE.read_text(), re.MULTILINE)
    return [Example(language, tuple(words.split()), code) for language, words, code in found]
