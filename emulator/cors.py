"""Cross-origin requests, answered as a Function URL with CORS settings answers them.

Facts, with their sources:

- The platform answers OPTIONS itself; the function is not invoked and not billed. The answer is a 200 with content
  type application/json, no body, `Vary: Origin`, the origin that asked, and the methods and headers of the settings,
  all of them and joined by commas, whatever was asked for (headers as captured on AWS by rimutaka, "AWS Lambda
  Function URL with CORS explained by example", 2024). Without CORS settings OPTIONS is the function's (same source).
- Every other answer gets `Access-Control-Allow-Origin`, `-Expose-Headers` and `-Allow-Credentials`, behind what the
  function wrote and beside it: a function that writes its own has them twice, which browsers refuse (same source).
  "All responses through the function URL" have them (AWS developer guide, "Cross-origin resource sharing"), so the
  platform's own errors as well: a page can read a 429.
- The origin is sent back even where the settings say `*` (aws-powertools/powertools-lambda-python #4163: the page's
  own origin twice, once from `AllowOrigins: ["*"]`).
- Of an origin that is not in the settings, or a request without one, nothing is said; its request runs all the same.
- Settings name origins whole, with scheme and port (AWS API reference, `Cors`); `MaxAge` is 0 unless set, and then
  left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from emulator.http_answer import encoded

if TYPE_CHECKING:
    from collections.abc import Callable

Headers = list[tuple[bytes, bytes]]
# A program that asks from ever new origins must not fill the log.
_MOST_TOLD = 50
# What settings can name (infra/cors.py has the whole rule). Nothing else is put into a command to be copied.
_NAMEABLE: Final = re.compile(r"https?://[a-z0-9._-]+(:[0-9]+)?|https?://\[[0-9a-f:.]+\](:[0-9]+)?")


@dataclass(frozen=True, kw_only=True)
class Cors:
    """A Function URL's CORS settings, named as AWS names them. `max_age` is in seconds."""

    allow_origins: tuple[str, ...]
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    allow_credentials: bool = False
    max_age: int = 0

    def preflight(self, origin: str | None) -> Headers:
        """What the answer to an OPTIONS request from `origin` says."""
        said = [
            ("access-control-allow-headers", ",".join(self.allow_headers)),
            ("access-control-allow-methods", ",".join(self.allow_methods)),
            ("access-control-max-age", str(self.max_age) if self.max_age else ""),
        ]
        return self._headers(origin, said)

    def answer(self, origin: str | None) -> Headers:
        """What is added to any other answer to a request from `origin`."""
        return self._headers(origin, [("access-control-expose-headers", ",".join(self.expose_headers))])

    def allows(self, origin: str) -> bool:
        """Whether pages of an origin, as the browser sends it, may call."""
        return "*" in self.allow_origins or origin in self.allow_origins

    def _headers(self, origin: str | None, said: list[tuple[str, str]]) -> Headers:
        if origin is None:
            return []
        # A cache must not give one page's answer to another, whichever of them may read it.
        headers = [("vary", "Origin")]
        if self.allows(origin):
            headers += [("access-control-allow-origin", origin), *said]
            headers += [("access-control-allow-credentials", "true" if self.allow_credentials else "")]
        return encoded(header for header in headers if header[1])


@dataclass(slots=True)
class RefusedOrigins:
    """Tells whoever runs the emulator of pages that may not call, each origin once.

    The page itself sees "Failed to fetch" alone. Only preflights are looked at: a page's own dev server that hands its
    requests on sends the page's origin as well, and there no browser refuses anything.
    """

    cors: Cors
    tell: Callable[[str], None]
    _told: set[str] = field(default_factory=set)

    def preflight(self, origin: str | None) -> None:
        """Take note of an OPTIONS request from `origin`."""
        if (
            origin is None
            or self.cors.allows(origin)
            or origin in self._told
            or len(self._told) == _MOST_TOLD
        ):
            return
        self._told.add(origin)
        advice = (
            f"To allow it: CORS_ORIGIN={origin} make dev, or --cors-origin {origin} of python -m emulator."
            if _NAMEABLE.fullmatch(origin)
            else "No settings can name this origin (a file, a sandboxed frame, a scheme of its own): serve the page "
            "over http, or allow all: CORS_ORIGIN='*' make dev."
        )
        self.tell(
            f"Preflight from {origin}: not among the allowed origins ({', '.join(self.cors.allow_origins)}), so its "
            f"browser does not send the request. {advice}"
        )
