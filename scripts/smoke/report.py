"""What `make smoke` prints: observations on standard output, what is wrong on standard error (scripts/messages.sh)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from scripts.smoke.quoting import quoted
from scripts.smoke.verdict import gaps, moments

if TYPE_CHECKING:
    from scripts.smoke.answer import StreamedAnswer
    from scripts.smoke.exchange import Exchange
    from scripts.smoke.target import Target

# What tells who answered, in which form, and by which way; the request id finds the log's lines.
_HEADERS = (
    "content-type",
    "x-vercel-ai-data-stream",
    "transfer-encoding",
    "content-length",
    "content-encoding",
    "location",
    "via",
    "x-cache",
    "server",
    "x-amzn-errortype",
    "x-amz-function-error",
    "x-amzn-requestid",
    "x-amzn-trace-id",
)
_CORS = "access-control-"
_WIDTH = 12


def asked(target: Target, message: str, *, signed: bool) -> None:
    """Say what is sent, before the answer is waited for."""
    _line("POST", f"{target} ({target.kind.value}{', signed' if signed else ''})")
    _line("Message", message)


def preflight(exchange: Exchange, origin: str) -> None:
    """Show the answer to a preflight."""
    _line("Preflight", f"OPTIONS for {origin}: {_status(exchange)}, after {_ms(exchange.head)}")
    for name, value in exchange.headers:
        if name.startswith(_CORS):
            _line("", f"{name}: {value}")


def head(exchange: Exchange) -> None:
    """Show what came before the body."""
    _line("Status", f"{_status(exchange)}, {exchange.http_version}")
    for name, value in exchange.headers:
        if name in _HEADERS or name.startswith(_CORS):
            _line("", f"{name}: {value}")
    connected = (
        "" if exchange.connected is None else f" (the connection was made after {_ms(exchange.connected)})"
    )
    _line("Head", f"after {_ms(exchange.head)}{connected}")


def arrivals(answer: StreamedAnswer, exchange: Exchange) -> None:
    """Show when a stream's lines arrived."""
    if exchange.reads:
        _line("First byte", f"after {_ms(exchange.reads[0][0])}")
    if answer.tokens:
        counted = "" if answer.counted is None else f"; the model counts {answer.counted:,} tokens"
        _line("First token", f"after {_ms(answer.tokens[0])}")
        _line("Tokens", f"{len(answer.tokens):,} lines of text, {answer.characters:,} characters{counted}")
        _line(
            "Moments",
            f"{len(moments(answer.tokens)):,} in which lines arrived, {len(exchange.reads):,} chunks",
        )
    if between := gaps(answer.tokens):
        _line(
            "Gaps",
            f"median {_ms(between.median)}, 95th percentile {_ms(between.p95)}, longest {_ms(between.longest)}",
        )
    if answer.tokens:
        _line("Last token", f"after {_ms(answer.tokens[-1])}")
    finish = f", finish reason {answer.finish_reason}" if answer.is_complete else ""
    _line("Ended", f"after {_ms(exchange.ended)}, {exchange.end.value}{finish}")


def passed(sentence: str) -> None:
    """Say what was proved."""
    print(f"  ok    {sentence}", flush=True)


def remarked(sentence: str) -> None:
    """Say what could be better."""
    print(f"  note  {sentence}", flush=True)


def failed(sentence: str) -> None:
    """Say what is wrong."""
    sys.stdout.flush()
    print(f"  FAIL  {sentence}", file=sys.stderr, flush=True)


def _line(name: str, text: str) -> None:
    print(f"{name:<{_WIDTH}}{quoted(text)}", flush=True)


def _status(exchange: Exchange) -> str:
    return f"{exchange.status} {exchange.reason}".strip()


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms" if seconds < 0.1 else f"{seconds * 1000:,.0f} ms"
