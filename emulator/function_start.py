"""Whether the chat function would start with the variables that it gets, asked before anything else starts.

A function whose variables are wrong starts no sooner than with the first request, and fails then: the reason is in its
log, below a traceback. Here its own checks run in a process of their own, with the environment that it would have.
"""

from __future__ import annotations

import asyncio
import contextlib
from asyncio.subprocess import DEVNULL, PIPE
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.settings import FunctionSettings

_REFUSED = 3
# The function's own module, for it is not its settings alone that refuse: proxies and LiteLLM have variables as well.
_CHECK = f"""
import sys
from chat.settings import SettingsError
try:
    import chat.app
except SettingsError as error:
    sys.stdout.buffer.write(str(error).encode("utf-8", "backslashreplace"))
    sys.exit({_REFUSED})
"""


class RefusedVariableError(ValueError):
    """The function would not start; the message is its own sentence, which names the variable."""


async def check_variables(settings: FunctionSettings) -> None:
    """Have the function check the variables that it would get.

    What else keeps it from starting is its log's to tell, with the traceback.

    Raises:
        RefusedVariableError: it refuses one.
    """
    checking = await asyncio.create_subprocess_exec(
        *(settings.command[0], "-c", _CHECK),
        cwd=settings.task_root,
        env=settings.environment("", ""),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=DEVNULL,
    )
    try:
        said, _ = await checking.communicate()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):  # it heard the same Ctrl-C
            checking.kill()
        await checking.wait()
        raise
    if checking.returncode == _REFUSED:
        raise RefusedVariableError(said.decode())
