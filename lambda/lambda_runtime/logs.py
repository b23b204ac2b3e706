"""Logging as Lambda's consoles and queries expect it: awslambdaric's text and JSON lines, and telemetry frames.

Facts: `AWS_LAMBDA_LOG_FORMAT` is "JSON" or text; `AWS_LAMBDA_LOG_LEVEL` sets the root logger's level (TRACE is
Python's DEBUG). `_LAMBDA_TELEMETRY_LOG_FD`, where the platform gives it, takes frames instead of lines, so that
a record of several lines stays one event: 4 bytes type, 4 bytes length, 8 bytes time in µs, all big-endian. The
type is 0xA55A0003 for text or 0xA55A0002 for JSON, with the level in the bits between.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambda_runtime.errors import ErrorReport

_FRAME: Final = 0xA55A0002
_TEXT: Final = 1
_TIME: Final = "%Y-%m-%dT%H:%M:%S"
_TEXT_LINE: Final = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(request_id)s\t%(message)s"
# The attributes of a record that are not the caller's `extra`.
_OWN_FIELDS: Final = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "request_id",
}


class LambdaLogHandler(logging.Handler):
    """Writes records to the telemetry descriptor as frames, or to standard output as lines."""

    def __init__(self, *, as_json: bool, telemetry_fd: int | None) -> None:
        super().__init__()
        self._as_json = as_json
        self._fd = telemetry_fd
        self.request_id = ""
        self.tenant_id: str | None = None
        self.setFormatter(JsonFormatter() if as_json else TextFormatter(_TEXT_LINE, _TIME))

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; what fails goes to logging's own `handleError`."""
        try:
            record.request_id = self.request_id
            record.tenant_id = self.tenant_id
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

    def write_error(self, report: ErrorReport) -> None:
        """Write an invocation's error as awslambdaric does; one event however many lines it has."""
        if self._as_json:
            now = time.strftime(f"{_TIME}Z", time.gmtime())
            fields = {"timestamp": now, "level": "ERROR", **report.as_dict(self.request_id)}
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
        # Without frames, a carriage return keeps the lines one event.
        self._write(("\r" if self._fd is None else "\n").join(lines), logging.ERROR)

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
    """`[LEVEL]<tab>time<tab>request id<tab>message`, in UTC."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's name
        """The record's time in UTC, whatever zone the environment has."""
        return time.strftime(datefmt or _TIME, time.gmtime(record.created))


class JsonFormatter(logging.Formatter):
    """One JSON object a record: timestamp, level, message, logger, requestId, the error's fields, and `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON; values that are not JSON become their `str`."""
        is_object = isinstance(record.msg, dict) and not record.args
        fields: dict[str, Any] = {
            "timestamp": time.strftime(f"{_TIME}Z", time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.msg if is_object else record.getMessage(),
            "logger": record.name,
            "requestId": getattr(record, "request_id", None),
            "tenantId": getattr(record, "tenant_id", None),
        }
        if record.exc_info and (error := record.exc_info[1]) is not None:
            fields["stackTrace"] = traceback.format_tb(error.__traceback__)
            fields["errorType"] = type(error).__name__
            fields["errorMessage"] = str(error)
            fields["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
        for name, value in vars(record).items():
            if name not in _OWN_FIELDS and name not in fields and name != "tenant_id":
                fields[name] = value
        return json.dumps({k: v for k, v in fields.items() if v is not None}, ensure_ascii=False, default=str)


def set_up_logging(environ: Mapping[str, str]) -> LambdaLogHandler:
    """Put Lambda's handler on the root logger, as the environment says, and give it back."""
    as_json = environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
    fd = environ.get("_LAMBDA_TELEMETRY_LOG_FD", "")
    handler = LambdaLogHandler(as_json=as_json, telemetry_fd=int(fd) if fd.isdigit() else None)
    root = logging.getLogger()
    root.addHandler(handler)
    level = environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    level = "DEBUG" if level == "TRACE" else level
    if level in logging.getLevelNamesMapping():
        root.setLevel(level)
    return handler


def _level_bits(level: int) -> int:
    # NOTSET has no bits; DEBUG 2 to CRITICAL 6, shifted past the format's two bits.
    step = min(max(level, 0), logging.CRITICAL) // 10
    return (step + 1) << 2 if step else 0
