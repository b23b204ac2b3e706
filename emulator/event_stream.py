"""Encodes `application/vnd.amazon.eventstream`, in which the Lambda API streams a direct invoke's answer.

Facts, with their sources:

- A message is a prelude of two big-endian 32-bit lengths (the message's, its headers') and the CRC-32 of those eight
  bytes, then headers, payload, and the CRC-32 of all that is before it (Smithy specification, "Amazon Event Stream").
- A header is the length of its name in a byte, the name, its type in a byte (7 is a string), the length of its value
  in 16 bits, the value. An event has `:message-type` event, `:event-type`, and `:content-type` where it has a payload.
- The events of `InvokeWithResponseStream`: `PayloadChunk`, whose payload is the function's bytes as they are, and
  once, last, `InvokeComplete`, a JSON object of `ErrorCode`, `ErrorDetails` and `LogResult`, each only where there is
  one (botocore's model of Lambda: `eventpayload` is on the chunk's member alone).
- A decoder takes payloads of up to 24 MB and headers of up to 128 KB (botocore, `eventstream.py`).
"""

from __future__ import annotations

import json
import struct
import zlib

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_STRING = 7
# Lengths and their checksum before the headers, the message's checksum behind the payload.
_FRAME = 12 + 4


def _header(name: str, value: str) -> bytes:
    length, encoded = len(value), value.encode()
    return struct.pack(f">B{len(name)}sBH{length}s", len(name), name.encode(), _STRING, length, encoded)


def _event_headers(event_type: str, content_type: str) -> bytes:
    headers = {":message-type": "event", ":event-type": event_type, ":content-type": content_type}
    return b"".join(_header(*header) for header in headers.items())


# Made once: there is a chunk for every token.
_CHUNK_HEADERS = _event_headers("PayloadChunk", "application/octet-stream")
_COMPLETE_HEADERS = _event_headers("InvokeComplete", "application/json")


def payload_chunk(payload: bytes) -> bytes:
    """The event that carries a piece of the function's answer."""
    return _message(_CHUNK_HEADERS, payload)


def invoke_complete(
    *, error_code: str | None = None, error_details: str | None = None, log_result: str | None = None
) -> bytes:
    """The last event. `log_result` is base64; what is None is left out."""
    members = {"ErrorCode": error_code, "ErrorDetails": error_details, "LogResult": log_result}
    body = {name: value for name, value in members.items() if value is not None}
    return _message(_COMPLETE_HEADERS, json.dumps(body, separators=(",", ":")).encode())


def _message(headers: bytes, payload: bytes) -> bytes:
    lengths = struct.pack(">II", _FRAME + len(headers) + len(payload), len(headers))
    head = b"".join((lengths, struct.pack(">I", zlib.crc32(lengths)), headers))
    return b"".join((head, payload, struct.pack(">I", zlib.crc32(payload, zlib.crc32(head)))))
