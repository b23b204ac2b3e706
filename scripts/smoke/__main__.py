"""`make smoke ENDPOINT=URL`: posts a chat to an endpoint and tells whether its answer streams.

It asks for an answer of some 300 tokens, which is long enough to tell, and reports the status, the headers that
matter, and when everything arrived. The exit code is 0 only if the answer streamed (and, with ORIGIN, if a browser
would let the page read it), or came whole where HANDLER asks for the buffered function; else one sentence says what is
wrong and what to do. Each setting is a variable, so that `make smoke ENDPOINT=… ORIGIN=…` works; on the command line an
option of the same name comes before it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import sys
import uuid
from typing import TYPE_CHECKING

from scripts.smoke import report
from scripts.smoke.answer import StreamedAnswer
from scripts.smoke.cors import Complaint, judge_answer, judge_preflight, preflight_headers
from scripts.smoke.ending import failed_end
from scripts.smoke.exchange import NoAnswerError, options, post
from scripts.smoke.quoting import quoted
from scripts.smoke.refusal import Answer, explain
from scripts.smoke.suspects import proxied, suspects
from scripts.smoke.target import Target, TargetError, read_origin, read_target
from scripts.smoke.verdict import Flow, judge

if TYPE_CHECKING:
    from collections.abc import Callable

STREAMING, BUFFERED = "chat.app.streaming_handler", "chat.app.handler"
MESSAGE = "In about 200 words of plain prose: how does a river shape the land that it flows through?"
_TIMEOUT = "120"
_PREFLIGHT_TIMEOUT = 30.0


def main(arguments: list[str] | None = None) -> int:
    """Run the check; returns 0 if the answer came as it should."""
    parser = _parser()
    settings = parser.parse_args(arguments)
    if not settings.endpoint:
        parser.error(
            'ENDPOINT is missing. After make deploy: make smoke ENDPOINT="$(pulumi stack output endpoint)"; on this '
            "machine: .venv/bin/python -m emulator, then make smoke ENDPOINT=http://127.0.0.1:9001/"
        )
    try:
        target = read_target(settings.endpoint)
        origin = read_origin(settings.origin) if settings.origin else None
        return asyncio.run(_check(settings, target, origin))
    except (TargetError, NoAnswerError) as error:
        report.failed(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


async def _check(settings: argparse.Namespace, target: Target, origin: str | None) -> int:
    action = "chat-v2-stream" if settings.handler == STREAMING else "chat-v2"
    message = {"role": "user", "content": settings.message}
    body = json.dumps({"id": f"smoke-{uuid.uuid4()}", "messages": [message], "action": action}).encode()
    headers = {"Content-Type": "application/json"} | ({"Origin": origin} if origin else {})
    private: tuple[str, ...] = ()
    if settings.auth == "AWS_IAM":
        # botocore takes longer to import than all else together, and most endpoints need no signature.
        from scripts.smoke.signature import sign  # noqa: PLC0415 - see above

        headers, private = sign(target, headers, body)
    complaints: list[Complaint] = []
    if origin:
        preflight = await options(
            target, preflight_headers(origin), min(settings.timeout, _PREFLIGHT_TIMEOUT)
        )
        report.preflight(preflight, origin)
        complaints += judge_preflight(preflight, origin, local=target.is_local)
    report.asked(target, settings.message, signed=settings.auth == "AWS_IAM")
    exchange = await post(target, headers, body, settings.timeout)
    if origin:
        complaints += judge_answer(exchange, origin, local=target.is_local)
    report.head(exchange)
    given = Answer(exchange, target, settings.auth == "AWS_IAM", private)
    judged = _judge_stream if settings.handler == STREAMING else _judge_whole
    good, sentence = judged(given)
    for complaint in complaints:
        (report.failed if complaint.breaks else report.remarked)(complaint.text)
    (report.passed if good else report.failed)(sentence)
    return 0 if good and not any(complaint.breaks for complaint in complaints) else 1


def _judge_stream(given: Answer) -> tuple[bool, str]:
    """Whether the streaming function's answer streamed to its end, and the sentence that says so or what is wrong."""
    exchange, target = given.exchange, given.target
    answer = StreamedAnswer()
    for at, data in exchange.reads:
        answer.feed(at, data)
    answer.end()
    if exchange.status == 200:
        report.arrivals(answer, exchange)
        if broken := failed_end(answer, exchange):
            return False, broken
    if exchange.status != 200 or not answer.lines:
        return False, explain(given)
    verdict = judge(answer.tokens, exchange.ended)
    if verdict.flow is Flow.STREAMED:
        return True, f"It streams: {verdict.because}."
    if verdict.flow is Flow.UNCLEAR:
        return (
            False,
            f"Whether it streams cannot be told: {verdict.because}. Ask for a longer answer: MESSAGE=…",
        )
    where = suspects(exchange, target, through_proxy=proxied(target))
    held = "It does not stream" if verdict.flow is Flow.HELD else "It streams in lumps"
    return False, f"{held}: {verdict.because}. {where}"


