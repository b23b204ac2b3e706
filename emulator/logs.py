"""Where the emulator writes: the function's lines, the platform's and its own, environments told apart.

CloudWatch has a log stream for each environment, this log has one for all: as soon as two environments have lived at
the same time, each line says whose it is, with the first letters of its stream's id.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.invocation import Invocation


@dataclass(frozen=True, slots=True)
class Log:
    """Takes lines: what the function printed, what Lambda itself would log, and what the emulator alone has to say."""

    function: Callable[[str], None]
    platform: Callable[[str], None]
    emulator: Callable[[str], None] = lambda _line: None

    @classmethod
    def to(cls, stream: TextIO) -> Log:
        """Write all to one stream, each line under its prefix."""

        def under(prefix: str) -> Callable[[str], None]:
            return lambda line: print(f"{prefix} | {line}", file=stream, flush=True)

        return cls(under("function"), under("lambda  "), under("emulator"))


@dataclass(slots=True)
class LogStreams:
    """The streams of one function, in `log`."""

    log: Log
    version: str
    several: bool = False
    """Whether lines must say whose they are."""

    def new(self) -> LogStream:
        """A stream for another environment."""
        return LogStream(self)


@dataclass(slots=True)
class LogStream:
    """One environment's log. What is written while an invocation runs is its own log as well."""

    _streams: LogStreams
    invocation: Invocation | None = None
    _id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def name(self) -> str:
        """What CloudWatch would call it (`AWS_LAMBDA_LOG_STREAM_NAME`)."""
        return f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{self._streams.version}]{self._id}"

    def function(self, line: str) -> None:
        """A line that the function printed."""
        self._write(self._streams.log.function, line)

    def platform(self, line: str) -> None:
        """A line that Lambda writes."""
        self._write(self._streams.log.platform, line)

    def _write(self, write: Callable[[str], None], line: str) -> None:
        if self.invocation is not None:
            self.invocation.log(line)
        write(f"[{self._id[:4]}] {line}" if self._streams.several else line)
