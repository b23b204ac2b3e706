"""What a function behind the runtime interface emulator (RIE) answered, and whether that is what it should."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

NOT_CONFIGURED = {"success": False, "error": "OpenAI API key not configured"}
_DELIMITER = bytes(8)


class UnexpectedAnswerError(Exception):
    """An answer is not the expected one; the message says what was expected and what came."""


@dataclass(frozen=True)
class Answer:
    """What an invocation gave. `status` and `headers` (lower-case names) are None where it is no HTTP answer."""

    payload: bytes
    status: int | None = None
    headers: dict[str, str] | None = None

    def json(self) -> Any:
        """The payload as JSON.

        Raises:
            UnexpectedAnswerError: it is something else.
        """
        try:
            return json.loads(self.payload)
        except ValueError:
            raise UnexpectedAnswerError(f"expected JSON; came: {self}") from None

    def __str__(self) -> str:
        """The answer for a person, cut to a line."""
        text = self.payload.decode(errors="replace")
        status = "" if self.status is None else f"status {self.status}, "
        return status + repr(text if len(text) <= 300 else text[:300] + "…")


def read_answer(body: bytes) -> Answer:
    """Take apart what the RIE gives: prelude JSON, 8 NULs and payload; a buffered handler's dict; or bare bytes.

    Raises:
        UnexpectedAnswerError: a prelude that is not one, or the RIE's word that the function failed.
    """
    head, delimiter, payload = body.partition(_DELIMITER)
    if delimiter:
        try:
            return _http_answer(json.loads(head), payload)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise UnexpectedAnswerError(
                f"expected a JSON prelude before the 8 NULs; came: {Answer(head)}"
            ) from None
    try:
        value = json.loads(body)
    except ValueError:
        return Answer(body)
    if not isinstance(value, dict):
        return Answer(body)
    if "errorType" in value:
        raise UnexpectedAnswerError(f"the function failed: {value['errorType']}: {value.get('errorMessage')}")
    if "statusCode" in value:
        text = str(value.get("body", ""))
        return _http_answer(
            {"headers": {}} | value, base64.b64decode(text) if value.get("isBase64Encoded") else text.encode()
        )
    return Answer(body)


def _http_answer(head: dict[str, Any], payload: bytes) -> Answer:
    return Answer(
        payload, head["statusCode"], {name.lower(): value for name, value in head["headers"].items()}
    )


def expect_failure(answer: Answer, *, about: str) -> None:
    """`{"success": false, "error": …}` that names what is wrong, with a 4xx where it is an HTTP answer."""
    content = answer.json()
    refused = isinstance(content, dict) and content.get("success") is False
    if not refused or about not in str(content.get("error")):
        raise UnexpectedAnswerError(f'expected {{"success": false, "error": "… {about} …"}}; came: {answer}')
    if answer.status is not None and not 400 <= answer.status < 500:
        raise UnexpectedAnswerError(f"expected a status of 4xx; came: {answer}")


def expect_not_configured(answer: Answer) -> None:
    """The one answer of a function without a key, a 500 where it is an HTTP answer."""
    if answer.json() != NOT_CONFIGURED or answer.status not in (None, 500):
        raise UnexpectedAnswerError(f"expected {json.dumps(NOT_CONFIGURED)}; came: {answer}")


def expect_success(answer: Answer) -> dict[str, Any]:
    """`{"success": true, "data": {…}}` of the buffered function; the result is the data."""
    content = answer.json()
    good = isinstance(content, dict) and content.get("success") is True and answer.status in (None, 200)
    if not good or not isinstance(content.get("data"), dict):
        raise UnexpectedAnswerError(f'expected {{"success": true, "data": {{…}}}}; came: {answer}')
    data: dict[str, Any] = content["data"]
    return data


def expect_stream(answer: Answer) -> str:
    """Data stream v1: lines CODE:JSON, text among them, one `d:` as the last. The result says how much came.

    The client throws on any other line, so one such line fails the check (ai@4, `parseDataStreamPart`).
    """
    if answer.status is not None and (
        answer.status != 200 or (answer.headers or {}).get("x-vercel-ai-data-stream") != "v1"
    ):
        raise UnexpectedAnswerError(f"expected status 200 with X-Vercel-AI-Data-Stream: v1; came: {answer}")
    parts = [_part(line) for line in answer.payload.decode().split("\n") if line]
    codes = "".join(code for code, _ in parts)
    if "3" in codes:
        raise UnexpectedAnswerError(f"the stream ended with the error part: {dict(parts)['3']}")
    text = "".join(value for code, value in parts if code == "0")
    if not text:
        raise UnexpectedAnswerError(f"expected text lines (0:); came: {answer}")
    if codes.count("d") != 1 or not codes.endswith("d") or not answer.payload.endswith(b"\n"):
        raise UnexpectedAnswerError(f"expected one line d: at the end; came lines of the codes {codes}")
    return f'{codes.count("0")} lines 0:"…", {len(text)} characters, ended by d: ({parts[-1][1]["finishReason"]})'


def _part(line: str) -> tuple[str, Any]:
    code, colon, value = line.partition(":")
    try:
        if colon and len(code) == 1:
            return code, json.loads(value)
    except ValueError:
        pass
    raise UnexpectedAnswerError(f"expected lines CODE:JSON; came: {line[:300]!r}")
