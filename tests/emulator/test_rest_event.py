from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.rest_event import encode_body


@given(st.binary(min_size=1), st.sampled_from(["image/png", "text/plain", "application/json", ""]))
def test_a_body_of_a_binary_type_can_always_be_had_back(body: bytes, content_type: str) -> None:
    text, is_base64 = encode_body(body, content_type, ("*/*",))
    assert text is not None
    assert is_base64
    assert base64.b64decode(text) == body


@given(st.text(min_size=1))
def test_text_can_always_be_had_back_without_binary_types(text: str) -> None:
    assert encode_body(text.encode(), "image/png", ()) == (text, False)


@pytest.mark.parametrize(
    ("content_type", "binary_types", "is_base64"),
    [
        ("image/png", ("image/png",), True),
        ("Image/PNG; a=b", ("image/png",), True),
        ("image/png", ("IMAGE/*",), True),
        ("image/png", ("image/jpeg", "*/*"), True),
        ("image/png", ("image/jpeg",), False),
        ("application/json", ("image/*",), False),
        ("", ("image/*",), False),
        ("", ("*/*",), True),
    ],
)
def test_the_binary_media_types_decide(
    content_type: str, binary_types: tuple[str, ...], *, is_base64: bool
) -> None:
    assert encode_body(b"abc", content_type, binary_types)[1] is is_base64


def test_bytes_that_are_no_text_are_lost_without_binary_types() -> None:
    """As through the gateway, where a PNG arrives broken until its type is among the binary ones."""
    assert encode_body(b"a\xff", "image/png", ()) == ("a\N{REPLACEMENT CHARACTER}", False)


def test_no_body_is_null() -> None:
    assert encode_body(b"", "image/png", ("*/*",)) == (None, False)
