"""Which proxy the environment means."""

from __future__ import annotations

import pytest

from chat.http.proxies import Proxy, proxy_for
from chat.settings import SettingsError

PROXY = "http://proxy.example:3128"
PARSED = Proxy("proxy.example", 3128, secure=False, authorization="")


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
def test_a_variable_in_both_cases(variable: str) -> None:
    assert proxy_for("https", "api.example", 443, {variable: PROXY}) == PARSED


def test_the_scheme_of_the_url_chooses_the_variable() -> None:
    environ = {"HTTP_PROXY": PROXY}
    assert proxy_for("https", "api.example", 443, environ) is None
    assert proxy_for("http", "api.example", 80, environ) == PARSED


def test_order() -> None:
    """The scheme's own variable before the one for all, lower case before upper case, empty is unset."""
    environ = {"https_proxy": " ", "HTTPS_PROXY": PROXY, "all_proxy": "http://other.example"}
    assert proxy_for("https", "api.example", 443, environ) == PARSED
    environ["https_proxy"] = "http://lower.example"
    assert proxy_for("https", "api.example", 443, environ) == Proxy(
        "lower.example", 80, secure=False, authorization=""
    )


@pytest.mark.parametrize(
    ("value", "proxy"),
    [
        ("proxy.example:3128", PARSED),
        ("http://proxy.example", Proxy("proxy.example", 80, secure=False, authorization="")),
        ("https://proxy.example", Proxy("proxy.example", 443, secure=True, authorization="")),
        ("http://[::1]:3128/", Proxy("::1", 3128, secure=False, authorization="")),
        (
            "http://ann:p%40ss@h.example:1",
            Proxy("h.example", 1, secure=False, authorization="Basic YW5uOnBAc3M="),
        ),
        ("http://ann@h.example:1", Proxy("h.example", 1, secure=False, authorization="Basic YW5uOg==")),
    ],
)
def test_forms_of_a_proxy(value: str, proxy: Proxy) -> None:
    assert proxy_for("https", "api.example", 443, {"HTTPS_PROXY": value}) == proxy


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("socks5://u:secret@h.example:1080", "socks5://…@h.example:1080"),
        ("http://u:secret@h.example:port", "http://…@h.example:port"),
        ("u:secret@h.example:99999", "…@h.example:99999"),
        ("http://u:sec/ret@h.example", "http://…@h.example"),
        ("http://u:sec ret@h.example", "http://…@h.example"),
        ("http://", "http://"),
        ("http://[::1", "http://[::1"),
        ("http://ä..b:3128", "http://ä..b:3128"),
        ("proxy .example", "proxy .example"),
    ],
)
def test_what_is_no_http_proxy_is_said_without_its_password(value: str, shown: str) -> None:
    with pytest.raises(SettingsError, match="it must be the URL of an HTTP proxy") as caught:
        proxy_for("https", "api.example", 443, {"HTTPS_PROXY": value})
    assert str(caught.value).startswith(f"HTTPS_PROXY is {shown!r}, but ")
    assert not {"secret", "sec", "ret"} & set(str(caught.value).replace("/", " ").replace("@", " ").split())


@pytest.mark.parametrize(
    ("entry", "host", "port", "excluded"),
    [
        ("*", "api.example", 443, True),
        ("", "api.example", 443, False),
        ("api.example", "api.example", 443, True),
        ("API.example.", "api.EXAMPLE", 443, True),
        ("example", "api.example", 443, True),
        (".example", "api.example", 443, True),
        ("*.example", "api.example", 443, True),
        ("i.example", "api.example", 443, False),
        ("api.example:443", "api.example", 443, True),
        ("api.example:8443", "api.example", 443, False),
        ("other, api.example", "api.example", 443, True),
        ("other api.example", "api.example", 443, True),
        ("10.0.0.7", "10.0.0.7", 443, True),
        ("10.0.0.0/8", "10.1.2.3", 443, True),
        ("10.0.0.0/8", "11.1.2.3", 443, False),
        ("10.0.0.0/8", "api.example", 443, False),
        ("10.0.0.0/99", "10.1.2.3", 443, False),
        ("::1", "::1", 443, True),
        ("[::1]", "::1", 443, True),
        ("[::1]:443", "::1", 443, True),
        ("[::1]:80", "::1", 443, False),
        ("fd00::/8", "fd12::1", 443, True),
    ],
)
def test_no_proxy(entry: str, host: str, port: int, *, excluded: bool) -> None:
    for variable in ("no_proxy", "NO_PROXY"):
        found = proxy_for("https", host, port, {"ALL_PROXY": PROXY, variable: entry})
        assert (found is None) == excluded


def test_a_bad_proxy_that_is_not_used_does_not_matter() -> None:
    environ = {"ALL_PROXY": "socks5://h.example:1080", "NO_PROXY": "api.example"}
    assert proxy_for("https", "api.example", 443, environ) is None
