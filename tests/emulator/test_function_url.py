from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.function_url import buffered_response, response_headers
from emulator.prelude import Prelude, PreludeError


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
        # One half of a character, which json.dumps escapes.
        b'{"statusCode":200,"body":"\\ud83d"}',
        b'"\\ud83d"',
    ],
)
def test_a_buffered_result_that_is_no_response(payload: bytes) -> None:
    with pytest.raises(PreludeError):
        buffered_response(payload)


def test_headers_of_the_connection_are_remapped() -> None:
    """They belong to AWS's own connection with the client."""
    prelude = Prelude(headers={"Content-Length": "3", "Connection": "close", "X-A": "é"}, cookies=("a=b",))
    assert response_headers(prelude, "text/plain", "id", "Root=1-2-3;Parent=4;Sampled=0") == [
        (b"content-type", b"text/plain"),
        (b"x-amzn-remapped-content-length", b"3"),
        (b"x-amzn-remapped-connection", b"close"),
        (b"x-a", b"\xe9"),
        (b"set-cookie", b"a=b"),
        (b"x-amzn-requestid", b"id"),
        (b"x-amzn-trace-id", b"root=1-2-3;parent=4;sampled=0"),
    ]
