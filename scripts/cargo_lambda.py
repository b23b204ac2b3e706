"""cargo-lambda's local Lambda: what other people think Lambda does, for the tests and the benchmark that compare.

Facts (cargo-lambda 1.9, crate cargo-lambda-watch, and seen on it):

- It asks `cargo metadata` for the binaries of the project in its folder; a function is known by a binary's name.
- Function NAME has its Runtime API at `HOST:PORT/.rt/NAME` and its Function URL at `/lambda-url/NAME/…`.
- With `--only-lambda-apis` it starts no function: whoever polls the Runtime API is one.
- It says that it starts before it listens.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scripts.free_ports import free_ports
from scripts.listening import wait_until_it_listens

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parent.parent
_NAME: Final = "function"
_MANIFEST: Final = f"""\
[package]
name = "{_NAME}"
version = "0.0.0"
edition = "2021"
"""


@dataclass(frozen=True)
class CargoLambda:
    """One that runs: the Function URL without a slash at its end, `AWS_LAMBDA_RUNTIME_API`, and the process."""

    url: str
    runtime_api: str
    pid: int


def missing() -> str | None:
    """Why it cannot run here before anything is fetched, or None."""
    if shutil.which("cargo") is None:
        return "cargo is not installed, which cargo-lambda asks about its project (Debian: apt-get install cargo)"
    return None


@contextlib.contextmanager
def cargo_lambda(folder: Path, *, concurrency: int = 1) -> Iterator[CargoLambda]:
    """Run it in an empty folder of its own, fetched first where it has to be.

    Raises:
        RuntimeError: it cannot be fetched, or does not start; its own words are in the message or on stderr.
    """
    fetched = subprocess.run(
        ["bash", str(ROOT / "scripts" / "fetch_cargo_lambda.sh")],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if fetched.returncode:
        raise RuntimeError("cargo-lambda could not be fetched; the reason is above.")
    (folder / "src").mkdir()
    (folder / "src" / "main.rs").write_text("fn main() {}\n")
    (folder / "Cargo.toml").write_text(_MANIFEST)
    [port] = free_ports(1)
    command = [fetched.stdout.strip(), "lambda", "watch", "--only-lambda-apis", "--disable-cors"]
    command += [
        "--invoke-address",
        "127.0.0.1",
        "--invoke-port",
        str(port),
        "--concurrency",
        str(concurrency),
    ]
    with (
        (folder / "log").open("w+") as log,
        subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as process,
    ):
        try:
            _wait(port, process, Path(log.name))
            host = f"127.0.0.1:{port}"
            yield CargoLambda(f"http://{host}/lambda-url/{_NAME}", f"{host}/.rt/{_NAME}", process.pid)
        finally:
            process.kill()


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    try:
        wait_until_it_listens(port, process)
    except RuntimeError as error:
        raise RuntimeError(f"cargo-lambda does not start. {error} It says:\n{log.read_text()}") from None
