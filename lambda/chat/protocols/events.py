"""Server-sent events with one JSON object each, as the UI message stream and the plain one (`sse`) have them.

Facts:

- An event is `data: …` and an empty line (HTML, section 9.2.6). JSON has no raw line breaks, so one line is enough.
- A line that begins with a colon is a comment, which parsers skip; eventsource-parser, in ai@5 to 7, does.
- @ai-sdk/provider-utils (`secureJsonParse`, in ai@5 to 7) refuses an event in which any object has a key `__proto__`,
  or a `constructor` that is null or has a `prototype`, and the stream ends there. Models do write such keys into the
  arguments of a tool; they name nothing that a tool could want, and are left out.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from chat.json_text import encode_json

if TYPE_CHECKING:
    from chat.parts import Usage

CONTENT_TYPE: Final = "text/event-stream"
HEADERS: Final = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
"""Nothing on the way may keep or collect the events. `Connection` is the platform's to send."""

HEARTBEAT: Final = b":\n\n"


def event(value: dict[str, Any]) -> bytes:
    """One event."""
    encoded = encode_json(value)
    if b'"__proto__"' in encoded or b'"constructor"' in encoded:
        # Read back: what is no JSON (infinity) is null only there, and a null `constructor` is refused.
        encoded = encode_json(_without_prototypes(json.loads(encoded)))
    return b"data: " + encoded + b"\n\n"


def told_usage(usage: Usage | None) -> dict[str, Any]:
    """`{usage: {inputTokens, outputTokens, totalTokens}}`, the names of ai@5 and later; nothing if unknown."""
    if usage is None:
        return {}
    total = usage.input_tokens + usage.output_tokens
    counted = {"inputTokens": usage.input_tokens, "outputTokens": usage.output_tokens, "totalTokens": total}
    return {"usage": counted}


def _without_prototypes(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_prototypes(item)
            for key, item in value.items()
            if key != "__proto__" and not (key == "constructor" and _is_suspect(item))
        }
    if isinstance(value, list):
        return [_without_prototypes(item) for item in value]
    return value


def _is_suspect(constructor: Any) -> bool:
    return constructor is None or (isinstance(constructor, dict) and "prototype" in constructor)
