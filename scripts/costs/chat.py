"""One chat, as the cost tables take it: what is assumed of it, and what the function really writes for it.

`measure()` runs the function under this repository's emulator, with the metrics and the log format of a stack, and
counts. The counts are kept here, because a request's id and times make them differ by some bytes from run to run;
tests/scripts/costs compares them with what it measures.
"""

from __future__ import annotations

import json
from typing import Final, NamedTuple

import httpx

from emulator.front import Front
from emulator.function import Function
from emulator.logs import Log
from emulator.serving import serving
from emulator.settings import FunctionSettings
from emulator.stand_in_model import stand_in_model

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
    """What one warm chat makes: bytes and events of the function's log, bytes of the answer for each token of it."""

    log_bytes: int
    log_events: int
    answer_bytes_per_token: float


# `python -m scripts.costs --measure`, 2026-11-21.
MEASURED: Final = Measured(log_bytes=1098, log_events=1, answer_bytes_per_token=12.8)


def logged_bytes(measured: Measured = MEASURED) -> int:
    """Bytes that CloudWatch charges for one warm chat: the function's lines and the platform's."""
    platform = sum(len(json.dumps(line, separators=(",", ":"))) for line in PLATFORM_LINES)
    events = measured.log_events + len(PLATFORM_LINES)
    return measured.log_bytes + platform + events * EVENT_OVERHEAD


async def measure() -> Measured:
    """Ask twice, and count what the second answer makes, which no cold start adds to.

    Raises:
        RuntimeError: the function did not answer as it should; the message has its log.
    """
    lines: list[str] = []
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
            await _ask(port)
            await function.idle()
            lines.clear()
            answer = await _ask(port)
            await function.idle()
    tokens = _tokens(answer)
    if not tokens or not any("CloudWatchMetrics" in line for line in lines):
        raise RuntimeError("\n".join(["The function's answer or its metrics are missing.", answer, *lines]))
    return Measured(
        log_bytes=sum(len(line.encode()) for line in lines),
        log_events=len(lines),
        answer_bytes_per_token=round(len(answer.encode()) / tokens, 1),
    )


async def _ask(port: int) -> str:
    body = {"messages": [{"role": "user", "content": "What is this, and why does it stream?"}]}
    # No proxy of the environment: the emulator is on this machine.
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        return (await client.post(f"http://127.0.0.1:{port}/", json=body)).text


def _tokens(answer: str) -> int:
    for line in answer.splitlines():
        if line.startswith("d:"):
            return int(json.loads(line[2:])["usage"]["completionTokens"])
    return 0
