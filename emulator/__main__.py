"""`python -m emulator`: the command line of the local Lambda."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import signal
import sys
from pathlib import Path

from emulator.bandwidth import LAMBDA
from emulator.faults import Fault, FaultError
from emulator.front import Front
from emulator.function import Function
from emulator.logs import Log
from emulator.reload import reloading
from emulator.serving import PortError, port_number, serving
from emulator.settings import FunctionSettings

_EXAMPLE = """\
The command is any program that speaks the Runtime API; without one, the function of this repository runs.

  python -m emulator
  python -m emulator --port 0 --timeout 5 -- python3 -m awslambdaric app.handler
"""


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit code."""
    options = _parser().parse_args(arguments)
    # argparse makes an empty list of a command that is not given.
    options.command = tuple(options.command) or None
    fields = {field.name for field in dataclasses.fields(FunctionSettings)}
    chosen = {name: value for name, value in vars(options).items() if name in fields and value is not None}
    settings = FunctionSettings(**chosen)
    if not settings.task_root.is_dir():
        print(
            f"The task root {settings.task_root} is not a directory; name one with --task-root.",
            file=sys.stderr,
        )
        return 2
    try:
        asyncio.run(_serve(settings, options.host, options.port, reload=options.reload))
    except PortError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _serve(settings: FunctionSettings, host: str, port: int, *, reload: bool) -> None:
    log = Log.to(sys.stderr)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with (
        Function(settings, log) as function,
        serving(Front(function, log.platform), host, port) as bound,
        reloading(function, log.platform) if reload else contextlib.nullcontext(),
    ):
        shown = f"[{host}]" if ":" in host else host
        print(f"Function URL   http://{shown}:{bound}/")
        print(f"Direct invoke  http://{shown}:{bound}/2015-03-31/functions/{settings.name}/invocations")
        print(f"Command        {' '.join(settings.command)}")
        print("Ctrl-C stops it.", flush=True)
        await stop.wait()
        # First the function, so that answers still open end before their server does.
        await function.stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emulator",
        description="A local Lambda that really streams: Function URL, direct invoke, Runtime API.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    default = FunctionSettings()
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=port_number, default=9001, help="port to listen on, 0 for a free one (%(default)s)"
    )
    parser.add_argument("--name", help=f"the function's name ({default.name})")
    parser.add_argument(
        "--timeout",
        type=_timeout,
        help=f"seconds that an invocation may take, up to 900 ({default.timeout:g})",
    )
    parser.add_argument(
        "--init-timeout", type=_timeout, help=f"seconds that the init may take ({default.init_timeout:g})"
    )
    parser.add_argument(
        "--memory",
        dest="memory_mb",
        type=int,
        help=f"MB, told to the function, not enforced ({default.memory_mb})",
    )
    parser.add_argument(
        "--task-root", type=Path, help="directory in which the command starts (lambda/ of this repository)"
    )
    parser.add_argument(
        "--concurrency",
        type=_concurrency,
        help=f"invocations at once, each in an environment of its own; more are refused ({default.concurrency})",
    )
    parser.add_argument(
        "--fault",
        type=_fault,
        metavar="KIND[@N]",
        help="what shall go wrong with every invocation: timeout, kill, gone or slow-reader, after N chunks; "
        "for one invocation it is the request header x-emulator-fault",
    )
    parser.add_argument(
        "--bandwidth",
        action="store_const",
        const=LAMBDA,
        help="stream as fast as Lambda does: 6 MB at once, then 2 MB/s",
    )
    parser.add_argument("--reload", action="store_true", help="take up changes of the function's code")
    parser.add_argument("command", nargs="*", help="the function's command, after --")
    return parser


def _timeout(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 900:  # noqa: PLR2004 - Lambda's longest timeout, AWS developer guide, "Lambda quotas"
        raise argparse.ArgumentTypeError(
            f"{text} is not a timeout; Lambda allows more than 0 and up to 900 seconds"
        )
    return seconds


def _concurrency(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a concurrency; at least one environment is needed")
    return int(text)


def _fault(text: str) -> Fault:
    try:
        return Fault.parse(text)
    except FaultError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    sys.exit(main())
