"""JSON that the client's `JSON.parse` reads and that UTF-8 can carry."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.json_text import encode_json, encode_text, is_deeper, sound_text
from tests.chat.part_strategies import texts, values


@given(texts)
def test_text_comes_back_but_for_what_is_no_text(text: str) -> None:
    assert json.loads(encode_text(text)) == sound_text(text)


@given(values)
def test_any_value_is_strict_json_on_one_line(value: Any) -> None:
    encoded = encode_json(value)
    assert b"\n" not in encoded
    json.loads(encoded.decode(), parse_constant=pytest.fail)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_sound_values_come_back_as_they_were(value: Any) -> None:
    assert json.loads(encode_json(value)) == value


def test_numbers_that_json_has_not_become_null() -> None:
    """As `JSON.stringify` writes them; also beside text that takes the other way."""
    assert encode_json([float("nan"), float("inf"), -float("inf")]) == b"[null,null,null]"
    assert (
        encode_json({"a": [float("nan")], "b": "\ud83d", "c": 1.5})
        == '{"a":[null],"b":"\ufffd","c":1.5}'.encode()
    )


@pytest.mark.parametrize(
    ("halves", "whole"),
    [
        ("\ud83d\ude00", "😀"),
        ("a\ud83d", "a\ufffd"),
        ("\ude00b", "\ufffdb"),
        ("\ud83d\ud83d\ude00", "\ufffd😀"),
    ],
)
def test_halves_of_characters_are_joined_or_replaced(halves: str, whole: str) -> None:
    assert sound_text(halves) == whole
    assert encode_text(halves).decode() == f'"{whole}"'
    assert encode_json([halves]).decode() == f'["{whole}"]'


def test_a_nul_is_replaced_in_text_and_kept_in_values() -> None:
    """A page may not send it back in a text; in a tool's arguments it stays escaped, and counts."""
    assert encode_text("a\0b") == '"a\ufffdb"'.encode()
    assert encode_json(["a\0b"]) == b'["a\\u0000b"]'


def test_text_stays_utf8() -> None:
    assert encode_text("Ελλάδα\u2028") == '"Ελλάδα\u2028"'.encode()


@pytest.mark.parametrize(
    ("value", "levels"), [(1, 0), ("[[", 0), ([], 1), ({}, 1), ([1, {"a": []}], 3), ({"a": 1, "b": [[2]]}, 3)]
)
def test_levels_are_counted_as_the_reader_of_requests_counts_them(value: Any, levels: int) -> None:
    assert not is_deeper(value, levels)
    assert levels == 0 or is_deeper(value, levels - 1)
