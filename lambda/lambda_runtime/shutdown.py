"""The end of the environment: hooks that run before it, and the extension that makes Lambda announce it.

Lambda sends SIGTERM only to functions with a registered extension, and SIGKILL about 500 ms later. Setting
`LAMBDA_RUNTIME_SIGTERM=1` registers an internal one.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

ENVIRONMENT_VARIABLE: Final = "LAMBDA_RUNTIME_SIGTERM"
EXTENSION_NAME: Final = "lambda-runtime-sigterm"
_ALL_HOOKS_SECONDS: Final = 0.4  # of the 500 ms until SIGKILL

_log = logging.getLogger("lambda_runtime")
_hooks: list[Callable[[], Any]] = []

F = TypeVar("F", bound="Callable[[], Any]")


def on_shutdown(hook: F) -> F:
    """Call a function, async or not, when the environment ends. Usable as a decorator; last added runs first."""
    _hooks.append(hook)
    return hook


async def run_hooks() -> None:
    """Run the hooks, each once. One that fails is logged and does not stop the others; the time is bounded."""
    try:
        async with asyncio.timeout(_ALL_HOOKS_SECONDS):
            while _hooks:
                hook = _hooks.pop()
                try:
                    result = hook()
                    if inspect.isawaitable(result):
                        await result
                except Exception:  # noqa: BLE001 - hooks are anybody's code
                    _log.exception("The shutdown hook %r failed", hook)
    except TimeoutError:
        _log.error("The shutdown hooks took longer than %s s and were stopped", _ALL_HOOKS_SECONDS)
