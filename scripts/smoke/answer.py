r"""Reads a data stream v1 as it arrives: which lines, and when each was there. Does no I/O.

Facts, from the client (@ai-sdk/ui-utils@1.2.11): a line is `CODE:JSON\n`, only an empty line means nothing, text is
`0` and reasoning `g`, `3` is an error and the last line that counts, `d` ends the message with its finish reason and
the model's own count of tokens.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from scripts.smoke.quoting import quoted


@dataclass
class StreamedAnswer:
    """What has arrived of an answer. Times are those given to `feed`.

    `tokens`: when each line of text or reasoning was complete. A line is what the function wrote at once, most
    often one token. `foreign`: the first line that is none of this protocol, cut to be shown; what follows it is
    not read. `counted`: the model's own number of tokens of output.
    """

    lines: int = 0
    tokens: list[float] = field(default_factory=list)
    characters: int = 0
    error: str | None = None
    finish_reason: str | None = None
    counted: int | None = None
    foreign: str | None = None
    _rest: bytes = b""

    @property
    def is_complete(self) -> bool:
        """Whether the end of the message came."""
        return self.finish_reason is not None

    def feed(self, at: float, data: bytes) -> None:
        """Take what one read gave."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if self.foreign is None and line:
                self._take(at, line)

    def end(self) -> None:
        """Take the end: a line without one is none, and foreign where it looks like none of the protocol."""
        rest, self._rest = self._rest, b""
        if rest and self.foreign is None and rest[1:2] not in (b"", b":"):
            self.foreign = quoted(rest.decode(errors="replace"))

    def _take(self, at: float, line: bytes) -> None:
        code, _, text = line.partition(b":")
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            code = b""
        if len(code) != 1:
            self.foreign = quoted(line.decode(errors="replace"))
            return
        self.lines += 1
        if code in (b"0", b"g") and isinstance(value, str):
            self.tokens.append(at)
            self.characters += len(value)
        elif code == b"3":
            self.error = quoted(str(value))
        elif code == b"d":
            self._finish(value if isinstance(value, dict) else {})

    def _finish(self, value: dict[str, Any]) -> None:
        self.finish_reason = quoted(str(value.get("finishReason", "unknown")))
        usage = value.get("usage")
        count = usage.get("completionTokens") if isinstance(usage, dict) else None
        self.counted = count if isinstance(count, int) else None
