"""Events of every kind, and every way in which a body can be wrong."""

from __future__ import annotations

import base64
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.envelopes import Envelope, is_http, read_envelope, traceparent
from chat.failures import RequestError
from chat.json_text import MAX_DEPTH
from chat.requests import read_chat_request
from chat.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT = Settings.from_environment({})
CHAT = {"id": "c1", "messages": [{"role": "user", "content": "Grüße"}]}
DIRECT = {"action": "chat-v2-stream", "payload": CHAT}


def function_url(body: Any = None, *, method: str = "POST", path: str = "/", **more: Any) -> dict[str, Any]:
    """As the Function URL sends it: `body` is absent when it is empty."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": {"method": method, "path": path}, "stage": "$default"},
        "isBase64Encoded": False,
        **({} if body is None else {"body": body}),
        **more,
    }


def rest_api(body: Any, *, method: str = "POST", path: str = "/", **more: Any) -> dict[str, Any]:
    return {
        "httpMethod": method,
        "path": path,
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {"Content-Type": ["application/json"]},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {"stage": "prod", "path": f"/prod{path}"},
        "body": body,
        "isBase64Encoded": False,
        **more,
    }


def bare(body: Any, **more: Any) -> dict[str, Any]:
    return {"body": body, **more}


HTTP = [function_url, rest_api, bare]


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def refusal(event: Any, using: Settings = DEFAULT) -> RequestError:
    with pytest.raises(RequestError) as caught:
        read_envelope(event, using)
    return caught.value


# The three envelopes


def test_direct() -> None:
    assert read_envelope(DIRECT, DEFAULT) == Envelope("chat-v2-stream", CHAT, http=False)
    assert read_envelope({"action": "health"}, DEFAULT) == Envelope("health", {}, http=False)
    assert read_envelope({"action": "health", "payload": None}, DEFAULT).payload == {}
    assert read_envelope({"payload": CHAT}, DEFAULT) == Envelope(None, CHAT, http=False)


def test_what_use_chat_posts() -> None:
    assert read_envelope(CHAT, DEFAULT) == Envelope(None, CHAT, http=False)
    with_action = {**CHAT, "action": "chat-v2-stream"}
    assert read_envelope(with_action, DEFAULT) == Envelope("chat-v2-stream", with_action, http=False)


def test_messages_decide_whatever_else_a_hook_adds() -> None:
    event = {**CHAT, "action": "a", "payload": 7, "body": 7}
    assert read_envelope(event, DEFAULT) == Envelope("a", event, http=False)


@pytest.mark.parametrize("make", HTTP)
@pytest.mark.parametrize(("content", "action"), [(DIRECT, "chat-v2-stream"), (CHAT, None)])
def test_http(make: Any, content: dict[str, Any], action: str | None) -> None:
    """Body as text, as base64, as an object already: the same envelope."""
    text = json.dumps(content, ensure_ascii=False)
    for event in (make(text), make(content), make(base64_of(text), isBase64Encoded=True)):
        envelope = read_envelope(event, DEFAULT)
        assert (envelope.action, envelope.payload, envelope.http) == (action, CHAT, True)
        assert envelope.resume is None


def test_of_a_query_parameter_given_twice_the_last_counts() -> None:
    raw = function_url(CHAT, rawQueryString="a&protocol=sse&protocol=text")
    lists = rest_api(CHAT, multiValueQueryStringParameters={"a": [], "b": 1, "protocol": ["sse", "text"]})
    for event in (raw, lists, rest_api(CHAT, queryStringParameters={"protocol": "text"})):
        assert read_envelope(event, DEFAULT).payload == {**CHAT, "protocol": "text"}


def test_a_protocol_is_named_in_the_query_beside_the_payload_or_in_it() -> None:
    """The one that is further outside counts: it is the last that was written."""
    inside = {**CHAT, "protocol": "sse"}
    assert read_envelope({"payload": inside}, DEFAULT).payload["protocol"] == "sse"
    beside = {"payload": inside, "protocol": "text"}
    assert read_envelope(beside, DEFAULT).payload["protocol"] == "text"
    event = function_url(beside, rawQueryString="protocol=data-stream")
    assert read_envelope(event, DEFAULT).payload["protocol"] == "data-stream"
    assert read_envelope({**beside, "protocol": None}, DEFAULT).payload["protocol"] == "sse"


@pytest.mark.parametrize(
    ("event", "http"),
    [
        (function_url(), True),
        (rest_api(None), True),
        (bare(None), True),
        ({"requestContext": {}}, False),
        (DIRECT, False),
        (CHAT, False),
        ({**CHAT, "body": "x"}, False),
        ({"requestContext": "x"}, False),
        ({}, False),
        ([], False),
        (None, False),
        ("x", False),
    ],
)
def test_is_http(event: Any, http: bool) -> None:  # noqa: FBT001 - the expected answer
    """Decides the form of an error also where no envelope can be read."""
    assert is_http(event) is http


# Paths and methods


@pytest.mark.parametrize("make", [function_url, rest_api])
def test_paths(make: Any) -> None:
    for path in ("/", "", "/api/chat", "/api/chat/"):
        assert read_envelope(make(CHAT, path=path), DEFAULT).http
    for path in ("/api", "/API/CHAT", "//", "/favicon.ico" + "x" * 5000):
        if path != "//":
            error = refusal(make(CHAT, path=path))
            assert (error.status, error.message[:28]) == (404, "Nothing answers at the path ")
            assert len(error.message) < 150
    anywhere = Settings.from_environment({"CHAT_PATHS": "*"})
    assert read_envelope(make(CHAT, path="/any/where"), anywhere).payload == CHAT


@pytest.mark.parametrize("make", [function_url, rest_api])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_methods(make: Any, method: str) -> None:
    error = refusal(make(CHAT, method=method))
    assert (error.status, error.message) == (405, f"The method '{method}' is not answered here; use POST.")
    assert error.allow == "GET, HEAD, POST"
    assert refusal(make(CHAT, method=method, path="/nowhere")).status == 404


def test_ai4_asks_what_it_may_resume_with_a_chat_id() -> None:
    """`experimental_resume`, to be answered with 200 and an empty body: a 204 has none, at which it throws."""
    for event in (
        function_url(method="GET", rawQueryString="chatId=c%201"),
        function_url(method="HEAD", rawQueryString="chatId="),
        rest_api(None, method="GET", queryStringParameters={"chatId": "c 1"}),
        rest_api(None, method="GET", multiValueQueryStringParameters={"chatId": ["c 1"]}),
    ):
        assert read_envelope(event, DEFAULT) == Envelope(None, {}, http=True, resume=200)


@pytest.mark.parametrize("make", [function_url, rest_api])
def test_ai5_and_later_ask_at_an_address_of_its_own(make: Any) -> None:
    """`{api}/{id}/stream`, of which a 204 says that there is nothing; the id is not always escaped."""
    paths = Settings.from_environment({"CHAT_PATHS": "/api/chat/,/v2"})
    for path in (
        "/api/chat/c1/stream",
        "/api/chat/a+b/c==/stream/",
        "/api/chat//c1/stream",
        "/v2/%2F/stream",
    ):
        for method in ("GET", "HEAD"):
            envelope = read_envelope(make(None, method=method, path=path), paths)
            assert envelope == Envelope(None, {}, http=True, resume=204)
        for method in ("POST", "PUT", "DELETE"):
            error = refusal(make(CHAT, method=method, path=path), paths)
            assert (error.status, error.message) == (
                405,
                f"The method '{method}' is not answered here; use GET.",
            )
            assert error.allow == "GET, HEAD"
    for path in (
        "/api/chat/stream",
        "/api/chat//stream",
        "/api/chats/c1/stream",
        "/c1/stream",
        "/v2/c1/streams",
    ):
        assert refusal(make(None, method="GET", path=path), paths).status == 404


@pytest.mark.parametrize("make", [function_url, rest_api])
def test_where_every_path_answers_a_chat_may_be_posted_to_any(make: Any) -> None:
    anywhere = Settings.from_environment({"CHAT_PATHS": "*"})
    assert read_envelope(make(None, method="GET", path="/c1/stream"), anywhere).resume == 204
    assert read_envelope(make(None, method="GET", path="/x/y/c1/stream"), anywhere).resume == 204
    assert read_envelope(make(CHAT, path="/c1/stream"), anywhere).payload == CHAT
    for path in ("/stream", "/c1", "/"):
        assert refusal(make(None, method="GET", path=path), anywhere).status == 405


# Bad bodies


@pytest.mark.parametrize("make", HTTP)
@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (None, 'The body is empty. Send {"messages": […]} as JSON.'),
        ("", 'The body is empty. Send {"messages": […]} as JSON.'),
        (7, "The body must be JSON text or an object, not a number."),
        ([], "The body must be JSON text or an object, not an array."),
        ("hello", "The body is not JSON: Expecting value at line 1, column 1."),
        ('{"messages": [1,]}', "The body is not JSON: "),
        ('{"a": 1} x', "The body is not JSON: Extra data at line 1, column 10."),
        ("[]", "The body must be a JSON object, not an array."),
        ('"{}"', "The body must be a JSON object, not a string."),
        ("null", "The body must be a JSON object, not null."),
        ("{}", 'The body has neither "messages" nor "action".'),
        ('{"messages": NaN}', "The body is not JSON: NaN is not a number that JSON has."),
        ('{"messages": -Infinity}', "The body is not JSON: -Infinity is not a number that JSON has."),
        (
            '{"messages": [{"a": 1e999}]}',
            "The body has a number beyond what JSON can carry at 'messages[0].a'.",
        ),
        ('{"messages": ' + "1" * 5000 + "}", "The body has a number with more digits than can be read."),
        ('{"messages": "\0"}', "The body has a NUL character (U+0000) at position 14."),
        ('{"messages": "\ud800"}', "The body has a lone surrogate (U+D800) at position 14"),
        ('{"action": 7}', "action must be a string, not a number."),
        ('{"action": "a\\u0000"}', "action has a NUL character"),
        ('{"action": "a", "payload": []}', "payload must be an object, not an array."),
        ('{"action": "a", "payload": "{}"}', "payload must be an object, not a string."),
    ],
)
def test_a_wrong_body(make: Any, body: Any, sentence: str) -> None:
    error = refusal(make(body))
    assert error.status == 400
    assert error.message.startswith(sentence)
    assert len(error.message) < 200


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (None, "The event must be an object, not null."),
        ([], "The event must be an object, not an array."),
        ("x", "The event must be an object, not a string."),
        ({}, 'The event has neither "messages" nor "action".'),
        ({"action": []}, "action must be a string, not an array."),
        ({"action": "a", "payload": 1}, "payload must be an object, not a number."),
        ({**CHAT, "x": float("nan")}, "The event has a number beyond what JSON can carry at 'x'."),
        ({**CHAT, "x": [[float("inf")]]}, "The event has a number beyond what JSON can carry at 'x[0][0]'."),
        (bare(CHAT | {"x": float("inf")}), "The body has a number beyond"),
        (function_url(CHAT, isBase64Encoded="true"), None),
        (function_url("{}", isBase64Encoded="true"), "isBase64Encoded must be a boolean, not a string."),
        ({"requestContext": {"http": 1}}, "requestContext.http must be an object, not a number."),
        ({"requestContext": {"http": {}}}, "requestContext.http.method must be a string, not null."),
        ({"httpMethod": 1}, "httpMethod must be a string, not a number."),
        ({"httpMethod": "POST", "path": 1}, "path must be a string, not a number."),
    ],
)
def test_a_wrong_event(event: Any, sentence: str | None) -> None:
    if sentence is None:
        assert read_envelope(event, DEFAULT).payload == CHAT
    else:
        error = refusal(event)
        assert error.status == 400
        assert error.message.startswith(sentence)


@pytest.mark.parametrize("body", ["!!!!", "AAA", "A A=", "ÄÄÄÄ", "\ud800", "="])
def test_bad_base64(body: str) -> None:
    error = refusal(function_url(body, isBase64Encoded=True))
    assert error.status == 400
    assert error.message.startswith("The body is said to be base64, but it is not: ")
    assert "\ud800" not in error.message


def test_base64_of_what_is_not_utf8() -> None:
    body = base64.b64encode(b'{"a": "\xff"}').decode()
    assert (
        refusal(function_url(body, isBase64Encoded=True)).message
        == "The body is not UTF-8: byte 7 fits nowhere."
    )


def test_a_byte_order_mark_is_skipped() -> None:
    for body, is_base64 in (
        ("\ufeff" + json.dumps(CHAT), False),
        (base64_of("\ufeff" + json.dumps(CHAT)), True),
    ):
        assert read_envelope(function_url(body, isBase64Encoded=is_base64), DEFAULT).payload == CHAT


def test_of_equal_keys_the_last_counts() -> None:
    assert read_envelope(bare('{"action": "a", "action": "b"}'), DEFAULT).action == "b"


# Depth


def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    return opening * depth + ("1" if opening != "[" else "") + closing * depth


@pytest.mark.parametrize("depth", [MAX_DEPTH, 900, 2_000, 50_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_is_refused_at_any_depth(depth: int, opening: str, closing: str) -> None:
    """Whether Python's parser gives up first or not, and whatever the stack below."""
    body = '{"messages": ' + nested(min(depth, 40_000), opening, closing) + "}"
    for event in (bare(body), bare(base64_of(body), isBase64Encoded=True)):
        error = refusal(event)
        assert (error.status, error.message) == (
            400,
            f"The body is nested more than {MAX_DEPTH} levels deep.",
        )


