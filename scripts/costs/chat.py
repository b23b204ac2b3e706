"""One chat, as the cost tables take it: what is assumed of it, and what the function really writes for it.

`measure()` runs the function under this repository's emulator, with the metrics and the log format of a stack, and
counts. The counts are kept here, because a request's id and times make them differ by some bytes from run to run;
tests/scripts/costs compares them with what it measures.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

import httpx

from emulator.front import Front
from emulator.function import Function
from emulator.logs import Log
from emulator.serving import serving
from emulator.settings import FunctionSettings
from emulator.stand_in_model import stand_in_model

if TYPE_CHECKING:
    from collections.abc import Mapping

# Assumed: a middling answer of a middling model, 50 tokens a second.
SECONDS: Final = 8.0
TOKENS_IN: Final = 500
TOKENS_OUT: Final = 400
# AWS's own figure for production workloads is below this ("AWS Lambda standardizes billing for INIT Phase", 2025).
COLD_STARTS: Final = 1 / 100
COLD_SECONDS: Final = 1.0
CHATS_A_MONTH: Final = 30_000

# CloudWatch counts so many bytes for each log event besides its text (PutLogEvents, API reference).
EVENT_OVERHEAD: Final = 26

# As long as the names that a stack gives.
_NAME: Final = "lambda-token-streaming-dev-streaming-1234567"
_REQUEST_ID: Final = "8fc6f963-411b-58b5-8483-a32130c0f45d"
# What Lambda itself writes for a warm invocation into a log group of JSON format with the system's level INFO: these
# two, in the form of Lambda's guide ("Telemetry API event schema"). They cannot be measured without an account.
PLATFORM_LINES: Final = (
    {
        "time": "2026-11-21T12:00:00.000Z",
        "type": "platform.start",
        "record": {
            "requestId": _REQUEST_ID,
            "functionArn": f"arn:aws:lambda:us-east-1:123456789012:function:{_NAME}",
            "version": "$LATEST",
        },
    },
    {
        "time": "2026-11-21T12:00:08.000Z",
        "type": "platform.report",
        "record": {
            "requestId": _REQUEST_ID,
            "metrics": {
                "durationMs": 8000.123,
                "billedDurationMs": 8001,
                "memorySizeMB": 512,
                "maxMemoryUsedMB": 41,
            },
            "status": "success",
        },
    },
)


class Measured(NamedTuple):
    """What one warm chat makes: bytes and events of the function's log, bytes of the answer for each token of it.

    `refused_…` are the log's bytes and events of a request that the function refuses without asking the model.
    """

    log_bytes: int
    log_events: int
    answer_bytes_per_token: float
    refused_log_bytes: int
    refused_log_events: int


# `python -m scripts.costs --measure`, 2026-11-21.
MEASURED: Final = Measured(
    log_bytes=1098, log_events=1, answer_bytes_per_token=12.8, refused_log_bytes=716, refused_log_events=1
)


def logged_bytes(measured: Measured = MEASURED) -> int:
    """Bytes that CloudWatch charges for one warm chat: the function's lines and the platform's."""
    return _charged(measured.log_bytes, measured.log_events)


def refused_logged_bytes(measured: Measured = MEASURED) -> int:
    """Bytes that CloudWatch charges for one request that is refused, likewise."""
    return _charged(measured.refused_log_bytes, measured.refused_log_events)


def _charged(own_bytes: int, own_events: int) -> int:
    platform = sum(len(json.dumps(line, separators=(",", ":"))) for line in PLATFORM_LINES)
    return own_bytes + platform + (own_events + len(PLATFORM_LINES)) * EVENT_OVERHEAD


async def measure() -> Measured:
    """Ask twice, and count what the second answer makes, which no cold start adds to; then what a refusal makes.

    Raises:
        RuntimeError: the function did not answer as it should; the message has its log.
    """
    lines: list[str] = []
    status = 0
    async with serving(stand_in_model(0.005)) as model:
        settings = FunctionSettings(
            name=_NAME,
            variables={
                "OPENAI_API_KEY": "sk-any-key-is-good-here",
                "OPENAI_BASE_URL": f"http://127.0.0.1:{model}/v1",
                "CHAT_MODEL": "gpt-4o-mini",
                "CHAT_METRICS_NAMESPACE": "LambdaTokenStreaming",
                "AWS_LAMBDA_LOG_FORMAT": "JSON",
                "AWS_LAMBDA_LOG_LEVEL": "INFO",
            },
        )
        log = Log(lines.append, lambda _line: None)
        async with Function(settings, log) as function, serving(Front(function, log.platform)) as port:
            await _post(port, _CHAT)
            await function.idle()
            lines.clear()
            _, answer = await _post(port, _CHAT)
            await function.idle()
            answered = lines.copy()
            lines.clear()
            status, refusal = await _post(port, {})
            await function.idle()
    tokens = _tokens(answer)
    if not tokens or status != 400 or not all(_has_metrics(of) for of in (answered, lines)):
        raise RuntimeError(
            "\n".join(
                ["An answer or its metrics are not as they should be.", answer, *answered, refusal, *lines]
            )
        )
    return Measured(
        log_bytes=sum(len(line.encode()) for line in answered),
        log_events=len(answered),
        answer_bytes_per_token=round(len(answer.encode()) / tokens, 1),
        refused_log_bytes=sum(len(line.encode()) for line in lines),
        refused_log_events=len(lines),
    )


_CHAT: Final = {"messages": [{"role": "user", "content": "What is this, and why does it stream?"}]}


async def _post(port: int, body: Mapping[str, object]) -> tuple[int, str]:
    # No proxy of the environment: the emulator is on this machine.
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        answer = await client.post(f"http://127.0.0.1:{port}/", json=body)
        return answer.status_code, answer.text


def _has_metrics(lines: list[str]) -> bool:
    return any("CloudWatchMetrics" in line for line in lines)


def _tokens(answer: str) -> int:
    for line in answer.splitlines():
        if line.startswith("d:"):
            return int(json.loads(line[2:])["usage"]["completionTokens"])
    return 0
