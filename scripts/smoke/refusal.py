"""What it means when an answer is no stream: one sentence with what to do. Does no I/O.

Facts, with their sources:

- A Function URL that refuses its caller is a 403 whose `Message` begins with `Forbidden` (since October 2025 with a
  link to AWS's page on it); `x-amzn-ErrorType` is `AccessDeniedException`. URLs made since then need two grants,
  lambda:InvokeFunctionUrl and lambda:InvokeFunction, with `NONE` as well (AWS developer guide, "Control access to
  Lambda function URLs").
- A signature that is not taken is a 403 that says so in `message`; AWS's text for a wrong one goes on, behind a line
  break, with the canonical request, the session token in it (AWS reference, "Troubleshooting Signature Version 4").
- A throttled function is a 429 with `Reason` (`ReservedFunctionConcurrentInvocationLimitExceeded`, …). A function
  that fails before its first byte is a 502 with the text `Internal Server Error`, on API Gateway with a `message`.
- A direct invocation is a 200 whatever happens; a failure is an object with `errorType`.
- A response that streams begins with a prelude and 8 NULs, which whoever invokes takes off; who invokes without
  streaming hands them on (AWS developer guide, "Response streaming").
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from scripts.smoke.quoting import quoted
from scripts.smoke.target import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.smoke.exchange import Exchange
    from scripts.smoke.target import Target

NOT_CONFIGURED = "OpenAI API key not configured"
_DELIMITER = bytes(8)
_LOG = "Its log says why (on AWS: make logs)."
_GRANTS = "lambda:InvokeFunctionUrl, and lambda:InvokeFunction with lambda:InvokedViaFunctionUrl"
_SIGNATURE_WORDS = ("signature", "security token", "credential", "expired", "x-amz-date")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is no stream, and what was sent: `signed` for IAM, with `private` values to show nowhere."""

    exchange: Exchange
    target: Target
    signed: bool
    private: Sequence[str] = ()

    @property
    def content(self) -> Any:
        """The body as JSON, None where it is none."""
        try:
            return json.loads(self.exchange.body)
        except (ValueError, RecursionError):
            return None

    @property
    def words(self) -> str:
        """What the server says, on one line and without anything private; empty where it says nothing readable."""
        content = self.content
        if isinstance(content, dict):
            said = next(
                (content[key] for key in ("error", "message", "Message", "errorMessage") if content.get(key)),
                "",
            )
            said = said if isinstance(said, str) else json.dumps(said)
        elif "html" in (self.exchange.header("content-type") or ""):
            said = ""
        else:
            said = self.exchange.body[:4096].decode(errors="replace")
        for value in self.private:
            said = said.replace(value, "…")
        return quoted(said.strip().partition("\n")[0])


def explain(answer: Answer) -> str:
    """Why an answer is no stream, and what to do."""
    exchange, content = answer.exchange, answer.content
    if _DELIMITER in exchange.body[:16384]:
        return (
            "The prelude came as part of the body: whatever invokes the function does not stream. Set the Function "
            "URL's invoke mode to RESPONSE_STREAM, on API Gateway the integration's response transfer mode to STREAM."
        )
    if isinstance(content, dict):
        if content.get("success") is False:
            return _own_refusal(answer)
        if content.get("success") is True:
            return (
                "The buffered function answers here, whole. The streaming one is at the stack's output endpoint; to "
                "check this one: HANDLER=chat.app.handler"
            )
        if "errorType" in content:
            kind = quoted(str(content["errorType"]))
            return f"The function failed: {kind}: {answer.words or 'without a word'}. {_LOG}"
    if exchange.status == 200:
        return _not_the_function(answer)
    return _of_status(answer)


