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

from dataclasses import dataclass

Headers = list[tuple[bytes, bytes]]


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

    def _headers(self, origin: str | None, said: list[tuple[str, str]]) -> Headers:
        if origin is None:
            return []
        # A cache must not give one page's answer to another, whichever of them may read it.
        headers = [("vary", "Origin")]
        if "*" in self.allow_origins or origin in self.allow_origins:
            headers += [("access-control-allow-origin", origin), *said]
            headers += [("access-control-allow-credentials", "true" if self.allow_credentials else "")]
        return [(name.encode(), value.encode("latin-1")) for name, value in headers if value]
