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

from typing import Final, NamedTuple

_HEX: Final = frozenset("0123456789abcdef")  # patterns of `re` would cost each cold start 0.2 ms to compile


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
            root = value.lower()
            trace_id = root[2:10] + root[11:]
            if name == "Root" and root[:2] == "1-" and root[10:11] == "-" and _is_id(trace_id, 32):
                return cls(trace_id, root)
        return cls()


def trace_id_of(traceparent: str) -> str | None:
    """The trace id of a W3C traceparent, or None if it is not valid: its receiver is to go on as without one."""
    text = traceparent.strip(" \t")
    version, trace_id, parent_id, flags, rest = text[:2], text[3:35], text[36:52], text[53:55], text[55:]
    if text[2:3] + text[35:36] + text[52:53] != "---" or not (_is_hex(version, 2) and _is_hex(flags, 2)):
        return None
    if version == "ff" or (rest and (version == "00" or rest[0] != "-")):
        return None
    return trace_id if _is_id(trace_id, 32) and _is_id(parent_id, 16) else None


def _is_hex(text: str, digits: int) -> bool:
    return len(text) == digits and frozenset(text) <= _HEX


def _is_id(text: str, digits: int) -> bool:
    return _is_hex(text, digits) and text.strip("0") != ""
