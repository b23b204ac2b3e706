from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.smoke.exchange import Exchange
from scripts.smoke.suspects import proxied, suspects
from scripts.smoke.target import read_target

if TYPE_CHECKING:
    import pytest

URL = "https://abc123.lambda-url.eu-west-1.on.aws/"


def said(url: str, *headers: tuple[str, str], through_proxy: bool = False) -> str:
    exchange = Exchange(200, "OK", "HTTP/1.1", list(headers), 0.0, 0.1)
    return suspects(exchange, read_target(url), through_proxy=through_proxy)


def test_the_way_decides_what_to_look_at() -> None:
    assert "RESPONSE_STREAM" in said(URL)
    assert "response transfer mode must be STREAM" in said(
        "https://a.execute-api.eu-west-1.amazonaws.com/prod"
    )
    assert "proxy_buffering off" in said("https://chat.example.com/")
    invocation = said("http://127.0.0.1:9000/2015-03-31/functions/function/invocations")
    assert invocation.startswith("AWS's own emulator (RIE) hands answers on whole")


def test_what_was_seen_on_the_way_comes_first() -> None:
    seen = said(
        URL, ("via", "1.1 cdn"), ("x-cache", "Miss"), ("content-encoding", "gzip"), through_proxy=True
    )
    order = ["compresses (gzip)", "the proxy of this environment", "1.1 cdn and Miss", "RESPONSE_STREAM"]
    places = [seen.index(words) for words in order]
    assert places == sorted(places)


def test_whether_a_proxy_of_the_environment_is_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    target = read_target(URL)
    assert not proxied(target)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:3128")
    assert proxied(target)
    assert not proxied(read_target("http://chat.example.com/"))
    assert not proxied(read_target("https://127.0.0.1/"))
    monkeypatch.setenv("NO_PROXY", ".on.aws")
    assert not proxied(target)
