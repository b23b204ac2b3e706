"""Logging as Lambda's consoles and queries expect it: awslambdaric's text and JSON lines, and telemetry frames.

Facts: `AWS_LAMBDA_LOG_FORMAT` is "JSON" or text; `AWS_LAMBDA_LOG_LEVEL` sets the root logger's level (TRACE is
Python's DEBUG). `_LAMBDA_TELEMETRY_LOG_FD`, where the platform gives it, takes frames instead of lines, so that
a record of several lines stays one event: 4 bytes type, 4 bytes length, 8 bytes time in µs, all big-endian. The
type is 0xA55A0003 for text or 0xA55A0002 for JSON, with the level in the bits between.

In a log group of JSON format Lambda filters by level before CloudWatch sees a line: one whose `level` or `timestamp`
(RFC 3339) is missing or unknown counts as INFO, and is dropped where AWS_LAMBDA_LOG_LEVEL is above that (Lambda's
guide, "Log-level filtering"). Its levels are TRACE, DEBUG, INFO, WARN, ERROR and FATAL.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any, Final

from lambda_runtime.tracing import TraceIds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambda_runtime.errors import ErrorReport

_FRAME: Final = 0xA55A0002
_TEXT: Final = 1
_TIME: Final = "%Y-%m-%dT%H:%M:%S"
_TEXT_LINE: Final = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(request_id)s\t%(trace_column)s%(message)s"
# Lambda's names of the levels that its filter can be set to.
_LAMBDA_LEVELS: Final = {
    logging.INFO: "INFO",
    logging.WARNING: "WARN",
    logging.ERROR: "ERROR",
    logging.CRITICAL: "FATAL",
}
# The attributes of a record that are not the caller's `extra`.
_OWN_FIELDS: Final = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "request_id",
    "trace_column",
    "invocation",
}


class LambdaLogHandler(logging.Handler):
    """Writes records to the telemetry descriptor as frames, or to standard output as lines."""

    def __init__(
        self, *, as_json: bool, telemetry_fd: int | None, filtered_below: int = logging.INFO
    ) -> None:
        """`filtered_below` is the level that Lambda's own filter is set to."""
        super().__init__()
        self._as_json = as_json
        self._fd = telemetry_fd
        self._passing_level = max(logging.INFO, filtered_below)
        self.request_id = ""
        self.tenant_id: str | None = None
        self.trace = TraceIds()
        self.setFormatter(JsonFormatter() if as_json else TextFormatter(_TEXT_LINE, _TIME))

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; what fails goes to logging's own `handleError`."""
        try:
            record.request_id = self.request_id
            record.trace_column = f"{self.trace.trace_id}\t" if self.trace.trace_id else ""
            record.invocation = self._invocation()
            self._write(self.format(record), record.levelno)
        except Exception:  # noqa: BLE001 - as every handler of the standard library does
            self.handleError(record)

    def write_raw(self, text: str) -> None:
        """Write text past the logging module, without a level."""
        if self._fd is None:
            sys.stdout.write(text)
            sys.stdout.flush()
        else:
            self._write_frame(text, logging.NOTSET)

    def write_json(self, fields: Mapping[str, Any]) -> None:
        """Write an object as an event of its own, in JSON whatever the log's format, and past Lambda's filter.

        Its timestamp, level and ids stand before its own fields, which cannot replace them. Values that are not
        JSON become their `str`.

        Raises:
            OSError: the log cannot be written.
            ValueError: a number is NaN or infinite, or an object holds itself.
        """
        own = {
            "timestamp": _now(),
            "level": _LAMBDA_LEVELS[self._passing_level],
            **self._invocation(),
        }
        text = json.dumps({**own, **fields, **own}, ensure_ascii=False, allow_nan=False, default=str)
        self._write(text, self._passing_level)

    def write_error(self, report: ErrorReport) -> None:
        """Write an invocation's error as awslambdaric does; one event however many lines it has."""
        if self._as_json:
            error = report.as_dict(self.request_id)
            fields = {"timestamp": _now(), "level": "ERROR", **error, **self._invocation()}
            self._write(json.dumps(fields, ensure_ascii=False), logging.ERROR)
            return
        lines = [f"[ERROR] {report.error_type}: {report.message}"]
        if report.stack_trace:
            lines.append("Traceback (most recent call last):")
        for entry in report.stack_trace:
            for line in entry.splitlines():
                # CloudWatch strips leading blanks; no-break spaces keep the indentation.
                bare = line.lstrip(" ")
                lines.append("\N{NO-BREAK SPACE}" * (len(line) - len(bare)) + bare)
        if self.trace.trace_id:
            # Last, because readers of such lines know them by their first.
            lines.append(f"Trace id: {self.trace.trace_id}")
        # Without frames, a carriage return keeps the lines one event.
        self._write(("\r" if self._fd is None else "\n").join(lines), logging.ERROR)

    def _invocation(self) -> dict[str, str]:
        """The ids under which JSON lines name the invocation; empty between two of them."""
        ids = {
            "requestId": self.request_id,
            "tenantId": self.tenant_id,
            "traceId": self.trace.trace_id,
            "xrayTraceId": self.trace.xray_trace_id,
        }
        return {name: value for name, value in ids.items() if value}

    def _write(self, text: str, level: int) -> None:
        if self._fd is None:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        else:
            self._write_frame(text, level)

    def _write_frame(self, text: str, level: int) -> None:
        assert self._fd is not None
        message = text.encode("utf-8", "backslashreplace")
        kind = (_FRAME if self._as_json else _FRAME | _TEXT) | _level_bits(level)
        header = (
            kind.to_bytes(4, "big")
            + len(message).to_bytes(4, "big")
            + (time.time_ns() // 1000).to_bytes(8, "big")
        )
        frame = memoryview(header + message)
        while frame:
            frame = frame[os.write(self._fd, frame) :]


class TextFormatter(logging.Formatter):
    """`[LEVEL]<tab>time<tab>request id<tab>message`, in UTC; with a trace, its id and a tab before the message."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's name
        """The record's time in UTC, whatever zone the environment has."""
        return time.strftime(datefmt or _TIME, time.gmtime(record.created))


class JsonFormatter(logging.Formatter):
    """One JSON object a record: timestamp, level, message, logger, the invocation's ids, its error, and `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON; values that are not JSON become their `str`."""
        is_object = isinstance(record.msg, dict) and not record.args
        fields: dict[str, Any] = {
            "timestamp": time.strftime(f"{_TIME}Z", time.gmtime(record.created)),
            # awslambdaric's WARNING and CRITICAL are none of Lambda's names, and its filter is Lambda's.
            "level": _LAMBDA_LEVELS.get(record.levelno, record.levelname),
            "message": record.msg if is_object else record.getMessage(),
            "logger": record.name,
            **getattr(record, "invocation", {}),
        }
        if record.exc_info and (error := record.exc_info[1]) is not None:
            fields["stackTrace"] = traceback.format_tb(error.__traceback__)
            fields["errorType"] = type(error).__name__
            fields["errorMessage"] = str(error)
            fields["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
        for name, value in vars(record).items():
            if name not in _OWN_FIELDS and name not in fields:
                fields[name] = value
        return json.dumps({k: v for k, v in fields.items() if v is not None}, ensure_ascii=False, default=str)


def set_up_logging(environ: Mapping[str, str]) -> LambdaLogHandler:
    """Put Lambda's handler on the root logger, as the environment says, and give it back."""
    as_json = environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
    fd = environ.get("_LAMBDA_TELEMETRY_LOG_FD", "")
    name = environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    level = logging.getLevelNamesMapping().get("DEBUG" if name == "TRACE" else name)
    handler = LambdaLogHandler(
        as_json=as_json,
        telemetry_fd=int(fd) if fd.isdigit() else None,
        filtered_below=level or logging.INFO,
    )
    root = logging.getLogger()
    root.addHandler(handler)
    if level is not None:
        root.setLevel(level)
    return handler


def _now() -> str:
    return time.strftime(f"{_TIME}Z", time.gmtime())


def _level_bits(level: int) -> int:
    # NOTSET has no bits; DEBUG 2 to CRITICAL 6, shifted past the format's two bits.
    step = min(max(level, 0), logging.CRITICAL) // 10
    return (step + 1) << 2 if step else 0
