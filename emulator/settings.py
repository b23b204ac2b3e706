"""What the emulated function is: its command, its limits, and the environment variables that Lambda gives it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.bandwidth import Bandwidth
    from emulator.faults import Fault

_REPOSITORY = Path(__file__).resolve().parent.parent
# The account that AWS uses in its own examples; nothing signs in here.
_ACCOUNT = "123456789012"
DEFAULT_COMMAND = (sys.executable, "-m", "lambda_runtime", "chat.app.streaming_handler")


@dataclass(frozen=True, kw_only=True)
class FunctionSettings:
    """One function.

    Times are seconds. `variables` are the function's own environment variables. The command's last word is the
    handler, as in a container image's CMD. `concurrency` is how many invocations may run at once (Lambda's reserved
    concurrency), each in an environment of its own; those that stay idle for `idle_timeout` end, but for one.
    `bandwidth` bounds streamed answers, `fault` comes to every invocation that is given none of its own.
    """

    command: tuple[str, ...] = DEFAULT_COMMAND
    name: str = "function"
    version: str = "$LATEST"
    memory_mb: int = 1024
    timeout: float = 60.0
    init_timeout: float = 10.0
    concurrency: int = 10
    idle_timeout: float = 300.0
    bandwidth: Bandwidth | None = None
    fault: Fault | None = None
    task_root: Path = _REPOSITORY / "lambda"
    variables: Mapping[str, str] = field(default_factory=dict)
    region: str = field(default_factory=lambda: os.environ.get("AWS_REGION", "us-east-1"))

    @property
    def arn(self) -> str:
        """The unqualified function ARN."""
        return f"arn:aws:lambda:{self.region}:{_ACCOUNT}:function:{self.name}"

    @property
    def handler(self) -> str:
        """What `_HANDLER` is: the runtime interface emulator takes the command's last word as well."""
        return self.command[-1]

    @property
    def description(self) -> dict[str, str]:
        """What an extension is told when it registers."""
        return {"functionName": self.name, "functionVersion": self.version, "handler": self.handler}

    def environment(self, runtime_api: str, log_stream: str) -> dict[str, str]:
        """The process's environment: ours, with Lambda's own variables over it.

        Source: AWS developer guide, "Defined runtime environment variables". Lambda's `AWS_EXECUTION_ENV` is not
        set for container images and so not here; credentials are the caller's own, if there are any.
        """
        return {
            # Lines appear as they are printed; set by Lambda's users for the same reason.
            "PYTHONUNBUFFERED": "1",
            **os.environ,
            **self.variables,
            "AWS_LAMBDA_RUNTIME_API": runtime_api,
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": self.version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_mb),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "LAMBDA_TASK_ROOT": str(self.task_root),
            "TZ": ":UTC",
            "_HANDLER": self.handler,
        }
