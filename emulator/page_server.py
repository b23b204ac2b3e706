"""The chat page's dev server (Vite): a process that ends with ours, its packages installed at the first use.

Facts, with their sources:

- Vite 8 runs on Node 20.19, 22.12 and what is newer (`engines` in its package.json; odd lines below 22 not).
- `npm ci` writes `node_modules/.package-lock.json` last (npm's documentation, "package-lock.json": hidden lockfiles),
  so an install that was broken off has none.
- Vite says `Local:   http://…` once it listens (its `printServerUrls`), and ends by itself with `--strictPort` where
  the port is taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.process import ChildProcess, Watchdog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

FRONTEND = Path(__file__).resolve().parent.parent / "frontend"
_NODE = "Node 20.19, 22.12 or newer"
INSTALL_NODE = (
    f"Install {_NODE}, which brings npm (https://nodejs.org; Debian 13: apt-get install nodejs npm)."
)
"""Where both are from; the Makefile says the same. Debian 12's Node is 18, its npm is a package of its own."""
_OLDEST = {20: 19, 22: 12}
_NEWEST_LISTED = max(_OLDEST)
_VITE = "node_modules/vite/bin/vite.js"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class PageError(Exception):
    """The page cannot be served; the message says what to do."""


class PageServer:
    """A running dev server; `url` has its slash. `ended` is done when it is gone."""

    def __init__(self, process: ChildProcess, url: str) -> None:
        self.url = url
        self._process = process

    async def ended(self) -> PageError:
        """Wait until it ends by itself; returns what that means."""
        code = await asyncio.shield(self._process.exited)
        how = f"by signal {-code}" if code < 0 else f"with exit status {code}"
        return PageError(f"The page's dev server (Vite) ended {how}. Its last lines above say why.")


@contextlib.asynccontextmanager
async def page_server(
    endpoint: str, port: int, log: Callable[[str], None], folder: Path = FRONTEND
) -> AsyncIterator[PageServer]:
    """Serve the page on `port` (0: a free one) until the block ends, its `/api/chat` handed on to `endpoint`.

    `folder` holds the page, its packages and their lock.

    Raises:
        PageError: Node or npm is missing or too old, the packages cannot be installed, the port is taken, or the
            server ended before it served.
    """
    port = _free(port)
    watchdog = await Watchdog.start()
    try:
        node = await _node()
        await _install(folder, watchdog, log)
        listening = asyncio.Event()

        def read(line: str) -> None:
            plain = _COLOURS.sub("", line)
            if "Local:" in plain:
                listening.set()
            elif plain.strip():
                log(plain)

        options = ("--host", "127.0.0.1", "--port", str(port), "--strictPort", "--clearScreen", "false")
        variables = {"LAMBDA_ENDPOINT": endpoint}
        async with _running((node, _VITE, *options), variables, folder, watchdog, read) as process:
            page = PageServer(process, f"http://localhost:{port}/")
            served = asyncio.create_task(listening.wait())
            await asyncio.wait({served, process.exited}, return_when=asyncio.FIRST_COMPLETED)
            served.cancel()
            if not listening.is_set():
                raise await page.ended()
            yield page
    finally:
        await watchdog.stop()


@contextlib.asynccontextmanager
async def _running(
    command: Sequence[str],
    variables: Mapping[str, str],
    folder: Path,
    watchdog: Watchdog,
    log: Callable[[str], None],
) -> AsyncIterator[ChildProcess]:
    """A command in the page's folder, stopped with all that it started when the block ends."""
    colourless = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"}
    environment = {**colourless, "NO_COLOR": "1", **variables}
    process = await ChildProcess.start(command, environment, folder, watchdog, log)
    try:
        yield process
    finally:
        await process.stop(gracefully=True)


async def _node() -> str:
    """Where Node is.

    Raises:
        PageError: nowhere, or too old.
    """
    found = shutil.which("node")
    if found is None:
        raise PageError(f"The page needs {_NODE} and npm, and there is no node here. {INSTALL_NODE}")
    asked = await asyncio.create_subprocess_exec(found, "--version", stdout=asyncio.subprocess.PIPE)
    version = (await asked.communicate())[0].decode().strip()
    numbers = re.match(r"v(\d+)\.(\d+)", version)
    major, minor = (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
    if major <= _NEWEST_LISTED and minor < _OLDEST.get(major, minor + 1):
        raise PageError(
            f"The page needs {_NODE}; {found} is {version or 'of no known version'}. {INSTALL_NODE}"
        )
    return found


async def _install(folder: Path, watchdog: Watchdog, log: Callable[[str], None]) -> None:
    """Install the page's packages where there are none, or where the lock is newer than they are.

    Raises:
        PageError: there is no npm, or it failed.
    """
    lock, installed = folder / "package-lock.json", folder / "node_modules/.package-lock.json"
    if installed.is_file() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise PageError(f"The page needs npm, and there is none here. {INSTALL_NODE}")
    log("Installing the page's packages (npm ci); only the first start does this.")
    command = (npm, "ci", "--no-progress", "--no-audit", "--no-fund", "--loglevel=error")
    async with _running(command, {}, folder, watchdog, log) as process:
        code = await asyncio.shield(process.exited)
    if code != 0:
        raise PageError("The page's packages could not be installed: npm ci failed, its lines above say why.")
    installed.touch()


def _free(port: int) -> int:
    """The port, or a free one for 0.

    Raises:
        PageError: somebody listens there, on either loopback address: a browser would ask the one or the other.
    """
    if port == 0:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            bound: int = listener.getsockname()[1]
        return bound
    for host in ("127.0.0.1", "::1"):
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
            raise PageError(
                f"Port {port} is taken, and the page should stand there. Stop what uses it or choose another: "
                "PAGE_PORT=5174 make dev (0 takes a free one)."
            )
    return port