def _own_refusal(answer: Answer) -> str:
    """`{"success": false, "error": …}`, which the function itself says."""
    if answer.words == NOT_CONFIGURED:
        return (
            f"The function is there and has no key for its model ({NOT_CONFIGURED}). On AWS: pulumi config set "
            "--secret openaiApiKey, then make deploy. On this machine: start it with OPENAI_API_KEY."
        )
    if "answered by the streaming function" in answer.words:
        return (
            "This is the buffered function, which does not stream. The streaming one is at the stack's output "
            "endpoint; to check this one: HANDLER=chat.app.handler"
        )
    status = answer.exchange.status
    advice = f" {_LOG}" if status >= 500 or status == 200 else ""
    return f"The function refused the question ({status}): {answer.words}{advice}"


def _not_the_function(answer: Answer) -> str:
    kind = quoted(answer.exchange.header("content-type") or "no content type")
    if not answer.exchange.body:
        return f"The answer is empty, with status 200. Is {answer.target} the function's address?"
    if "text/event-stream" in kind:
        return 'Server-sent events came, and not the data stream that ai@4 reads (lines like 0:"…").'
    said = f": {answer.words}" if answer.words else ""
    return f"Something else than the chat function answers at {answer.target} ({kind}){said}"


_TOO_MANY = (
    "Too many requests at once ({came}). The function has no free environment: raise reservedConcurrency (make "
    "deploy), or the account's limit of concurrent executions."
)
_NO_SUCH = "Nothing takes a POST at {target} ({came}). Check the path, and that the stack still stands."
_CRASHED = (
    "The function failed before its first byte ({came}): it did not start, crashed, or ran out of memory or time. "
    + _LOG
)
_TOO_SLOW = (
    "No answer in the time that something on the way allows ({came}). Compare its limit and the function's (config key "
    "timeout) with how long the model takes. " + _LOG
)
_BY_STATUS = {404: _NO_SUCH, 405: _NO_SUCH, 429: _TOO_MANY, 502: _CRASHED, 503: _TOO_SLOW, 504: _TOO_SLOW}


def _of_status(answer: Answer) -> str:
    """What a status says that is not the function's own."""
    exchange, status = answer.exchange, answer.exchange.status
    if status == 403:
        return _forbidden(answer)
    if 300 <= status < 400:
        where = quoted(exchange.header("location") or "nowhere")
        return f"The address leads on to {where} ({status}), where no page's POST follows. Use that one as ENDPOINT."
    came = f"{status}{': ' if answer.words else ''}{answer.words}"
    if status == 500 and answer.target.kind is Kind.API_GATEWAY:
        status = 502
    sentence = _BY_STATUS.get(status, "Expected a stream; came {phrase}, {came}")
    return sentence.format(came=came, target=answer.target, phrase=_phrase(exchange))


def _forbidden(answer: Answer) -> str:
    words, lowered = answer.words, answer.words.lower()
    said = f" AWS says: {words}" if words else ""
    if answer.target.kind is Kind.API_GATEWAY and "missing authentication token" in lowered:
        return f"API Gateway has nothing at that path and method (403 {words}). Check the stage and the path."
    if answer.signed and any(word in lowered for word in _SIGNATURE_WORDS):
        return f"The signature is not taken (403). Check clock, credentials, and the address's region.{said}"
    if answer.target.kind is not Kind.FUNCTION_URL:
        return f"{answer.target} refuses this caller (403).{said}"
    if answer.signed:
        return (
            f"The URL knows the caller and refuses (403): it lacks one of the two grants, {_GRANTS}. Name the caller "
            "in the config key invokers (make deploy), or use a profile that is named there: "
            f"AWS_PROFILE=….{said}"
        )
    return (
        "The URL refuses (403). If it stands behind IAM (config key authorization), sign the request: AUTH=AWS_IAM. If "
        f"it is public, the function's policy lacks one of the two grants that a URL needs, {_GRANTS}: aws lambda "
        f"get-policy shows them, make deploy sets them.{said}"
    )


def _phrase(exchange: Exchange) -> str:
    if exchange.reason:
        return quoted(exchange.reason)
    try:
        return HTTPStatus(exchange.status).phrase
    except ValueError:
        return "of an unknown kind"
