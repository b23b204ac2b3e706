"""CORS values as AWS and browsers take them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from infra.cors import METHODS, Header, Method, Origin


def _takes(kind: Any, value: str) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "https://chat.example.com",
        "http://localhost",
        "http://localhost:5173",
        "https://example.com:8443",
        "http://example.com:443",
        "http://127.0.0.1:3000",
        "http://[::1]:3000",
        "https://xn--mnchen-3ya.example",
        "https://a_b.example.com",
        "https://example.com:65535",
    ],
)
def test_an_origin(origin: str) -> None:
    assert _takes(Origin, origin)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "example.com",
        "null",
        "https://",
        "https://example.com/",
        "https://example.com/chat",
        "https://example.com?a",
        "https://example.com#a",
        "https://Example.com",
        "HTTPS://example.com",
        "https://me@example.com",
        "https://*.example.com",
        "https://example.com:",
        "https://example.com:0",
        "https://example.com:443",
        "http://example.com:80",
        "https://example.com:65536",
        "https://example.com:x",
        "https://exa mple.com",
        "https://münchen.example",
        "https://example.com,https://b.example",
        "https://example.com\n",
        "https://.example.com",
        "https://[::1",
        "ftp://example.com",
        "chrome-extension://abc",
        f"https://{'a' * 246}",
    ],
)
def test_what_is_no_origin(origin: str) -> None:
    """AWS takes some of these; but it compares texts, and no browser sends one of them, so no page could call."""
    assert not _takes(Origin, origin)


@given(st.text())
def test_an_origin_is_one_line_of_ascii(text: str) -> None:
    if _takes(Origin, text):
        assert re.fullmatch(r"[!-~]{1,253}", text)
        assert "," not in text


@pytest.mark.parametrize("method", METHODS)
def test_a_method(method: str) -> None:
    assert _takes(Method, method)


@pytest.mark.parametrize("method", ["OPTIONS", "get", "", "CONNECT", "TRACE", "GET,POST"])
def test_what_is_no_method(method: str) -> None:
    assert not _takes(Method, method)


@pytest.mark.parametrize("header", ["content-type", "X-Request-Id", "*", "x_y", "a" * 1024])
def test_a_header(header: str) -> None:
    assert _takes(Header, header)


@pytest.mark.parametrize("header", ["", "content type", "a:b", "a,b", "ä", "a\r\nb", "a" * 1025])
def test_what_is_no_header(header: str) -> None:
    assert not _takes(Header, header)
