"""Errors as the Runtime API and X-Ray take them, in awslambdaric's forms."""

from __future__ import annotations

import asyncio
import base64
import importlib
import json
import os
import re
import traceback
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from types import TracebackType

_MAX_XRAY_CAUSE: Final = 1024 * 1024  # awslambdaric sends none that is larger
_MAX_TRAILER: Final = 8 * 1024  # what HTTP servers commonly take for a head; the platform's bound is not told
# What stands above the handler in every stack. (pathlib would cost the cold start 5 ms.)
_NOT_THE_USERS: Final = (
    *(module_file.rpartition(os.sep)[0] for module_file in (__file__, asyncio.__file__, importlib.__file__)),
    "<frozen importlib",
)
_ERROR_TYPE: Final = re.compile(r"(Runtime|Function)\.[A-Z][a-zA-Z]+")


class RuntimeFault(Exception):  # noqa: N818 - AWS's own word for them
    """A failure that the platform has a name for: `Runtime.ImportModuleError` and its like."""

    def __init__(self, error_type: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.trace = trace or []


class InvalidStreamingOperation(RuntimeFault):
    """A response stream was used out of order (the Node.js client's Runtime.InvalidStreamingOperation)."""

    def __init__(self, message: str) -> None:
        super().__init__("Runtime.InvalidStreamingOperation", message)


class StreamClosed(RuntimeFault):
    """The platform has closed the invocation's stream: it has timed out, or its response is refused."""

    def __init__(self, message: str) -> None:
        super().__init__("Runtime.StreamClosed", message)


class ErrorReport(NamedTuple):
    """One error in every form that the Runtime API takes."""

    error_type: str
    message: str
    stack_trace: list[str]
    frames: list[traceback.FrameSummary]

    @classmethod
    def of(cls, error: BaseException) -> ErrorReport:
        """Describe an exception; frames above the handler are left out."""
        if isinstance(error, RuntimeFault):
            return cls(error.error_type, error.message, error.trace, [])
        frames = _frames(error.__traceback__)
        return cls(type(error).__name__, _text(error), traceback.format_list(frames), frames)

    @property
    def qualified_type(self) -> str:
        """The type in the form `(Runtime|Function).Name` that headers and trailers must have."""
        if _ERROR_TYPE.fullmatch(self.error_type):
            return self.error_type
        letters = re.sub(r"[^a-zA-Z]", "", self.error_type)
        return f"Function.{letters[:1].upper()}{letters[1:]}" if len(letters) > 1 else "Function.Unknown"

    def as_dict(self, request_id: str = "") -> dict[str, Any]:
        """The body of `/error`: errorMessage, errorType, requestId, stackTrace."""
        return {
            "errorMessage": self.message,
            "errorType": self.error_type,
            "requestId": request_id,
            "stackTrace": self.stack_trace,
        }

    def xray_cause(self) -> str:
        """The X-Ray cause as one line of ASCII JSON, or an empty string where it would be too large."""
        stack = [{"label": f.name, "path": f.filename, "line": f.lineno} for f in self.frames]
        name = "LambdaValidationError" if not self.frames else self.error_type
        cause = json.dumps(
            {
                "working_directory": _working_directory(),
                "exceptions": [{"message": self.message, "type": name, "stack": stack}],
                "paths": sorted({f.filename for f in self.frames}),
            }
        )
        return cause if len(cause) < _MAX_XRAY_CAUSE else ""

    def trailers(self) -> list[tuple[str, str]]:
        """The trailers that end a stream in failure: its type, and base64 of {errorType, errorMessage, trace}."""
        trace, message = self.stack_trace, self.message
        while len(body := self._trailer_body(message, trace)) > _MAX_TRAILER:
            # The innermost frames say most; then the message is cut.
            trace, message = (
                (trace[len(trace) // 2 + 1 :], message) if trace else ([], message[: len(message) // 2])
            )
        return [
            ("Lambda-Runtime-Function-Error-Type", self.qualified_type),
            ("Lambda-Runtime-Function-Error-Body", body),
        ]

    def _trailer_body(self, message: str, trace: list[str]) -> str:
        error = {"errorType": self.qualified_type, "errorMessage": message, "trace": trace}
        return base64.b64encode(json.dumps(error).encode()).decode()


def _frames(trace: TracebackType | None) -> list[traceback.FrameSummary]:
    frames = list(traceback.extract_tb(trace))
    first = next((i for i, frame in enumerate(frames) if not frame.filename.startswith(_NOT_THE_USERS)), 0)
    return frames[first:]


def _working_directory() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - a string is wanted
    except OSError:  # a handler may have removed it
        return ""


def _text(error: BaseException) -> str:
    """`str(error)`, which is the user's own code and may fail."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a broken __str__ must not hide the error itself
        return "(its message could not be made)"
