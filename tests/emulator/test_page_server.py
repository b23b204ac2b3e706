"""The page's dev server: what must be there for it, and what is said where it is not.

npm and node are the real ones; only where one must be too old, missing or failing does a script stand for it.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
from pathlib import Path

import pytest

from emulator.page_server import FRONTEND, INSTALL_NODE, PageError, page_server
from tests.emulator.conftest import PATIENCE

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")

# What stands for Vite: says what Vite says once it listens, and where it was told to listen.
_SERVES = """
console.log("  \\x1b[32m➜\\x1b[39m  Local:   http://127.0.0.1/");
console.log(JSON.stringify([process.argv.slice(2), process.env.LAMBDA_ENDPOINT]));
setInterval(() => {}, 1000);
"""
_FAILS = 'console.log("no such plugin"); process.exit(3);'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A page whose only package lies beside it, so that the real `npm ci` needs no registry."""
    vite = tmp_path / "vite"
    (vite / "bin").mkdir(parents=True)
    (vite / "package.json").write_text('{"name": "vite", "version": "1.0.0"}')
    (vite / "bin/vite.js").write_text(_SERVES)
    (tmp_path / "package.json").write_text('{"name": "page", "dependencies": {"vite": "file:./vite"}}')
    lock = {
        "name": "page",
        "lockfileVersion": 3,
        "requires": True,
        "packages": {
            "": {"name": "page", "dependencies": {"vite": "file:./vite"}},
            "node_modules/vite": {"resolved": "vite", "link": True},
            "vite": {"version": "1.0.0"},
        },
    }
    (tmp_path / "package-lock.json").write_text(json.dumps(lock))
    return tmp_path


def path_with(folder: Path, **scripts: str) -> str:
    """A PATH of the ordinary commands, but node and npm alone as these scripts; "" leaves one out."""
    bin_ = folder / "bin"
    bin_.mkdir()
    for name in ("sh", "env", "cat"):
        found = shutil.which(name)
        assert found
        (bin_ / name).symlink_to(found)
    for name in ("node", "npm"):
        script = scripts.get(name)
        found = shutil.which(name)
        assert found
        if script is None:
            (bin_ / name).symlink_to(found)
        elif script:
            (bin_ / name).write_text(f"#!/bin/sh\n{script}\n")
            (bin_ / name).chmod(0o755)
    return str(bin_)


async def refused(folder: Path, port: int = 0) -> tuple[str, list[str]]:
    """Why the page cannot be served, and what was logged."""
    log: list[str] = []
    with pytest.raises(PageError) as raised:
        async with asyncio.timeout(PATIENCE), page_server("http://h/", port, log.append, folder):
            pass
    return str(raised.value), log


async def test_packages_are_installed_once_and_again_when_their_lock_is_newer(folder: Path) -> None:
    for newer_lock, installs in ((False, True), (False, False), (True, True)):
        log: list[str] = []
        if newer_lock:
            hidden = (folder / "node_modules/.package-lock.json").stat().st_mtime
            os.utime(folder / "package-lock.json", (hidden + 5, hidden + 5))
            os.utime(folder / "node_modules/.package-lock.json", (hidden, hidden))
        async with asyncio.timeout(PATIENCE), page_server("http://h:1/x", 0, log.append, folder) as page:
            assert page.url.startswith("http://localhost:")
        assert any("Installing the page's packages" in line for line in log) is installs
        assert (folder / "node_modules/vite/bin/vite.js").is_file()


async def test_the_server_is_told_its_port_and_the_endpoint(folder: Path) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()

    def log(line: str) -> None:
        if line.startswith("["):
            told.put_nowait(line)

    async with asyncio.timeout(PATIENCE), page_server("http://h:1/x", 0, log, folder) as page:
        arguments, endpoint = json.loads(await told.get())
    assert endpoint == "http://h:1/x"
    assert arguments[arguments.index("--port") + 1] == page.url.removesuffix("/").rpartition(":")[2]
    assert "--strictPort" in arguments


async def test_a_server_that_does_not_start_says_why(folder: Path) -> None:
    (folder / "vite/bin/vite.js").write_text(_FAILS)
    said, log = await refused(folder)
    assert said.startswith("The page's dev server (Vite) ended with exit status 3.")
    assert "no such plugin" in log


async def test_without_node(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", path_with(folder, node=""))
    said, _ = await refused(folder)
    assert said == (
        "The page needs Node 20.19, 22.12 or newer and npm, and there is no node here. Install Node 20.19, 22.12 or "
        "newer, which brings npm (https://nodejs.org; Debian 13: apt-get install nodejs npm)."
    )


@pytest.mark.parametrize("version", ["v18.20.4", "v20.18.3", "v21.7.3", "v22.11.0", "nonsense", ""])
async def test_a_node_that_vite_does_not_run_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setenv("PATH", path_with(folder, node=f"echo {version}"))
    said, _ = await refused(folder)
    assert "The page needs Node 20.19, 22.12 or newer; " in said
    assert (version or "of no known version") in said


@pytest.mark.parametrize("version", ["v20.19.0", "v22.12.1", "v23.0.0", "v24.1.0"])
async def test_a_node_that_vite_runs_on(folder: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setenv("PATH", path_with(folder, node=f"echo {version}", npm=""))
    said, _ = await refused(folder)
    assert said == f"The page needs npm, and there is none here. {INSTALL_NODE}"


def test_make_says_the_same_of_where_npm_is_from() -> None:
    assert f"npm is missing. {INSTALL_NODE}" in (FRONTEND.parent / "Makefile").read_text()


async def test_an_install_that_fails_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", path_with(folder, npm="echo the disk is full >&2; exit 1"))
    said, log = await refused(folder)
    assert said == "The page's packages could not be installed: npm ci failed, its lines above say why."
    assert "the disk is full" in log


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
async def test_a_port_taken_on_either_loopback_address(
    folder: Path, family: socket.AddressFamily, host: str
) -> None:
    """A browser that is told `localhost` may ask the one or the other."""
    try:
        taken = socket.create_server((host, 0), family=family)
    except OSError:
        pytest.skip(f"there is no {host} here")
    with taken:
        said, _ = await refused(folder, taken.getsockname()[1])
    assert "PAGE_PORT=5174 make dev" in said


def test_the_minimum_is_vite_s_own() -> None:
    """`engines` of the Vite that the lock names."""
    engines = Path(__file__).parents[2] / "frontend/package-lock.json"
    vite = json.loads(engines.read_text())["packages"]["node_modules/vite"]
    assert vite["engines"]["node"] == "^20.19.0 || >=22.12.0"
