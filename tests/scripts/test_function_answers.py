from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.function_answers import (
    NOT_CONFIGURED,
    Answer,
    UnexpectedAnswerError,
    expect_failure,
    expect_not_configured,
    expect_stream,
    expect_success,
    read_answer,
)

GOOD_HEADERS = {"x-vercel-ai-data-stream": "v1"}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def with_prelude(prelude: Any, payload: bytes) -> bytes:
    return json.dumps(prelude).encode() + bytes(8) + payload


@given(st.integers(100, 599), st.dictionaries(st.text("aB-", min_size=1), st.text()), st.binary())
def test_a_prelude_is_taken_off(status: int, headers: dict[str, str], payload: bytes) -> None:
    """Also where the payload itself has NULs: the first eight are the delimiter, for JSON has none."""
    answer = read_answer(with_prelude({"statusCode": status, "headers": headers, "cookies": []}, payload))
    assert (answer.status, answer.payload) == (status, payload)
    assert answer.headers == {name.lower(): value for name, value in headers.items()}


@given(status=st.integers(100, 599), text=st.text(), encoded=st.booleans())
def test_a_buffered_http_answer_is_opened(*, status: int, text: str, encoded: bool) -> None:
    body = base64.b64encode(text.encode()).decode() if encoded else text
    event = {"statusCode": status, "headers": {}, "body": body, "isBase64Encoded": encoded}
    answer = read_answer(json.dumps(event).encode())
    assert (answer.status, answer.headers, answer.payload) == (status, {}, text.encode())


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(UnexpectedAnswerError):
        assert str(read_answer(body))


@pytest.mark.parametrize("prelude", [[], 5, {}, {"statusCode": 200}, {"statusCode": 200, "headers": []}])
def test_a_prelude_that_is_none_is_refused(prelude: Any) -> None:
    with pytest.raises(UnexpectedAnswerError, match="expected a JSON prelude"):
        read_answer(with_prelude(prelude, b"x"))


def test_the_emulators_word_that_the_function_failed() -> None:
    failure = {"errorType": "Runtime.HandlerNotFound", "errorMessage": "no such handler"}
    with pytest.raises(
        UnexpectedAnswerError, match=r"the function failed: Runtime.HandlerNotFound: no such handler"
    ):
        read_answer(json.dumps(failure).encode())


@pytest.mark.parametrize("status", [None, 200])
def test_a_good_stream_is_counted(status: int | None) -> None:
    payload = (
        b'f:{"messageId":"m"}\n0:"Hel"\n\n0:"lo"\ne:{"finishReason":"stop"}\nd:{"finishReason":"stop"}\n'
    )
    assert expect_stream(Answer(payload, status, GOOD_HEADERS)) == (
        '2 lines 0:"…", 5 characters, ended by d: (stop)'
    )


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        (b"", "expected text lines"),
        (b"Hello\n", "expected lines CODE:JSON"),
        (b'0:"Hello\n', "expected lines CODE:JSON"),
        (b'00:"Hello"\n', "expected lines CODE:JSON"),
        (b': ping\n0:"a"\nd:{}\n', "expected lines CODE:JSON"),
        (b'd:{"finishReason":"stop"}\n', "expected text lines"),
        (b'0:"a"\n', "expected one line d: at the end"),
        (b'0:"a"\nd:{"finishReason":"stop"}', "expected one line d: at the end"),
        (b'0:"a"\nd:{"finishReason":"stop"}\n0:"b"\n', "expected one line d: at the end"),
        (b'0:"a"\nd:{"finishReason":"a"}\nd:{"finishReason":"a"}\n', "expected one line d: at the end"),
        (b'0:"a"\n3:"rate limited"\n', "the stream ended with the error part: rate limited"),
    ],
)
def test_a_bad_stream_is_refused(payload: bytes, complaint: str) -> None:
    with pytest.raises(UnexpectedAnswerError, match=complaint):
        expect_stream(Answer(payload))


@pytest.mark.parametrize(("status", "headers"), [(500, GOOD_HEADERS), (200, {}), (200, None)])
def test_a_stream_needs_its_status_and_header(status: int, headers: dict[str, str] | None) -> None:
    with pytest.raises(UnexpectedAnswerError, match="expected status 200 with X-Vercel"):
        expect_stream(Answer(b'0:"a"\nd:{"finishReason":"stop"}\n', status, headers))


def test_not_configured_is_one_answer() -> None:
    good = json.dumps(NOT_CONFIGURED).encode()
    expect_not_configured(Answer(good))
    expect_not_configured(Answer(good, 500, {}))
    for bad in (Answer(good, 200, {}), Answer(b"{}"), Answer(b"?")):
        with pytest.raises(UnexpectedAnswerError):
            expect_not_configured(bad)


def test_a_failure_names_what_is_wrong() -> None:
    good = b'{"success": false, "error": "The action no-such is unknown."}'
    expect_failure(Answer(good), about="no-such")
    expect_failure(Answer(good, 404, {}), about="no-such")
    for bad in (Answer(good, 500, {}), Answer(good, 200, {}), Answer(b'{"success": true}'), Answer(b"[]")):
        with pytest.raises(UnexpectedAnswerError):
            expect_failure(bad, about="no-such")
    with pytest.raises(UnexpectedAnswerError):
        expect_failure(Answer(good), about="other")


def test_a_success_carries_data() -> None:
    assert expect_success(Answer(b'{"success": true, "data": {"text": "a"}}', 200, {})) == {"text": "a"}
    for bad in (
        b'{"success": true}',
        b'{"success": false, "data": {}}',
        b'{"success": 1, "data": {}}',
        b"[]",
    ):
        with pytest.raises(UnexpectedAnswerError):
            expect_success(Answer(bad))
    with pytest.raises(UnexpectedAnswerError):
        expect_success(Answer(b'{"success": true, "data": {}}', 500, {}))
