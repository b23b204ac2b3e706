"""Handlers: the decorator that makes one stream, finding one by its name, and running each kind."""

from __future__ import annotations

import importlib
import inspect
import sys
from typing import TYPE_CHECKING, Any, Final, TypeVar

from lambda_runtime.errors import RuntimeFault

if TYPE_CHECKING:
    from collections.abc import Callable

_STREAMS: Final = "__lambda_response_stream__"
_RAW_EVENT: Final = "__lambda_raw_event__"

F = TypeVar("F", bound="Callable[..., Any]")


def streamify_response(handler: F) -> F:
    """Make a handler stream: it is called as `handler(event, response_stream, context)`.

    It may be `async def` (the stream is a `ResponseStream`; it must end it), a plain function (the stream is a
    `BlockingResponseStream`; it must end it), or an async or plain generator (what it yields is written; the
    stream ends with it). What a handler returns is ignored, with a warning.
    """
    setattr(handler, _STREAMS, True)
    return handler


def raw_event(handler: F) -> F:
    """Give a handler each event as the bytes that came, not as what their JSON means.

    For handlers that bring a parser of their own, or want to answer an event that is not JSON themselves. Combines
    with `streamify_response` in either order.
    """
    setattr(handler, _RAW_EVENT, True)
    return handler


def takes_raw_events(handler: Callable[..., Any]) -> bool:
    """Whether a handler was decorated with `raw_event`."""
    return bool(getattr(handler, _RAW_EVENT, False))


def streams(handler: Callable[..., Any]) -> bool:
    """Whether a handler was decorated with `streamify_response`."""
    return bool(getattr(handler, _STREAMS, False))


def is_async(handler: Callable[..., Any]) -> bool:
    """Whether a handler is to be called on the event loop: a coroutine function or an async generator."""
    call = handler if inspect.isroutine(handler) else getattr(handler, "__call__", handler)  # noqa: B004
    return any(
        check(candidate)
        for candidate in (handler, call)
        for check in (inspect.iscoroutinefunction, inspect.isasyncgenfunction)
    )


def load_handler(name: str) -> Callable[..., Any]:
    """Import `package/module.function`, by awslambdaric's rules.

    Raises:
        RuntimeFault: the name or what it names is wrong; the message says how.
    """
    module_name, dot, function = name.rpartition(".")
    if not dot or not module_name:
        raise RuntimeFault(
            "Runtime.MalformedHandlerName",
            f"Bad handler '{name}': expected module.function, for example chat.app.streaming_handler",
        )
    module_name = module_name.replace("/", ".")
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise RuntimeFault(
            "Runtime.BuiltInModuleConflict", f"Cannot use built-in module {module_name} as a handler module"
        )
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise RuntimeFault(
            "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}"
        ) from error
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise RuntimeFault(
            "Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", trace
        ) from error
    handler = getattr(module, function, None)
    if handler is None:
        raise RuntimeFault(
            "Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{module_name}'"
        )
    if not callable(handler):
        raise RuntimeFault(
            "Runtime.HandlerNotFound", f"Handler '{function}' of '{module_name}' is not callable"
        )
    return handler  # type: ignore[no-any-return]  # getattr of a module
