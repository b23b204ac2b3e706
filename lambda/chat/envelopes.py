"""What a Lambda event carries: three envelopes, told apart by their shape, become one `Envelope`.

1. direct: `{"action": …, "payload": {…}}`
2. HTTP: a Function URL event (v2.0), an API Gateway REST event (v1), or a bare `{"body": …}`; the body is JSON
   text, base64 of it, or already an object, and holds 1 or 3
3. what useChat posts: `{"id": …, "messages": […], "action"?: …}`
"""

from __future__ import annotations

import binascii
import json
import math
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qsl

from msgspec import Struct

from chat import fields
from chat.failures import RequestError
from chat.json_text import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chat.settings import Settings


class Envelope(Struct, frozen=True):
    """What an event asks for, whatever it came in.

    `resume` is set where a page asks for the rest of an answer, and is the status, without a body, that says there
    is none: 200 for ai@4 (`GET {api}?chatId=…`; a 204 or a 404 becomes an error in the page), 204 for ai@5 and
    later (`GET {api}/{id}/stream`; a 200 without a body would be an error).
    """

    action: str | None
    payload: dict[str, Any]
    http: bool
    resume: int | None = None


def read_event(event: bytes) -> Any:
    """The event's JSON value, unchecked but for what stops the parser itself.

    Raises:
        RequestError: it is not JSON, or nested beyond what can be parsed.
    """
    try:
        return _parse(event.decode(), "The event")
    except UnicodeDecodeError as error:
        raise RequestError(f"The event is not UTF-8: byte {error.start} fits nowhere.") from None


def is_http(event: Any) -> bool:
    """Whether an event wants an HTTP answer, also when it is too broken for an `Envelope`."""
    if not isinstance(event, dict):
        return False
    context = event.get("requestContext")
    if "httpMethod" in event or (isinstance(context, dict) and "http" in context):
        return True
    return "body" in event and not {"messages", "action", "payload"} & event.keys()


def traceparent(event: Any) -> str | None:
    """The W3C traceparent that an HTTP event's caller sent, unchecked; v1 keeps the case of header names."""
    headers = event.get("headers") if is_http(event) else None
    if isinstance(headers, dict):
        for name, value in headers.items():
            if name.lower() == "traceparent" and isinstance(value, str):
                return value
    return None


def read_envelope(event: Any, settings: Settings) -> Envelope:
    """Make an `Envelope` of an event: any value that `json.loads` gives.

    Raises:
        RequestError: 400 not readable, 404 no such path, 405 no such method, 413 too large.
    """
    if not isinstance(event, dict):
        raise RequestError(f"The event must be an object, not {fields.kind(event)}.")
    if not is_http(event):
        _check_values(event, "The event")
        _check_size(_json_size(event), settings.max_body_bytes, "The event")
        action, payload = _open(event, "The event")
        return Envelope(action, payload, http=False)

    method, path = _request_line(event)
    query = _query(event)
    answers, resumes = _whose_path(path, settings.paths)
    if not answers and not resumes:
        raise RequestError(f"Nothing answers at the path {fields.shown(path)}.", 404)
    if method in ("GET", "HEAD") and (resumes or "chatId" in query):
        return Envelope(None, {}, http=True, resume=204 if resumes else 200)
    if not answers or method != "POST":
        use, allow = ("POST", "GET, HEAD, POST") if answers else ("GET", "GET, HEAD")
        raise RequestError(
            f"The method {fields.shown(method)} is not answered here; use {use}.", 405, allow=allow
        )
    action, payload = _open(_body(event, settings.max_body_bytes), "The body")
    return Envelope(action, _with_protocol(payload, query.get("protocol")), http=True)


def _open(content: dict[str, Any], where: str) -> tuple[str | None, dict[str, Any]]:
    """Tell useChat's form from the direct one: `messages` decides, for hooks may add fields of any name."""
    action = fields.optional_text(content.get("action"), "action")
    if "messages" in content:
        return action, content
    if action is None and "payload" not in content:
        raise RequestError(
            f'{where} has neither "messages" nor "action". Send {{"messages": […]}} '
            'or {"action": "…", "payload": {…}}.'
        )
    payload = {} if content.get("payload") is None else fields.mapping(content["payload"], "payload")
    return action, _with_protocol(payload, content.get("protocol"))


def _with_protocol(payload: dict[str, Any], named: Any) -> dict[str, Any]:
    """A payload whose answer is in the protocol that is named outside of it, if one is."""
    return payload if named is None else {**payload, "protocol": named}


def _request_line(event: dict[str, Any]) -> tuple[str, str]:
    """Method and path: v2 keeps them in `requestContext.http`, v1 at the top; a bare body has neither.

    v2 decides where an event has both: cargo-lambda's have an `httpMethod` of GET whatever the method was.
    """
    context = event.get("requestContext")
    http = context.get("http") if isinstance(context, dict) else None
    if http is not None:
        http = fields.mapping(http, "requestContext.http")
        return (
            fields.text(http.get("method"), "requestContext.http.method").upper(),
            fields.text(event.get("rawPath") or http.get("path") or "/", "rawPath"),
        )
    if "httpMethod" in event:
        return (
            fields.text(event["httpMethod"], "httpMethod").upper(),
            fields.text(event.get("path") or "/", "path"),
        )
    return "POST", "/"


