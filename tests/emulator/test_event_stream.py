"""What we encode, as AWS's own client library decodes it."""

from __future__ import annotations

import json
from typing import Any

from botocore.eventstream import EventStreamBuffer  # type: ignore[import-untyped]  # botocore has no types
from hypothesis import given
from hypothesis import strategies as st

from emulator.event_stream import invoke_complete, payload_chunk

_TEXTS = st.none() | st.text(max_size=200)


def decoded(pieces: list[bytes]) -> list[tuple[dict[str, Any], bytes]]:
    buffer = EventStreamBuffer()
    found = []
    for piece in pieces:
        buffer.add_data(piece)
        found += [(message.headers, message.payload) for message in buffer]
    return found


@given(st.lists(st.binary(max_size=300), max_size=5), st.data())
def test_chunks_are_decoded_as_they_were_whatever_the_split(chunks: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(map(payload_chunk, chunks))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)), max_size=8)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]

    messages = decoded(pieces)

    assert [payload for _, payload in messages] == chunks
    for headers, _ in messages:
        assert headers == {
            ":message-type": "event",
            ":event-type": "PayloadChunk",
            ":content-type": "application/octet-stream",
        }


@given(_TEXTS, _TEXTS, _TEXTS)
def test_the_completion_has_what_there_is(
    code: str | None, details: str | None, log_result: str | None
) -> None:
    members = {"ErrorCode": code, "ErrorDetails": details, "LogResult": log_result}
    [(headers, payload)] = decoded(
        [invoke_complete(error_code=code, error_details=details, log_result=log_result)]
    )
    assert headers[":event-type"] == "InvokeComplete"
    assert json.loads(payload) == {name: value for name, value in members.items() if value is not None}
