"""`python -m lambda_runtime chat.app.streaming_handler`: the entry point of a container image."""

from __future__ import annotations

import asyncio
import gc
import io
import logging
import os
import signal
import sys

from lambda_runtime import initialization, shutdown
from lambda_runtime.api import RuntimeApi, RuntimeApiError
from lambda_runtime.errors import ErrorReport
from lambda_runtime.handlers import load_handler
from lambda_runtime.logs import set_up_logging
from lambda_runtime.runtime import Runtime

_USAGE = (
    "Usage: python -m lambda_runtime MODULE.HANDLER (or the variable _HANDLER), inside Lambda or an emulator."
)


def main(arguments: list[str]) -> int:
    """Serve events until the platform ends the process; the result is its exit code."""
    name = arguments[0] if arguments else os.environ.get("_HANDLER", "")
    address = os.environ.get("AWS_LAMBDA_RUNTIME_API", "")
    if len(arguments) > 1 or not name or not address:
        missing = "" if address else "\nAWS_LAMBDA_RUNTIME_API is not set: nothing gives this process events."
        print(_USAGE + missing, file=sys.stderr)  # noqa: T201 - a command's usage
        return 2
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Into a pipe, lines would wait for a full buffer; and no character may stop a log line.
            stream.reconfigure(line_buffering=True, errors="backslashreplace")
    logs = set_up_logging(os.environ)
    if (root := os.environ.get("LAMBDA_TASK_ROOT")) and root not in sys.path:
        sys.path.insert(0, root)
    try:
        api = RuntimeApi(address)
    except ValueError as error:
        print(error, file=sys.stderr)  # noqa: T201 - nobody else can be told
        return 2
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        try:
            handler = load_handler(name)
            loop.run_until_complete(initialization.run_hooks())
        except BaseException as error:  # noqa: BLE001 - whatever stops the import or a hook, Lambda is told why
            report = ErrorReport.of(error)
            logs.write_error(report)
            try:
                loop.run_until_complete(api.fail_init(report))
            except RuntimeApiError as unreachable:
                logging.getLogger("lambda_runtime").critical("Lambda could not be told: %s", unreachable)
            loop.run_until_complete(shutdown.run_hooks())
            return 1
        # What is loaded stays; the collector need not look at it again in every invocation.
        gc.freeze()
        return serve(Runtime(api, handler, loop, logs), api, loop)


def serve(runtime: Runtime, api: RuntimeApi, loop: asyncio.AbstractEventLoop) -> int:
    """Answer events until the platform or a signal ends it; the result is the exit code."""
    signal.signal(signal.SIGTERM, lambda _signal, _frame: runtime.terminate())
    extension = None
    try:
        if os.environ.get(shutdown.ENVIRONMENT_VARIABLE) == "1":
            extension = loop.run_until_complete(api.register_extension(shutdown.EXTENSION_NAME))
        runtime.serve()
    except RuntimeApiError as error:
        logging.getLogger("lambda_runtime").critical("The runtime exits: %s", error)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        loop.run_until_complete(shutdown.run_hooks())
        api.close()
        if extension is not None:
            extension.abort()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