def _whose_path(path: str, allowed: Iterable[str]) -> tuple[bool, bool]:
    """Whether chats are answered at a path, and whether ai@5 and later ask there for the rest of an answer.

    The latter is `{api}/{id}/stream`. Older versions leave the id as it is, so it may have slashes in it.
    """
    bases = {_without_slash(base) for base in allowed}
    answers = "*" in bases or _without_slash(path) in bases
    head, _, tail = _without_slash(path).rpartition("/")
    prefixes = ("" if base == "*" else base.rstrip("/") for base in bases)
    resumes = tail == "stream" and any(
        head.startswith(f"{prefix}/") and head[len(prefix) :].strip("/") for prefix in prefixes
    )
    return answers, resumes


def _without_slash(path: str) -> str:
    return path.rstrip("/") or "/"


def _query(event: dict[str, Any]) -> dict[str, str]:
    """The query parameters, v2's as they came, v1's parsed or null; of one given twice, the last."""
    raw = event.get("rawQueryString")
    if isinstance(raw, str):
        return dict(parse_qsl(raw, keep_blank_values=True))
    parsed = event.get("queryStringParameters")
    if isinstance(parsed, dict):
        return parsed
    lists = event.get("multiValueQueryStringParameters")
    if not isinstance(lists, dict):
        return {}
    return {name: values[-1] for name, values in lists.items() if isinstance(values, list) and values}


def _body(event: dict[str, Any], limit: int) -> dict[str, Any]:
    """The HTTP body as an object, never larger than `limit` bytes of JSON text at any stage."""
    body = event.get("body")
    if isinstance(body, dict):
        _check_values(body, "The body")
        _check_size(_json_size(body), limit, "The body")
        return body
    if body is None or body == "":
        raise RequestError('The body is empty. Send {"messages": […]} as JSON.')
    if not isinstance(body, str):
        raise RequestError(f"The body must be JSON text or an object, not {fields.kind(body)}.")
    is_base64 = event.get("isBase64Encoded")
    if not isinstance(is_base64, bool | None):
        raise RequestError(f"isBase64Encoded must be a boolean, not {fields.kind(is_base64)}.")
    text = _from_base64(body, limit) if is_base64 else _plain(body, limit)
    content = _parse(text, "The body")
    _check_values(content, "The body")
    if not isinstance(content, dict):
        raise RequestError(f"The body must be a JSON object, not {fields.kind(content)}.")
    return content


def _plain(body: str, limit: int) -> str:
    _check_size(len(body), limit, "The body")  # a character is a byte at least
    _check_size(len(fields.text(body, "The body").encode()), limit, "The body")
    return body


def _from_base64(body: str, limit: int) -> str:
    _check_size(len(body) // 4 * 3 - body.count("=", -2), limit, "The body")
    try:
        raw = binascii.a2b_base64(body, strict_mode=True)
    except ValueError as error:  # binascii.Error is one; a character beyond ASCII raises it plain
        raise RequestError(f"The body is said to be base64, but it is not: {error}.") from None
    _check_size(len(raw), limit, "The body")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise RequestError(f"The body is not UTF-8: byte {error.start} fits nowhere.") from None


def _parse(text: str, where: str) -> Any:
    """JSON as RFC 8259 has it: of equal keys the last counts, NaN and Infinity are no numbers."""

    def no_number(name: str) -> NoReturn:
        raise RequestError(f"{where} is not JSON: {name} is not a number that JSON has.")

    try:
        # A byte order mark is no JSON, but some clients on Windows send it and the RFC lets readers skip it.
        return json.loads(text.removeprefix("\ufeff"), parse_constant=no_number)
    except RecursionError:
        raise RequestError(_too_deep(where)) from None
    except json.JSONDecodeError as error:
        raise RequestError(
            f"{where} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    except ValueError:  # Python reads no integer of more than 4,300 digits
        raise RequestError(f"{where} has a number with more digits than can be read.") from None


def _json_size(content: dict[str, Any]) -> int:
    """Bytes that already parsed content had as compact JSON text, a few more where it is not ASCII."""
    return len(json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode(errors="replace"))


def _check_size(size: int, limit: int, where: str) -> None:
    if size > limit:
        raise RequestError(f"{where} is {size} bytes long; at most {limit} are accepted.", 413)


class _Unsound(Exception):  # noqa: N818 - never leaves this file, becomes a RequestError with its path
    """A value that no part of the request may hold; `path` is collected on the way up."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path: list[str | int] = []


def _check_values(content: Any, where: str) -> None:
    """Refuse what JSON parsers let through and encoders or recursion choke on later.

    Raises:
        RequestError: nesting beyond `MAX_DEPTH`, or a float that is not finite (Python reads 1e999 as one).
    """
    try:
        _visit(content, 1)
    except _Unsound as unsound:
        path = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in reversed(unsound.path))
        if unsound.reason:
            raise RequestError(
                f"{where} has {unsound.reason} at {fields.shown(path.removeprefix('.'))}."
            ) from None
        raise RequestError(_too_deep(where)) from None


def _visit(value: Any, depth: int) -> None:
    items: Iterable[tuple[str | int, Any]]
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise _Unsound("a number beyond what JSON can carry")
    else:
        return
    if depth > MAX_DEPTH:
        raise _Unsound("")
    for key, item in items:
        if isinstance(item, dict | list | float):
            try:
                _visit(item, depth + 1)
            except _Unsound as unsound:
                unsound.path.append(key)
                raise


def _too_deep(where: str) -> str:
    return f"{where} is nested more than {MAX_DEPTH} levels deep."
