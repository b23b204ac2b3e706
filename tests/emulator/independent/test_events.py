"""The event that this emulator makes of a request, beside the one that other people's makes: field by field."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import pytest

if TYPE_CHECKING:
    from tests.emulator.independent.both import Both

ABSENT = object()
ANY = object()


class Difference(NamedTuple):
    """Where the two events differ, and why; values are given where they do not change from run to run."""

    ours: Any
    theirs: Any
    why: str


_NOT_OF_A_URL = "an event of another service, whose fields cargo-lambda gives all the same"
DIFFERENCES = {
    **{
        name: Difference(ABSENT, None, _NOT_OF_A_URL)
        for name in ("type", "methodArn", "identitySource", "authorizationToken", "resource")
    },
    "httpMethod": Difference(ABSENT, "GET", f"{_NOT_OF_A_URL}; it is GET whatever the method"),
    "stageVariables": Difference(ABSENT, {}, _NOT_OF_A_URL),
    "requestContext.accountId": Difference("anonymous", None, "AWS: the caller's account, or this word"),
    "requestContext.apiId": Difference("127", None, "AWS: the URL's id, the first label of its domain"),
    "requestContext.domainName": Difference(
        "127.0.0.1", "localhost", "AWS: the name that the client asked for"
    ),
    "requestContext.domainPrefix": Difference("127", "function", "AWS: the first label of the domain"),
    "requestContext.requestId": Difference(ANY, ANY, "each its own"),
    "requestContext.time": Difference(ANY, ANY, "each its own"),
    "requestContext.timeEpoch": Difference(ANY, ANY, "AWS: milliseconds; cargo-lambda gives seconds"),
    "requestContext.http.protocol": Difference("HTTP/1.1", "http", "AWS: with its version"),
    "requestContext.http.userAgent": Difference("a browser", "cargo-lambda", "AWS: the client's"),
    "headers.host": Difference(ANY, ANY, "each its own port"),
    "headers.x-amzn-trace-id": Difference(ANY, ABSENT, "AWS adds it"),
    "headers.x-forwarded-for": Difference("127.0.0.1", ABSENT, "AWS adds it"),
    "headers.x-forwarded-port": Difference(ANY, ABSENT, "AWS adds it"),
    "headers.x-forwarded-proto": Difference("http", ABSENT, "AWS adds it; there it is https"),
    "headers.lambda-runtime-aws-request-id": Difference(
        ABSENT, ANY, "a header of the Runtime API that leaks"
    ),
    "headers.connection": Difference(
        ABSENT, "keep-alive", "of the client's own connection, which ends at AWS"
    ),
    "headers.x-twice": Difference(
        "one,two", "one", "AWS joins repeated headers; cargo-lambda gives the first"
    ),
}
WITHOUT_QUERY = {"rawQueryString": Difference("", None, "AWS: an empty string")}


def flat(value: Any, at: str = "") -> dict[str, Any]:
    """Paths to leaves; an empty object is a leaf."""
    if not isinstance(value, dict) or not value:
        return {at: value}
    inner = (flat(each, f"{at}.{name}" if at else name) for name, each in value.items())
    return dict(itertools.chain.from_iterable(part.items() for part in inner))


def events(both: Both, method: str, path: str, **request: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The events that the function was given, flat."""
    ours, theirs = both.ask(method, path, **request)
    return flat(json.loads(ours.body)), flat(json.loads(theirs.body))


def assert_differences(ours: dict[str, Any], theirs: dict[str, Any], expected: dict[str, Difference]) -> None:
    """Each of `expected` is there, as it is described, and no other."""
    different = {at for at in ours.keys() | theirs.keys() if ours.get(at, ABSENT) != theirs.get(at, ABSENT)}
    # Asked within one second, both may tell the same time.
    assert different | {"requestContext.time"} == expected.keys()
    for at, difference in expected.items():
        for event, value in ((ours, difference.ours), (theirs, difference.theirs)):
            assert value is ANY or event.get(at, ABSENT) == value, (at, difference.why)


