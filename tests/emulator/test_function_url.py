from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.function_url import buffered_response, encode_body, response_headers
from emulator.prelude import Prelude, PreludeError


@given(st.binary(), st.sampled_from(["text/plain", "application/json", "image/png", "", "application/xml"]))
def test_a_body_can_always_be_had_back(body: bytes, content_type: str) -> None:
    text, is_base64 = encode_body(body, content_type)
    assert (base64.b64decode(text) if is_base64 else text.encode()) == body


@pytest.mark.parametrize(
    ("content_type", "is_base64"),
    [
        ("text/html", False),
        ("text/plain; charset=utf-8", False),
        ("application/json", False),
        ("Application/JSON;charset=utf-8", False),
        ("application/x-www-form-urlencoded", True),
        ("application/jsonl", True),
        ("image/png", True),
        ("", True),
    ],
)
def test_the_base64_rule(content_type: str, *, is_base64: bool) -> None:
    assert encode_body(b"abc", content_type)[1] is is_base64


def test_text_that_is_no_utf_8_is_base64() -> None:
    assert encode_body(b"\xff", "text/plain") == ("/w==", True)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"statusCode": 404, "body": "x"}, (Prelude(404), b"x")),
        ({"statusCode": 200}, (Prelude(), b"")),
        (
            {"statusCode": 200, "body": "AAE=", "isBase64Encoded": True, "cookies": ["a=b"]},
            (Prelude(cookies=("a=b",)), b"\0\1"),
        ),
        ({"message": "hi"}, (Prelude(), b'{"message": "hi"}')),
        ("hi", (Prelude(), b"hi")),
        (None, (Prelude(), b"null")),
    ],
)
def test_a_buffered_result(result: Any, expected: tuple[Prelude, bytes]) -> None:
    assert buffered_response(json.dumps(result).encode()) == expected


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b'{"statusCode":"x"}',
        b'{"statusCode":200,"body":{}}',
        b'{"statusCode":200,"body":"%","isBase64Encoded":true}',
    ],
)
def test_a_buffered_result_that_is_no_response(payload: bytes) -> None:
    with pytest.raises(PreludeError):
        buffered_response(payload)


def test_headers_of_the_connection_are_remapped() -> None:
    """They belong to AWS's own connection with the client."""
    prelude = Prelude(headers={"Content-Length": "3", "Connection": "close", "X-A": "é"}, cookies=("a=b",))
    assert response_headers(prelude, "text/plain", "id", "Root=1-2-3;Parent=4") == [
        (b"content-type", b"text/plain"),
        (b"x-amzn-remapped-content-length", b"3"),
        (b"x-amzn-remapped-connection", b"close"),
        (b"x-a", b"\xe9"),
        (b"set-cookie", b"a=b"),
        (b"x-amzn-requestid", b"id"),
        (b"x-amzn-trace-id", b"Root=1-2-3"),
    ]
