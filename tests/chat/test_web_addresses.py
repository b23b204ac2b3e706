"""URLs of servers and proxies: which can be used, and that whatever is wrong with one is a sentence."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.http.client import HttpClient
from chat.web_addresses import checked, without_password


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1",
        "HTTPS://API.example./v1",
        "http://localhost:11434/v1",
        "http://my_service:8000",
        "http://10.0.0.7/v1",
        "http://[::1]:8080/v1",
        "http://[fe80::1%25eth0]/v1",
        "https://münchen.example/v1",
        "https://api.example:/v1?api-version=1#part",
    ],
)
def test_what_can_be_used(url: str) -> None:
    assert checked(url).hostname
    HttpClient(url, {}, 1.0, {})


def test_a_user_where_one_is_sent() -> None:
    assert checked("http://ann:p%20w@proxy.example:3128", with_user=True).password == "p%20w"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "does not begin with http"),
        ("localhost:11434", "does not begin with http"),
        ("ftp://a.example", "does not begin with http"),
        ("http://", "names no host"),
        ("http://:80/v1", "names no host"),
        ("http:///v1", "names no host"),
        ("http://localhost:abc/v1", "its port is no number from 1 to 65535"),
        ("http://localhost:99999/v1", "its port"),
        ("http://localhost:0/v1", "its port"),
        ("http://localhost:-1/v1", "its port"),
        ("http://[::1/v1", "IPv6 address stands in brackets"),
        ("http://[nothing]/v1", "IPv6 address stands in brackets"),
        ("http://a℀b/v1", "its host cannot be read"),
        ("https://ä..b/v1", "not the name of one"),
        ("https://a..b/v1", "not the name of one"),
        ("https://u:p@a.example/v1", "a user or a password"),
        (f"https://{'a' * 64}.example/v1", "not the name of one"),
        ("https://a%20b/v1", "not the name of one"),
        ("https://<host>/v1", "not the name of one"),
        ("http://a b/v1", "a blank or a control character"),
        ("http://a.example/v 1", "a blank or a control character"),
        ("http://a.example/v1\n", "a blank or a control character"),
        ("http://a\t.example/v1", "a blank or a control character"),
        ("http://a.example/\u00a0v1", "a blank or a control character"),
        ("http://a.example/v\udce4", "a blank or a control character"),
    ],
)
def test_what_cannot(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        checked(url)


pieces = st.sampled_from(
    [*("http://", "https://", ":", "/", "@", "[", "]", "::1", ".", "..", "?", "#", "%", "a.example", "80")]
)


@given(st.one_of(st.text(), st.lists(pieces | st.text(max_size=3)).map("".join)))
def test_what_is_accepted_makes_a_client(url: str) -> None:
    """Nothing that passes the check fails later, with an error that names no variable."""
    with contextlib.suppress(ValueError):
        checked(url)
        try:
            HttpClient(url, {}, 1.0, {})
        except ValueError as error:
            raise AssertionError(f"{url!r} was accepted") from error


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://api.example/v1", "https://api.example/v1"),
        ("https://u:p@api.example/v1", "https://…@api.example/v1"),
        ("u:p@proxy.example", "…@proxy.example"),
        ("http://u:p/w@h", "http://…@h"),
        ("http://u:p?w#x@h", "http://…@h"),
        ("u:p://w@h", "…@h"),
        ("https://h/v1?api-key=p", "https://h/v1?…"),
    ],
)
def test_what_is_shown(url: str, shown: str) -> None:
    assert without_password(url) == shown
