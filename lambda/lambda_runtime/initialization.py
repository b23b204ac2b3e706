"""The init of the environment: hooks that run on the runtime's loop before the first event is asked for.

A module's top level can do all that needs no loop. What does, a connection or a read that handlers share, would
otherwise wait for the first request. Lambda counts the hooks as init: it gives 10 s in all, and after a failed or
late init it runs the whole of it again, within the timeout of the first invocation (AWS's guide to the execution
environment's lifecycle).
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[[], Any]")


class _Init:
    """The hooks that wait, in the order in which they were added, and whether their time has passed."""

    def __init__(self) -> None:
        self.hooks: list[Callable[[], Any]] = []
        self.over = False


_init = _Init()


def on_init(hook: F) -> F:
    """Call a function, async or not, once: after the handler's module was imported, before the first event.

    Usable as a decorator; first added runs first, also one that another hook adds. A hook that raises has failed the
    init, as an import that raises has.

    Raises:
        RuntimeError: init is over; the hook would never run.
    """
    if _init.over:
        raise RuntimeError(
            f"on_init was given {hook!r} after init was over, where it would never run. Add it while the handler's "
            "module is imported."
        )
    _init.hooks.append(hook)
    return hook


async def run_hooks() -> None:
    """Run the hooks, each once, one after the other. Raises what the first that fails raises; no other runs then."""
    try:
        for hook in _init.hooks:  # a list that grows meanwhile is walked to its new end
            result = hook()
            if inspect.isawaitable(result):
                await result
    finally:
        _init.over = True
        _init.hooks.clear()
