from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from emulator.rest_event import Arrival, encode_body, event_of

_PAIRS = st.lists(st.tuples(st.sampled_from(["a", "B", "é &"]), st.text(max_size=8)), max_size=6)
_FIELD_VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=8)
_HEADERS = st.lists(st.tuples(st.sampled_from(["X-A", "x-a", "Accept", "COOKIE"]), _FIELD_VALUES), max_size=6)


def event_for(
    path: str = "/", query: str = "", headers: list[tuple[str, str]] | None = None, body: bytes = b""
) -> dict[str, Any]:
    """The event of a request to the stage `v1`, through JSON, as the function has it."""
    headers = headers or []
    scope = {
        "type": "http",
        "method": "POST",
        "http_version": "1.1",
        "query_string": query.encode(),
        "client": ("192.0.2.1", 50000),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
        "state": {"emulator.header_names": [name.encode() for name, _ in headers]},
    }
    request = Request(scope)
    arrival = Arrival.of(request, path)
    event = event_of(request, arrival, body, stage="v1", binary_types=(), trace_id="Root=1-2-3;Sampled=0")
    loaded: dict[str, Any] = json.loads(json.dumps(event))
    return loaded


def listed(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    names = dict.fromkeys(name for name, _ in pairs)
    return {each: [value for name, value in pairs if name == each] for each in names}


@given(_PAIRS)
def test_every_query_parameter_is_there_in_order_and_decoded(pairs: list[tuple[str, str]]) -> None:
    """The plain map has the last of each name."""
    event = event_for(query=urlencode(pairs))
    assert event["multiValueQueryStringParameters"] == (listed(pairs) or None)
    assert event["queryStringParameters"] == (dict(pairs) or None)


@given(_HEADERS)
def test_every_header_is_there_in_order_as_it_was_written(headers: list[tuple[str, str]]) -> None:
    event = event_for(headers=headers)
    added = {"X-Amzn-Trace-Id", "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto"}
    kept = {name: values for name, values in event["multiValueHeaders"].items() if name not in added}
    assert kept == listed(headers)
    assert event["headers"] == {name: values[-1] for name, values in event["multiValueHeaders"].items()}
    assert event["headers"]["X-Amzn-Trace-Id"] == "Root=1-2-3"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: text.strip("/")))
def test_the_path_stays_as_written_and_its_parameter_is_decoded(text: str) -> None:
    path = f"/{quote(text)}"
    event = event_for(path=path)
    assert (event["path"], event["requestContext"]["path"]) == (path, f"/v1{path}")
    assert event["pathParameters"] == {"proxy": text.lstrip("/")}


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