def test_the_deepest_that_is_read() -> None:
    body = '{"messages": ' + nested(MAX_DEPTH - 1) + "}"
    assert read_envelope(bare(body), DEFAULT).payload == read_envelope(json.loads(body), DEFAULT).payload


def test_deep_nesting_of_what_is_already_parsed() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    for event in ({"messages": deep}, bare({"messages": deep}), {"action": "a", "payload": {"x": deep}}):
        assert "levels deep" in refusal(event).message
    while deep:  # taking it apart step by step spares the interpreter the same depth
        deep = deep[0]


def test_depth_is_judged_the_same_on_a_deep_stack() -> None:
    """A parser near the end of the stack gives up earlier: that is still an answer, not a crash."""

    def down(levels: int) -> str:
        return down(levels - 1) if levels else refusal(bare('{"messages": ' + nested(500) + "}")).message

    assert "levels deep" in down(sys.getrecursionlimit() // 2)


# Size

SMALL = Settings.from_environment({"CHAT_MAX_BODY_BYTES": "100"})


def padded(size: int, fill: str = "x") -> str:
    """A valid body of so many bytes."""
    frame = json.dumps({"action": "a", "payload": {"p": ""}}, separators=(",", ":"))
    room = size - len(frame)
    words = fill * (room // len(fill.encode())) + "y" * (room % len(fill.encode()))
    return frame.replace('""', f'"{words}"')


@pytest.mark.parametrize("fill", ["x", "ä", "😀"])
def test_the_limit_is_in_bytes_of_the_text(fill: str) -> None:
    """Text, base64, an object already, a direct event: the same limit."""
    fits, large = padded(100, fill), padded(101, fill)
    assert len(fits.encode()) == 100
    forms: list[Callable[[str], Any]] = [
        bare,
        json.loads,
        lambda text: bare(json.loads(text)),
        lambda text: bare(base64_of(text), isBase64Encoded=True),
    ]
    for form in forms:
        assert read_envelope(form(fits), SMALL).action == "a"
        error = refusal(form(large), SMALL)
        assert error.status == 413
        assert error.message.endswith("is 101 bytes long; at most 100 are accepted.")


def test_a_large_body_is_refused_before_it_is_looked_at() -> None:
    """None is JSON, base64 or even text, and none is said to be wrong for it."""
    assert refusal(bare("\ud800" * 10**6)).status == 413
    assert refusal(bare("{" * 10**6)).status == 413
    assert refusal(bare("!" * 10**6, isBase64Encoded=True)).status == 413


def test_the_default_limit() -> None:
    assert read_envelope(bare(padded(262_144)), DEFAULT).action == "a"
    assert refusal(bare(padded(262_145))).status == 413


def test_the_newer_format_decides_where_an_event_has_both() -> None:
    """cargo-lambda's events of a URL say `httpMethod: GET` and more nulls at the top, whatever the method was."""
    both = function_url(json.dumps(CHAT), httpMethod="GET", type=None, resource=None)
    assert read_envelope(both, DEFAULT).payload == CHAT


# Anything at all

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
_NAMES = (
    "body",
    "isBase64Encoded",
    "requestContext",
    "httpMethod",
    "path",
    "rawPath",
    "rawQueryString",
    "headers",
)
_MORE_NAMES = ("multiValueHeaders", "queryStringParameters", "multiValueQueryStringParameters")
_BODY_NAMES = ("action", "payload", "messages", "id", "protocol", "trigger")
_bodies = _json | st.builds(json.dumps, _json) | st.builds(base64_of, st.builds(json.dumps, _json))
_noise = st.dictionaries(st.sampled_from(_NAMES + _MORE_NAMES + _BODY_NAMES), _json, max_size=4)
_events = st.one_of(
    _json,
    _noise,
    st.builds(lambda body, noise: {**function_url(body), **noise}, _bodies, _noise),
    st.builds(lambda body, noise: {**rest_api(body), **noise}, _bodies, _noise),
    st.builds(lambda body, flag: bare(body, isBase64Encoded=flag), _bodies, st.booleans()),
)


def outcome(event: Any) -> Any:
    """What answers an event: a request, an envelope that asks for something else, or an error."""
    try:
        envelope = read_envelope(event, DEFAULT)
        return read_chat_request(envelope.payload, DEFAULT)
    except RequestError as error:
        return error


@pytest.mark.parametrize("make", HTTP)
@pytest.mark.parametrize("name", ["traceparent", "Traceparent", "TRACEPARENT"])
def test_the_callers_traceparent_is_found_whatever_its_case(make: Callable[..., Any], name: str) -> None:
    assert traceparent(make(CHAT, headers={"accept": "*/*", name: "00-a-b-01"})) == "00-a-b-01"


@pytest.mark.parametrize(
    "event",
    [
        *(None, 7, [], {}, DIRECT, CHAT | {"headers": {"traceparent": "00-a-b-01"}}),
        *(bare(CHAT), bare(CHAT, headers=None), bare(CHAT, headers=["traceparent"])),
        *(bare(CHAT, headers={"traceparent": ["00-a-b-01"]}), bare(CHAT, headers={"tracestate": "a=b"})),
    ],
)
def test_an_event_without_one_has_none(event: Any) -> None:
    assert traceparent(event) is None


@given(_events)
@settings(max_examples=500)
def test_any_event_is_read_or_refused(event: Any) -> None:
    found = outcome(event)
    is_http(event)
    traceparent(event)
    if isinstance(found, RequestError):
        assert found.status in (400, 404, 405, 413)
        assert len(found.message) < 400
        found.message.encode()


_READ = {"messages", "action", "payload", "model", "tools", "tool_choice", "toolChoice"}
_READ |= {"protocol", "trigger", "messageId"}
_finite = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.text().filter(lambda name: name not in _READ), _finite, max_size=4))
def test_fields_that_nobody_knows_change_nothing(extras: dict[str, Any]) -> None:
    for event in (bare(json.dumps(extras | CHAT)), bare({"action": "a", "payload": CHAT | extras} | extras)):
        assert outcome(event) == read_chat_request(CHAT, DEFAULT)
