"""A handler's module whose hooks run at init, one told by the environment to go wrong."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from lambda_runtime import on_init, on_shutdown

if TYPE_CHECKING:
    from lambda_runtime import LambdaContext

told: list[str] = ["imported"]
loops: set[asyncio.AbstractEventLoop] = set()


@on_init
async def asynchronous() -> None:
    await asyncio.sleep(0)
    loops.add(asyncio.get_running_loop())
    told.append("async")
    on_init(lambda: told.append("late"))


@on_init
def plain() -> None:
    told.append("plain")
    on_shutdown(lambda: print("was opened, and is closed"))  # noqa: T201 - the test reads it


@on_init
async def broken() -> None:
    match os.environ.get("BROKEN"):
        case "raise":
            raise ValueError("no pool")
        case "exit":
            raise SystemExit(3)
        case "hang":
            print("hanging")  # noqa: T201 - the test reads it
            await asyncio.Event().wait()


async def handler(event: Any, context: LambdaContext) -> Any:
    loops.add(asyncio.get_running_loop())
    if event == "too late":
        on_init(plain)
    return [told, len(loops)]
