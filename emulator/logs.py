"""Where the emulator writes: the function's own lines and the platform's, told apart by a prefix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Log:
    """`function` takes what the function printed, `platform` what Lambda itself would log; one line each."""

    function: Callable[[str], None]
    platform: Callable[[str], None]

    @classmethod
    def to(cls, stream: TextIO) -> Log:
        """Write both to one stream, each line under its prefix."""

        def under(prefix: str) -> Callable[[str], None]:
            return lambda line: print(f"{prefix} | {line}", file=stream, flush=True)

        return cls(under("function"), under("lambda  "))
