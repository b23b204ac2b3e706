"""Whether a browser would let a page of another origin read the answer. Does no I/O.

Facts, with their sources:

- useChat posts JSON with the one header `Content-Type: application/json` (@ai-sdk/ui-utils@1.2.11, `callChatApi`) and
  without cookies of other origins (`credentials` is not set). JSON's type is not safelisted, so a preflight comes
  first.
- Preflight (Fetch standard, "CORS-preflight fetch"): its status must be 200 to 299; Access-Control-Allow-Origin must
  be `*` or the origin, byte for byte, and come once; Access-Control-Allow-Headers must name `content-type` or be `*`.
  POST is a safelisted method: it passes even where Access-Control-Allow-Methods does not name it.
- Without Access-Control-Max-Age a preflight counts for five seconds: nearly every message pays for one.
- The answer itself needs Access-Control-Allow-Origin too ("CORS check"). Two of them, as when both the Function URL
  and the function send one, fail it: they are read as one value, joined by a comma.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts.smoke.quoting import quoted

if TYPE_CHECKING:
    from scripts.smoke.exchange import Exchange

REQUEST_METHOD = "POST"
REQUEST_HEADER = "content-type"
_ORIGIN = "access-control-allow-origin"


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong and which config key sets it. `breaks`: a browser refuses; else it costs time alone."""

    text: str
    breaks: bool = True


def preflight_headers(origin: str) -> dict[str, str]:
    """What a browser sends before useChat's POST."""
    return {
        "Origin": origin,
        "Access-Control-Request-Method": REQUEST_METHOD,
        "Access-Control-Request-Headers": REQUEST_HEADER,
    }


def judge_preflight(exchange: Exchange, origin: str, *, local: bool = False) -> list[Complaint]:
    """What a browser finds wrong with the answer to a preflight; `local`: of what runs on this machine."""
    if not 200 <= exchange.status < 300:
        platform = (
            f"The emulator answers it by itself once it has CORS settings. {_how_to_allow(origin, local=True)}"
            if local
            else "A Function URL answers it by itself once its CORS settings are there (corsAllowOrigins, make "
            "deploy); API Gateway needs a method OPTIONS."
        )
        return [
            Complaint(
                f"The preflight (OPTIONS) was answered with {exchange.status}, and browsers want 200 to 299. {platform}"
            )
        ]
    if refused := _judge_origin(exchange, origin, "The preflight's answer", local=local):
        # Where the origin is not allowed, AWS leaves out the other headers as well.
        return refused
    complaints = []
    allowed = _listed(exchange, "access-control-allow-headers")
    if not allowed & {REQUEST_HEADER, "*"}:
        complaints.append(
            Complaint(
                f"Access-Control-Allow-Headers ({_shown(allowed)}) does not allow {REQUEST_HEADER}, without which no "
                "JSON can be posted: add it to corsAllowHeaders."
            )
        )
    methods = _listed(exchange, "access-control-allow-methods")
    if not methods & {REQUEST_METHOD.lower(), "*"}:
        complaints.append(
            Complaint(
                f"Access-Control-Allow-Methods ({_shown(methods)}) does not name POST. Browsers let a POST pass all "
                "the same; corsAllowMethods should name it.",
                breaks=False,
            )
        )
    age = exchange.header("access-control-max-age")
    if not (age and age.isdecimal() and int(age)):
        complaints.append(
            Complaint(
                "Access-Control-Max-Age is not set, so that nearly every message waits for a preflight: set "
                "corsMaxAge.",
                breaks=False,
            )
        )
    return complaints


def judge_answer(exchange: Exchange, origin: str, *, local: bool = False) -> list[Complaint]:
    """What a browser finds wrong with the answer to the POST; `local`: of what runs on this machine."""
    return _judge_origin(exchange, origin, "The answer", local=local)


def _judge_origin(exchange: Exchange, origin: str, which: str, *, local: bool) -> list[Complaint]:
    values = [part.strip() for value in exchange.values(_ORIGIN) for part in value.split(",")]
    if not values:
        return [
            Complaint(
                f"{which} has no Access-Control-Allow-Origin: {origin} is not allowed. "
                + _how_to_allow(origin, local=local)
            )
        ]
    if len(values) > 1:
        return [
            Complaint(
                f"{which} has Access-Control-Allow-Origin {len(values)} times, which browsers refuse. The Function URL "
                "sets it; take it out of whatever else does, the function or a proxy."
            )
        ]
    if values[0] not in ("*", origin):
        return [
            Complaint(
                f"{which} allows the origin {quoted(values[0])} alone, and the page's is {origin}. "
                + _how_to_allow(origin, local=local)
            )
        ]
    return []


def _how_to_allow(origin: str, *, local: bool) -> str:
    if not local:
        return "Add it to corsAllowOrigins (make deploy)."
    return (
        f"Start it anew with it: CORS_ORIGIN={origin} make dev, or python -m emulator --cors-origin {origin}; "
        "or add it to corsAllowOrigins of the stack that it takes (Pulumi.dev.yaml)."
    )


def _listed(exchange: Exchange, name: str) -> set[str]:
    return {
        part.strip().lower() for value in exchange.values(name) for part in value.split(",") if part.strip()
    }


def _shown(values: set[str]) -> str:
    return quoted(", ".join(sorted(values))) or "absent"