def _judge_whole(given: Answer) -> tuple[bool, str]:
    """Whether the buffered function gave a whole answer."""
    exchange, content = given.exchange, given.content
    data = content.get("data") if isinstance(content, dict) else None
    if exchange.status == 200 and isinstance(data, dict) and data.get("text"):
        return True, (
            f"The buffered function answered, whole: {len(str(data['text'])):,} characters after "
            f"{exchange.ended * 1000:,.0f} ms, finish reason {quoted(str(data.get('finishReason')))}."
        )
    if (exchange.header("x-vercel-ai-data-stream") or "") == "v1":
        return (
            False,
            "The streaming function answers here, and HANDLER=chat.app.handler asks for the buffered one.",
        )
    return False, explain(given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="smoke",
        usage="make smoke ENDPOINT=URL [MESSAGE=…] [ORIGIN=https://…] [AUTH=AWS_IAM] [HANDLER=…] [TIMEOUT=…]",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    environment = os.environ
    endpoint = environment.get("ENDPOINT") or environment.get("LAMBDA_ENDPOINT") or ""
    parser.add_argument(
        "--endpoint",
        default=endpoint,
        help="ENDPOINT, or LAMBDA_ENDPOINT: a Function URL, an API Gateway stage, the emulator's address, or "
        "…/2015-03-31/functions/function/invocations",
    )
    parser.add_argument(
        "--message", default=environment.get("MESSAGE") or MESSAGE, help="MESSAGE: what to ask (%(default)s)"
    )
    parser.add_argument(
        "--origin",
        default=environment.get("ORIGIN", ""),
        help="ORIGIN, like https://chat.example.com: send the preflight of a page there first, and judge both answers "
        "as its browser would",
    )
    parser.add_argument(
        "--auth",
        type=_one_of("AUTH", "NONE", "AWS_IAM"),
        default=environment.get("AUTH") or "NONE",
        help="AUTH: AWS_IAM signs the request with the credentials that the AWS CLI would use (%(default)s)",
    )
    parser.add_argument(
        "--handler",
        type=_one_of("HANDLER", STREAMING, BUFFERED),
        default=environment.get("HANDLER") or STREAMING,
        help="HANDLER: chat.app.handler checks the buffered function instead, which answers whole (%(default)s)",
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=environment.get("TIMEOUT") or _TIMEOUT,
        help="TIMEOUT: seconds until the answer must have ended (%(default)s)",
    )
    return parser


def _one_of(variable: str, *allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise argparse.ArgumentTypeError(f"{variable} is {text!r}; it must be {' or '.join(allowed)}")
        return text

    return read


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not (seconds > 0 and math.isfinite(seconds)):
        raise argparse.ArgumentTypeError(f"TIMEOUT is {text!r}; it must be a number of seconds above 0")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
