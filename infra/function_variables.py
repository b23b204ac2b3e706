"""What the function's own variables may be, so that a wrong one stops the preview and not the function's start.

`infra/` imports nothing of the function: tests/infra/test_function_variables.py holds this table against its settings,
their words and what they take.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

# As the function reads numbers: neither `05` nor `+5`, and 1e3 is a whole one.
_JSON_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class Number:
    """A number, or a whole one, within bounds."""

    above: float | None = None
    least: float | None = None
    most: float | None = None
    whole: bool = False

    def takes(self, text: str) -> bool:
        """Whether the function would take a text for it."""
        if not _JSON_NUMBER.fullmatch(text):
            return False
        value = float(text)
        return (
            (not self.whole or value.is_integer())
            and (self.above is None or value > self.above)
            and (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
        )

    @property
    def words(self) -> str:
        """The end of "it must be …", as the function's own sentence has it."""
        bounds = ((">", self.above), (">=", self.least), ("<=", self.most))
        said = " and ".join(f"{sign} {bound:g}" for sign, bound in bounds if bound is not None)
        return f"{'a whole number' if self.whole else 'a number'} {said}".strip()


@dataclass(frozen=True)
class Flag:
    """True or false."""

    words: str = "true or false"

    def takes(self, text: str) -> bool:
        """Whether the function would take a text for it."""
        return text.lower() in ("true", "false", "1", "0")


@dataclass(frozen=True)
class Items:
    """A comma-separated list, of some words if only they are known."""

    known: tuple[str, ...] = ()
    least: int = 0

    def takes(self, text: str) -> bool:
        """Whether the function would take a text for it."""
        items = [item.strip() for item in text.split(",") if item.strip()]
        return len(items) >= self.least and (not self.known or set(items) <= set(self.known))

    @property
    def words(self) -> str:
        """The end of "it must be …", as the function's own sentence has it."""
        listed = f"{', '.join(self.known[:-1])} or {self.known[-1]}" if self.known else "text"
        return f"a comma-separated list of {listed}" + (f", at least {self.least}" if self.least else "")


Kind: TypeAlias = Number | Flag | Items

_SECONDS: Final = Number(above=0, most=900)
_COUNT: Final = Number(least=1, whole=True)
VARIABLES: Final[dict[str, Kind]] = {
    "CHAT_ALLOW_CLIENT_SYSTEM": Flag(),
    "CHAT_ATTACHMENT_SCHEMES": Items(("data", "http", "https")),
    "CHAT_ATTACHMENT_TYPES": Items(),
    "CHAT_CONNECT_TIMEOUT": _SECONDS,
    "CHAT_DEADLINE_MARGIN": Number(least=2.5, most=60),
    "CHAT_FIRST_TOKEN_TIMEOUT": _SECONDS,
    "CHAT_KEEPALIVE": _SECONDS,
    "CHAT_MAX_BODY_BYTES": _COUNT,
    "CHAT_MAX_MESSAGES": _COUNT,
    "CHAT_PATHS": Items(least=1),
    "CHAT_RETRY_BUDGET": Number(least=0, most=900),
    "CHAT_SECRET_TIMEOUT": Number(above=0, most=9),
    "CHAT_TOKEN_TIMEOUT": _SECONDS,
}


def wrong_value(name: str, text: str) -> str | None:
    """What a variable must be, if the function would not take a text for it; an empty one is unset."""
    kind = VARIABLES.get(name)
    text = text.strip()
    if kind is None or not text or kind.takes(text):
        return None
    return kind.words
