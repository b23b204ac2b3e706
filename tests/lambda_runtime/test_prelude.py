"""The prelude: what the platform's HTTP front can take, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_runtime.prelude import encode_prelude


def decoded(metadata: dict[str, Any]) -> Any:
    return json.loads(encode_prelude(metadata))


def test_all_three_keys_are_always_there() -> None:
    assert decoded({}) == {"statusCode": 200, "headers": {}, "cookies": []}


def test_set_cookie_headers_become_cookies() -> None:
    metadata = {"headers": {"SET-cookie": ["a=1", "b=2"], "X": "y"}, "cookies": "c=3"}
    assert decoded(metadata) == {"statusCode": 200, "headers": {"X": "y"}, "cookies": ["c=3", "a=1", "b=2"]}


@pytest.mark.parametrize(
    "name", ["Connection", "content-length", "Transfer-Encoding", "Keep-Alive", "Trailer"]
)
def test_headers_of_one_connection_are_dropped(name: str) -> None:
    """The platform makes its own connection to the client."""
    metadata = {"headers": {name: "x"}, "multiValueHeaders": {name: ["x"], "X": ["1", "2"]}}
    assert decoded(metadata) == {
        "statusCode": 200,
        "headers": {},
        "cookies": [],
        "multiValueHeaders": {"X": ["1", "2"]},
    }


def test_header_values_become_strings() -> None:
    assert decoded({"headers": {"Retry-After": 5}})["headers"] == {"Retry-After": "5"}


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"status": 200}, "'status' is not part"),
        ({"statusCode": 101}, "from 200 to 599"),
        ({"statusCode": "200"}, "from 200 to 599"),
        ({"headers": {"A": "x\r\nSet-Cookie: y"}}, "cannot"),
        ({"headers": {"A b": "x"}}, "cannot"),
        ({"cookies": ["a=1\n"]}, "cannot"),
        ({"headers": {"A": "x" * 16_400}}, "16 KB"),
    ],
)
def test_what_http_cannot_carry_is_refused(metadata: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        encode_prelude(metadata)


@given(
    st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=4),
    st.lists(st.text(max_size=20), max_size=3),
)
def test_no_value_breaks_out_of_the_prelude(headers: dict[str, str], cookies: list[str]) -> None:
    """Whatever comes, it is refused, or it is JSON on one line without a byte of the delimiter."""
    try:
        prelude = encode_prelude({"headers": headers, "cookies": cookies})
    except ValueError:
        return
    assert b"\0" not in prelude
    assert b"\n" not in prelude
    assert set(json.loads(prelude)) == {"statusCode", "headers", "cookies"}
