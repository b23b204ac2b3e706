"""Reload on change: when code below the function's task root is saved, the next request runs it.

Idle environments end at once, busy ones after their invocation; the emulator and its ports stay. Code that is not
Python is told at once, and again by the failed init of the next request; the next save mends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import warnings
from typing import TYPE_CHECKING

from watchfiles import PythonFilter, awatch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from emulator.function import Function


@contextlib.asynccontextmanager
async def reloading(function: Function, say: Callable[[str], None]) -> AsyncIterator[None]:
    """Watch `function`'s code while the block runs; `say` gets a sentence for each change."""
    stop = asyncio.Event()
    watching = asyncio.create_task(_watch(function, say, stop))
    try:
        yield
    finally:
        stop.set()
        await watching


async def _watch(function: Function, say: Callable[[str], None], stop: asyncio.Event) -> None:
    root = function.settings.task_root.resolve()
    async for changes in awatch(root, watch_filter=PythonFilter(), stop_event=stop):
        paths = sorted({root / path for _, path in changes})
        for path in paths:
            _forget_bytecode(path)
        function.replace()
        names = ", ".join(str(path.relative_to(root)) for path in paths)
        faults = [fault for path in paths if (fault := _fault_of(path))]
        say(f"Changed: {names}. " + (" ".join(faults) or "The next request runs the new code."))


def _forget_bytecode(path: Path) -> None:
    """Python takes cached bytecode for current that was made of another text of the same second and length."""
    for cached in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        cached.unlink(missing_ok=True)


def _fault_of(path: Path) -> str:
    """What keeps a file from being Python; empty if nothing does, or if it is gone."""
    try:
        with warnings.catch_warnings(action="ignore"):
            compile(path.read_bytes(), str(path), "exec")
    except FileNotFoundError:
        return ""
    except (SyntaxError, ValueError) as error:
        where = f"{path.name}, line {error.lineno}" if isinstance(error, SyntaxError) else path.name
        said = error.msg if isinstance(error, SyntaxError) else str(error)
        return f"{where}: {said}. Requests fail until it is mended; the next save is taken up as well."
    return ""
