"""`python -m emulator`: the command line of the local Lambda."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.bandwidth import LAMBDA
from emulator.faults import Fault, FaultError
from emulator.front import Front
from emulator.function import Function
from emulator.http_protocols import HeaderCaseProtocol
from emulator.logs import Log
from emulator.reload import reloading
from emulator.rest_api import RestApi
from emulator.serving import PortError, port_number, serving
from emulator.settings import FunctionSettings
from emulator.stack import Stack, StackError, read_stack

if TYPE_CHECKING:
    from emulator.cors import Cors

_REPOSITORY = Path(__file__).resolve().parent.parent
_EXAMPLE = """\
The command is any program that speaks the Runtime API; without one, the function of this repository runs.

  python -m emulator
  python -m emulator --stack dev --rest-api-port 9002
  python -m emulator --port 0 --timeout 5 -- python3 -m awslambdaric app.handler
"""


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit code."""
    options = _parser().parse_args(arguments)
    # argparse makes an empty list of a command that is not given.
    options.command = tuple(options.command) or None
    fields = {field.name for field in dataclasses.fields(FunctionSettings)}
    chosen = {name: value for name, value in vars(options).items() if name in fields and value is not None}
    try:
        stack = _stack(options)
    except StackError as error:
        print(error, file=sys.stderr)
        return 2
    settings = FunctionSettings(**stack.settings | chosen)
    if not settings.task_root.is_dir():
        print(
            f"The task root {settings.task_root} is not a directory; name one with --task-root.",
            file=sys.stderr,
        )
        return 2
    try:
        asyncio.run(_serve(settings, stack.cors, options))
    except PortError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _serve(settings: FunctionSettings, cors: Cors | None, options: argparse.Namespace) -> None:
    log = Log.to(sys.stderr)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as parts:
        function = await parts.enter_async_context(Function(settings, log))
        front = Front(function, log.platform, cors, log.emulator)
        port = await parts.enter_async_context(serving(front, options.host, options.port))
        rest_port = None
        if options.rest_api_port is not None:
            types = tuple(options.binary_media_type)
            rest = RestApi(function, log.platform, stage=options.rest_api_stage, binary_types=types)
            rest_port = await parts.enter_async_context(
                serving(
                    rest,
                    options.host,
                    options.rest_api_port,
                    option="--rest-api-port",
                    protocol=HeaderCaseProtocol,
                )
            )
        if options.reload:
            await parts.enter_async_context(reloading(function, log.platform))
        base = f"http://[{options.host}]" if ":" in options.host else f"http://{options.host}"
        print(f"Function URL   {base}:{port}/")
        if cors is not None:
            print(f"               for pages of {' '.join(cors.allow_origins)}")
        print(f"Direct invoke  {base}:{port}/2015-03-31/functions/{settings.name}/invocations")
        print(f"               for AWS's SDKs: endpoint_url={base}:{port}")
        if rest_port is not None:
            print(f"REST API       {base}:{rest_port}/{options.rest_api_stage}/")
        print(f"Command        {' '.join(settings.command)}")
        print("Ctrl-C stops it.", flush=True)
        await stop.wait()
        # First the function, so that answers still open end before their server does.
        await function.stop()


def _stack(options: argparse.Namespace) -> Stack:
    """What the stack says, and the origins of the command line.

    Raises:
        StackError: they cannot be used.
    """
    if options.stack is None and not options.cors_origin:
        return Stack(None, {})
    return read_stack(_REPOSITORY, options.stack, options.cors_origin)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emulator",
        description="A local Lambda that really streams: Function URL, Lambda API, API Gateway, Runtime API.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    default = FunctionSettings()
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=port_number, default=9001, help="port to listen on, 0 for a free one (%(default)s)"
    )
    parser.add_argument(
        "--stack",
        metavar="NAME",
        help="take CORS, timeout, memory and concurrency from Pulumi.NAME.yaml; other options come before it",
    )
    parser.add_argument(
        "--cors-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="a page that may call the Function URL, such as http://localhost:5173, or *; may be repeated (none: "
        "there are no CORS settings, and OPTIONS is the function's)",
    )
    parser.add_argument(
        "--rest-api-port",
        type=port_number,
        metavar="PORT",
        help="port for a REST API of API Gateway in STREAM mode (none)",
    )
    parser.add_argument(
        "--rest-api-stage", type=_stage, default="prod", metavar="STAGE", help="its stage (%(default)s)"
    )
    parser.add_argument(
        "--binary-media-type",
        action="append",
        default=[],
        metavar="TYPE",
        help="content type whose bodies it gives the function in base64, such as image/*; may be repeated (none)",
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
        type=_memory,
        help=f"MB from 128 to 10240, told to the function, not enforced ({default.memory_mb})",
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


def _stage(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a stage; its name is made of letters, digits, - and _"
        )
    return text


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


def _memory(text: str) -> int:
    if not text.isdecimal() or not 128 <= int(text) <= 10240:  # noqa: PLR2004 - AWS developer guide, "Lambda quotas"
        raise argparse.ArgumentTypeError(f"{text} is not a memory size; Lambda has 128 to 10240 MB")
    return int(text)


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
