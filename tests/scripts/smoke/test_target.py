from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.smoke.target import Kind, TargetError, read_origin, read_target


@pytest.mark.parametrize(
    ("url", "kind", "service", "region"),
    [
        ("https://abc123.lambda-url.eu-west-1.on.aws/", Kind.FUNCTION_URL, "lambda", "eu-west-1"),
        ("https://abc123.lambda-url.us-gov-west-1.on.aws", Kind.FUNCTION_URL, "lambda", "us-gov-west-1"),
        (
            "https://a1.execute-api.us-east-1.amazonaws.com/prod/chat",
            Kind.API_GATEWAY,
            "execute-api",
            "us-east-1",
        ),
        (
            "https://a1.execute-api.cn-north-1.amazonaws.com.cn/x",
            Kind.API_GATEWAY,
            "execute-api",
            "cn-north-1",
        ),
        ("http://127.0.0.1:9001/", Kind.OTHER, "lambda", None),
        ("http://127.0.0.1:9000/2015-03-31/functions/function/invocations", Kind.INVOCATION, "lambda", None),
        ("https://chat.example.com/api", Kind.OTHER, "lambda", None),
        ("https://lambda-url.eu-west-1.on.aws.example.com/", Kind.OTHER, "lambda", None),
    ],
)
def test_what_answers_is_told_by_the_address(url: str, kind: Kind, service: str, region: str | None) -> None:
    target = read_target(url)
    assert (target.kind, target.service, target.region) == (kind, service, region)
    assert target.url.startswith(url)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.1.2.3:1/", True),
        ("http://[::1]:1/", True),
        ("http://localhost/", True),
        ("http://10.0.0.1/", False),
    ],
)
def test_what_is_on_this_machine(url: str, *, local: bool) -> None:
    assert read_target(url).is_local is local


def test_a_query_is_sent_and_not_shown() -> None:
    target = read_target(" https://chat.example.com/?token=abc#top ")
    assert target.url == "https://chat.example.com/?token=abc"
    assert str(target) == "https://chat.example.com/?…"


WITHOUT_HOST = ("", "abc.lambda-url.eu-west-1.on.aws", "ftp://a/", "https://", "https:///x")
WRONG_HOST = (
    "https://a:b/",
    "https://a:99999/",
    "https://a:0/",
    "http://[::1/",
    "https://a b/",
    "https://a/\x00",
)


@pytest.mark.parametrize("url", [*WITHOUT_HOST, *WRONG_HOST, "https://user:secret@a/"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(TargetError, match="ENDPOINT") as refused:
        read_target(url)
    assert "secret" not in str(refused.value)


@given(st.text() | st.text().map("https://{}".format))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    for read in (read_target, read_origin):
        with contextlib.suppress(TargetError):
            assert str(read(text))


@pytest.mark.parametrize("origin", ["https://chat.example.com", "http://localhost:3000", "http://[::1]:3000"])
def test_an_origin(origin: str) -> None:
    assert read_origin(f" {origin} ") == origin


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("https://chat.example.com/", "https://chat.example.com"),
        ("https://chat.example.com/page?x=1", "https://chat.example.com"),
        ("https://Chat.Example.com", "https://chat.example.com"),
        ("https://chat.example.com:443", "https://chat.example.com"),
        ("http://chat.example.com:80", "http://chat.example.com"),
        ("http://chat.example.com:443/", "http://chat.example.com:443"),
    ],
)
def test_what_a_browser_would_send_instead(text: str, meant: str) -> None:
    with pytest.raises(TargetError) as refused:
        read_origin(text)
    assert str(refused.value).endswith(f"a browser would send {meant}.")
    assert read_origin(meant) == meant


@pytest.mark.parametrize(
    "text", ["chat.example.com", "*", "null", "https://", "https://user@a", "https://[::1", "//a"]
)
def test_what_is_no_origin(text: str) -> None:
    with pytest.raises(TargetError, match="it must be the page's"):
        read_origin(text)
