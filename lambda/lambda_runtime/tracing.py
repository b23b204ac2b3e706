"""Trace ids, as log lines carry them: X-Ray's from the platform's header, W3C's from a caller's traceparent.

Facts:

- `Lambda-Runtime-Trace-Id` is X-Ray's tracing header: `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=…;Sampled=0`,
  its fields in any order, further ones (Self, Lineage) among them. It comes for unsampled invocations as well.
- An X-Ray trace id is a W3C one with its first 8 digits, a time, set apart (X-Ray's developer guide, "Tracing
  header"): without the `1-` and the hyphen it is what every other tool calls the trace id.
- `traceparent` is `version-traceid-parentid-flags`, lower-case hex of 2, 32, 16 and 2 digits. Version ff is invalid,
  and so is an id of zeros alone. Version 00 ends there; a later one may go on behind a hyphen, and the fields known
  so far are to be read (W3C Trace Context, 3.2.2 and 4).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_XRAY: Final = re.compile(r"1-([0-9a-f]{8})-([0-9a-f]{24})")
_TRACEPARENT: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?", re.DOTALL)


class TraceIds(NamedTuple):
    """The ids of one invocation's trace; None where there is none."""

    trace_id: str | None = None
    """32 hex digits, as W3C Trace Context and OpenTelemetry write it."""
    xray_trace_id: str | None = None
    """`1-8hex-24hex`, as X-Ray's console and CloudWatch know it."""

    @classmethod
    def of(cls, header: str | None) -> TraceIds:
        """Read X-Ray's tracing header; anything but a sound Root gives no ids."""
        for field in (header or "").split(";"):
            name, _, value = field.strip().partition("=")
            if name == "Root" and (match := _XRAY.fullmatch(value.lower())):
                trace_id = match[1] + match[2]
                return cls(trace_id, match[0]) if trace_id.strip("0") else cls()
        return cls()


def trace_id_of(traceparent: str) -> str | None:
    """The trace id of a W3C traceparent, or None if it is not valid: its receiver is to go on as without one."""
    match = _TRACEPARENT.fullmatch(traceparent.strip(" \t"))
    if match is None:
        return None
    version, trace_id, parent_id, rest = match.groups()
    if version == "ff" or (version == "00" and rest is not None):
        return None
    return trace_id if trace_id.strip("0") and parent_id.strip("0") else None
