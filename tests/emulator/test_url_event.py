from __future__ import annotations

import base64
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from emulator.url_event import encode_body, event_of

_PAIRS = st.lists(st.tuples(st.sampled_from(["a", "B", "é &"]), st.text(max_size=8)), max_size=6)


@given(_PAIRS)
def test_query_parameters_are_joined_by_commas_and_the_raw_ones_kept(pairs: list[tuple[str, str]]) -> None:
    query = urlencode(pairs)
    scope = {
        "type": "http",
        "method": "GET",
        "http_version": "1.1",
        "raw_path": b"/%C3%A9",
        "query_string": query.encode(),
        "client": ("192.0.2.1", 50000),
        "headers": [(b"host", b"id.lambda-url.us-east-1.on.aws")],
    }
    event = event_of(Request(scope), b"", "Root=1-2-3")
    names = dict.fromkeys(name for name, _ in pairs)
    joined = {each: ",".join(value for name, value in pairs if name == each) for each in names}
    assert event.get("queryStringParameters", {}) == joined
    assert (event["rawQueryString"], event["rawPath"]) == (query, "/%C3%A9")
    assert event["requestContext"]["domainPrefix"] == "id"
    assert event["headers"]["x-forwarded-for"] == "192.0.2.1"


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
