"""Checks a chat function behind the runtime interface emulator (RIE), in a container or on this machine.

    python -m scripts.check_function 127.0.0.1:9000 --handler streaming|buffered [--with-model]

Prints one line for each thing that is proved, or what was expected and what came instead; exits 1 then. The RIE
hands answers on whole: it proves the image and the wire, never that bytes flow (`make demo` shows that).
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from scripts.function_answers import (
    Answer,
    UnexpectedAnswerError,
    expect_failure,
    expect_not_configured,
    expect_stream,
    expect_success,
    read_answer,
)

if TYPE_CHECKING:
    from collections.abc import Callable

INVOCATIONS = "/2015-03-31/functions/function/invocations"
_CONVERSATION = {"id": "check", "messages": [{"role": "user", "content": "Say hello in five words."}]}
_UNKNOWN = {"action": "no-such-action", "payload": {}}
_STARTUP_SECONDS = 15.0
_ANSWER_SECONDS = 120.0


@dataclass(frozen=True)
class Check:
    """An event and the judge of its answer, which raises UnexpectedAnswerError or says what else there is to tell."""

    proves: str
    event: dict[str, Any]
    judge: Callable[[Answer], str | None]


def http_event(body: str) -> dict[str, Any]:
    """A Function URL's event (format 2.0) for a POST of JSON."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/",
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "host": "localhost"},
        "requestContext": {
            "http": {"method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"}
        },
        "body": body,
        "isBase64Encoded": False,
    }


def streaming_checks(*, with_model: bool) -> list[Check]:
    """What `chat.app.streaming_handler` must do."""
    action = {"action": "chat-v2-stream", "payload": _CONVERSATION}
    return [
        Check("handler load: the streaming function started and took an event", _UNKNOWN, _any_answer),
        *_refusals(),
        *(
            Check(f"{'streaming' if with_model else 'request parsing'}, {envelope}", event, judge)
            for envelope, event in (
                ("direct {action, payload}", action),
                ("HTTP body {action, payload}", http_event(json.dumps(action))),
                ("bare useChat {id, messages}", _CONVERSATION),
                ("HTTP body of useChat", http_event(json.dumps(_CONVERSATION))),
            )
            for judge in (expect_stream if with_model else _understood,)
        ),
    ]


def buffered_checks(*, with_model: bool) -> list[Check]:
    """What `chat.app.handler` must do."""
    action = {"action": "chat-v2", "payload": _CONVERSATION}
    return [
        Check(
            "handler load: the buffered function started and answered health",
            {"action": "health", "payload": {}},
            _healthy,
        ),
        *_refusals(),
        Check(
            "bad request, a stream operation: told where it belongs",
            {"action": "chat-v2-stream", "payload": _CONVERSATION},
            partial(expect_failure, about="streaming function"),
        ),
        *(
            Check(f"{'whole answer' if with_model else 'request parsing'}, {envelope}", event, judge)
            for envelope, event in (
                ("direct {action, payload}", action),
                ("HTTP body {action, payload}", http_event(json.dumps(action))),
            )
            for judge in (_whole_answer if with_model else _understood,)
        ),
    ]


def _refusals() -> list[Check]:
    return [
        Check(
            "bad request, unknown action: refused by its name",
            _UNKNOWN,
            partial(expect_failure, about="no-such-action"),
        ),
        Check(
            "bad request, body that is not JSON: refused with a 4xx",
            http_event("{"),
            partial(expect_failure, about="JSON"),
        ),
    ]


def _any_answer(answer: Answer) -> None:
    """A function that did not load has no answer of its own, which `read_answer` has seen."""
    del answer


def _understood(answer: Answer) -> str:
    expect_not_configured(answer)
    return "understood, and answered that no key is configured"


def _healthy(answer: Answer) -> None:
    expect_success(answer)


def _whole_answer(answer: Answer) -> str:
    data = expect_success(answer)
    if not data.get("text"):
        raise UnexpectedAnswerError(f"expected a text in the data; came: {answer}")
    return f"{len(data['text'])} characters at once, finish reason {data.get('finishReason')}"


def invoke(address: str, check: Check, *, patience: float) -> Answer:
    """Post a check's event. For `patience` seconds an emulator that is still starting may refuse.

    Raises:
        UnexpectedAnswerError: nothing answers, the function failed, or HTTP was not answered with HTTP's form.
    """
    deadline = time.monotonic() + patience
    while True:
        # http.client, because it never goes through a proxy of the environment.
        connection = http.client.HTTPConnection(address, timeout=_ANSWER_SECONDS)
        try:
            connection.request("POST", INVOCATIONS, json.dumps(check.event).encode())
            body = connection.getresponse().read()
            break
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, TimeoutError) or time.monotonic() >= deadline:
                reason = str(error) or type(error).__name__
                raise UnexpectedAnswerError(f"nothing answers at {address}: {reason}") from None
            time.sleep(0.1)
        finally:
            connection.close()
    answer = read_answer(body)
    if ("requestContext" in check.event) != (answer.status is not None):
        expected = "a status and headers" if answer.status is None else "the bare answer, without a status"
        raise UnexpectedAnswerError(f"expected {expected}; came: {answer}")
    return answer


def run(address: str, checks: list[Check]) -> bool:
    """Run checks in order up to the first failure, which the later ones would only repeat."""
    for number, check in enumerate(checks):
        try:
            detail = check.judge(invoke(address, check, patience=0 if number else _STARTUP_SECONDS))
        except UnexpectedAnswerError as failure:
            print(f"  FAIL  {check.proves}\n        {failure}", file=sys.stderr)
            return False
        print(f"  ok    {check.proves}" + (f": {detail}" if detail else ""), flush=True)
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("address", help="HOST:PORT of the emulator")
    parser.add_argument("--handler", choices=("streaming", "buffered"), required=True)
    parser.add_argument(
        "--with-model", action="store_true", help="the function can ask a model: expect a model's answers"
    )
    arguments = parser.parse_args()
    checks = streaming_checks if arguments.handler == "streaming" else buffered_checks
    return 0 if run(arguments.address, checks(with_model=arguments.with_model)) else 1


if __name__ == "__main__":
    sys.exit(main())