REQUESTS: dict[str, dict[str, Any]] = {
    "text": {
        "method": "POST",
        "content": '{"q": "Grüße"}'.encode(),
        "headers": {"content-type": "application/json"},
    },
    "binary": {
        "method": "PUT",
        "content": bytes(range(256)),
        "headers": {"content-type": "application/octet-stream"},
    },
    "no-body": {"method": "DELETE"},
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS.keys())
@pytest.mark.parametrize("query", ["", "?a=1&b=x%20y&a=2&c", "?plus=a+b&percent=%C3%BC"])
def test_the_event(streaming: Both, request_: dict[str, Any], query: str) -> None:
    """Every field is equal but those of `DIFFERENCES`."""
    headers = [
        ("cookie", "k=v; l=w"),
        ("user-agent", "a browser"),
        ("x-twice", "one"),
        ("x-twice", "two"),
        *request_.get("headers", {}).items(),
    ]
    request = {name: value for name, value in request_.items() if name != "method"} | {"headers": headers}
    ours, theirs = events(streaming, request_["method"], f"/echo{query}", **request)
    assert_differences(ours, theirs, DIFFERENCES if query else DIFFERENCES | WITHOUT_QUERY)
    assert 999 < ours["requestContext.timeEpoch"] / theirs["requestContext.timeEpoch"] < 1001
    assert ours.get("body") == theirs.get("body")


PLAIN = {at: difference for at, difference in DIFFERENCES.items() if at != "headers.x-twice"}
PLAIN["requestContext.http.userAgent"] = Difference(
    f"python-httpx/{httpx.__version__}", "cargo-lambda", "AWS: the client's"
)


@pytest.mark.parametrize(
    "path", ["/a%20b", "/%C3%BC", "/", "//x", "/a+b", "/a%2Fb", "/;x=1", "/~*'()", "/%7Euser"]
)
def test_a_path_is_the_event_s_as_the_client_wrote_it(streaming: Both, path: str) -> None:
    ours, theirs = events(streaming, "GET", f"/echo{path}?q")
    assert_differences(ours, theirs, PLAIN)
    assert ours["rawPath"] == f"/echo{path}"


@pytest.mark.parametrize(
    "query",
    [
        "a",
        "a=",
        "=b",
        "a=1&&b",
        "a=%E2%82%AC",
        "a=%zz",
        "a[]=1&a[]=2",
        "a=1;b=2",
        "A=1&a=2",
        "a=%26",
        "a=1=2",
        "&",
    ],
)
def test_odd_queries_are_read_alike(streaming: Both, query: str) -> None:
    ours, theirs = events(streaming, "GET", f"/echo?{query}")
    assert_differences(ours, theirs, PLAIN)
    assert ours["rawQueryString"] == query


@pytest.mark.parametrize(
    ("content_type", "is_text"),
    [
        ("text/plain; charset=utf-8", True),
        ("application/json; charset=utf-8", True),
        ("application/problem+json", False),
        ("application/x-www-form-urlencoded", False),
        ("application/xml", False),
        ("application/javascript", False),
        ("image/svg+xml", False),
        ("multipart/form-data; boundary=x", False),
    ],
)
def test_both_take_the_same_bodies_for_text(streaming: Both, content_type: str, is_text: bool) -> None:  # noqa: FBT001 - a table's column
    ours, theirs = events(
        streaming, "POST", "/echo?q", content=b'{"a": 1}', headers={"content-type": content_type}
    )
    assert_differences(ours, theirs, PLAIN)
    assert ours["isBase64Encoded"] is not is_text


IN_BASE64, AS_TEXT = "eyJhIjogMX0=", '{"a": 1}'


@pytest.mark.parametrize(
    ("headers", "more"),
    [
        (
            {},
            {
                "body": Difference(IN_BASE64, AS_TEXT, "cargo-lambda takes a body without a type for text"),
                "isBase64Encoded": Difference(ours=True, theirs=False, why="the same"),
            },
        ),
        (
            {"content-type": "Application/JSON"},
            {
                "body": Difference(AS_TEXT, IN_BASE64, "RFC 9110, 8.3.1: types are the same in any case"),
                "isBase64Encoded": Difference(ours=False, theirs=True, why="the same"),
            },
        ),
        (
            {"content-type": "text/plain", "cookie": "a=1;b=2"},
            {
                "cookies": Difference(
                    ["a=1", "b=2"], ["a=1;b=2"], "cargo-lambda splits at a semicolon and a blank"
                )
            },
        ),
    ],
    ids=["no-type", "capitals", "cookies-without-blank"],
)
def test_where_bodies_and_cookies_are_read_differently(
    streaming: Both, headers: dict[str, str], more: dict[str, Difference]
) -> None:
    ours, theirs = events(streaming, "POST", "/echo?q", content=AS_TEXT.encode(), headers=headers)
    assert_differences(ours, theirs, PLAIN | more)


def test_text_that_is_no_utf_8(streaming: Both) -> None:
    """Here it is base64; cargo-lambda fails."""
    ours, theirs = streaming.ask(
        "POST", "/echo", content=b"\xff\xfe", headers={"content-type": "application/json"}
    )
    assert (json.loads(ours.body)["body"], theirs.status) == ("//4=", 500)
