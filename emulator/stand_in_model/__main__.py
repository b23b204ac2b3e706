"""`python -m emulator.stand_in_model`: the stand-in as a server of its own."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from emulator.serving import PortError, port_number, serving
from emulator.stand_in_model import __doc__ as what_it_does
from emulator.stand_in_model import stand_in_model


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m emulator.stand_in_model",
        description=what_it_does,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=port_number, default=9002, help="port, 0 for a free one (%(default)s)")
    parser.add_argument(
        "--delay-ms", type=float, default=40, help="milliseconds before each token (%(default)s)"
    )
    options = parser.parse_args(arguments)
    try:
        asyncio.run(_serve(options.host, options.port, options.delay_ms / 1000))
    except PortError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _serve(host: str, port: int, delay: float) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serving(stand_in_model(delay), host, port) as bound:
        shown = f"[{host}]" if ":" in host else host
        print(f"Stand-in model at http://{shown}:{bound}/v1 (OPENAI_BASE_URL); any key is good.", flush=True)
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
