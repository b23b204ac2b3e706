"""Runs a command with a key and a model: the stand-in model of emulator/, on a port of its own while it runs.

    python -m scripts.with_stand_in_model make test-streaming

The command gets OPENAI_API_KEY and OPENAI_BASE_URL; its exit code is this one's.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from emulator.serving import serving
from emulator.stand_in_model import stand_in_model

_DELAY_SECONDS = 0.002


async def run(command: list[str]) -> int:
    """Run a command to its end beside the model and give its exit code (128 + number for a signal's end)."""
    async with serving(stand_in_model(_DELAY_SECONDS)) as port:
        settings = {"OPENAI_API_KEY": "stand-in", "OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1"}
        # Settings of a real model have no place here.
        kept = {
            name: value for name, value in os.environ.items() if name not in ("CHAT_MODEL", "CHAT_SOURCE")
        }
        process = await asyncio.create_subprocess_exec(*command, env=kept | settings)
        # The command cleans up after itself when it is told to end; the model stays for so long.
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, process.send_signal, number)
        code = await process.wait()
    return code if code >= 0 else 128 - code


def main() -> int:
    command = sys.argv[1:]
    if not command:
        print("usage: python -m scripts.with_stand_in_model COMMAND…", file=sys.stderr)
        return 2
    try:
        return asyncio.run(run(command))
    except FileNotFoundError:
        print(f"There is no command {command[0]!r}.", file=sys.stderr)
        return 127


if __name__ == "__main__":
    sys.exit(main())
