"""The prelude of a streamed HTTP response: status, headers and cookies as JSON, eight NULs, then the payload.

Facts, with their sources:

- The content type `application/vnd.awslambda.http-integration-response` announces a prelude; without it the
  body is the bare payload (Node.js runtime interface client, `HttpResponseStream.js`).
- The JSON and the NULs may come in any split; what follows the eighth NUL is payload, NULs included.
- API Gateway wants the delimiter within the first 16 KB (AWS developer guide, "Lambda proxy integration
  response format for streaming"); the same bound is kept here for every front.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

CONTENT_TYPE = "application/vnd.awslambda.http-integration-response"
_DELIMITER = b"\0" * 8
_LIMIT = 16 * 1024


class PreludeError(ValueError):
    """The prelude is not what the platform understands; the message says why."""


@dataclass(frozen=True, slots=True)
class Prelude:
    """The head of an HTTP response. Header names are as the function wrote them.

    `multi_value_headers` are for API Gateway alone; a Function URL does not read them.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    multi_value_headers: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: bytes) -> Prelude:
        """Read and check the JSON.

        Raises:
            PreludeError: naming the field that is wrong.
        """
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise PreludeError(f"The prelude is not JSON: {error}.") from None
        if not isinstance(value, dict):
            raise PreludeError("The prelude is not a JSON object.")
        return cls.from_object(value)

    @classmethod
    def from_object(cls, value: dict[str, Any]) -> Prelude:
        """Check a response object: a prelude, or the head of a buffered response.

        Raises:
            PreludeError: naming the field that is wrong.
        """
        status = value.get("statusCode", 200)
        if not isinstance(status, int) or isinstance(status, bool) or not 200 <= status <= 599:  # noqa: PLR2004 - HTTP's final statuses
            raise PreludeError(f"statusCode is {status!r}; it must be a number from 200 to 599.")
        headers = value.get("headers") or {}
        if not isinstance(headers, dict) or not all(isinstance(text, str) for text in headers.values()):
            raise PreludeError(f"headers is {headers!r}; it must be an object whose values are strings.")
        cookies = value.get("cookies") or []
        if not _is_list_of_strings(cookies):
            raise PreludeError(f"cookies is {cookies!r}; it must be a list of strings.")
        lists = value.get("multiValueHeaders") or {}
        if not isinstance(lists, dict) or not all(map(_is_list_of_strings, lists.values())):
            raise PreludeError(
                f"multiValueHeaders is {lists!r}; it must be an object whose values are lists of strings."
            )
        several = [(name, text) for name, texts in lists.items() for text in texts]
        for name, text in (*headers.items(), *several, *(("Set-Cookie", cookie) for cookie in cookies)):
            if not _is_token(name) or not _is_field_value(text):
                raise PreludeError(f"The header {name!r}: {text!r} cannot be sent over HTTP.")
        return cls(status, headers, tuple(cookies), lists)


class PreludeReader:
    """Splits the prelude off a response body that comes in pieces."""

    def __init__(self) -> None:
        self.prelude: Prelude | None = None
        self._head = bytearray()

    def feed(self, chunk: bytes) -> bytes:
        """Take a piece of the body and return what of it is payload; `prelude` is set once it is complete.

        Raises:
            PreludeError: the prelude is malformed or has no delimiter within 16 KB.
        """
        if self.prelude is not None:
            return chunk
        searched = max(0, len(self._head) - len(_DELIMITER) + 1)
        self._head += chunk
        at = self._head.find(_DELIMITER, searched)
        if at > _LIMIT or (at < 0 and len(self._head) > _LIMIT + len(_DELIMITER)):
            raise PreludeError("The prelude has no delimiter of eight NUL bytes within its first 16 KB.")
        if at < 0:
            return b""
        self.prelude = Prelude.from_json(bytes(self._head[:at]))
        payload = bytes(self._head[at + len(_DELIMITER) :])
        self._head.clear()
        return payload


def _is_list_of_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _is_token(name: str) -> bool:
    """RFC 9110, section 5.6.2."""
    return bool(name) and all(c.isascii() and (c.isalnum() or c in "!#$%&'*+-.^_`|~") for c in name)


def _is_field_value(text: str) -> bool:
    """RFC 9110, section 5.5, in the octets that ISO 8859-1 can write."""
    return all(c == "\t" or " " <= c <= "~" or "\x80" <= c <= "\xff" for c in text)
