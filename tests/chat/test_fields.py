"""Errors of single fields; whole requests are in the tests of what reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chat import fields
from chat.failures import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (True, "a boolean"),
        (1, "a number"),
        (1.5, "a number"),
        ("", "a string"),
        ([], "an array"),
        ({}, "an object"),
    ],
)
def test_kind_has_the_names_of_json(value: Any, kind: str) -> None:
    assert fields.kind(value) == kind


@pytest.mark.parametrize(
    ("read", "takes"), [(fields.text, str), (fields.mapping, dict), (fields.array, list)]
)
@pytest.mark.parametrize("value", [None, True, 1, 1.5, "", [], {}])
def test_each_reader_takes_its_type_alone(read: Callable[[Any, str], Any], takes: type, value: Any) -> None:
    if type(value) is takes:
        assert read(value, "x") is value
    else:
        with pytest.raises(RequestError, match=rf"^x must be an? \w+, not {fields.kind(value)}\.$"):
            read(value, "x")


def test_optional_text() -> None:
    assert fields.optional_text(None, "x") is None
    assert fields.optional_text("a", "x") == "a"
    with pytest.raises(RequestError, match="x must be a string"):
        fields.optional_text(1, "x")


def test_a_flag_is_a_boolean_or_absent() -> None:
    assert [fields.flag(value, "x") for value in (None, True, False)] == [None, True, False]
    wrong: tuple[Any, ...] = (0, 1, "true", [], {})
    for value in wrong:
        with pytest.raises(RequestError, match=rf"^x must be a boolean, not {fields.kind(value)}\.$"):
            fields.flag(value, "x")


def test_text_is_what_utf8_and_postgres_can_hold() -> None:
    assert fields.text("Grüße 😀\n", "x") == "Grüße 😀\n"
    with pytest.raises(RequestError, match=r"x has a NUL character \(U\+0000\) at position 2\."):
        fields.text("ab\0c", "x")
    with pytest.raises(
        RequestError, match=r"x has a lone surrogate \(U\+DC00\) at position 1, which is not text"
    ):
        fields.text("ä\udc00", "x")


def test_shown_is_short_and_printable() -> None:
    assert fields.shown("a'b") == '"a\'b"'
    assert len(fields.shown("x" * 10_000)) == fields.SHOWN + 2
    assert fields.shown("\0\ud800\n").isascii()
