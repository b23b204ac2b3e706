from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.url_event import encode_body


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
