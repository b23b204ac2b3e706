"""A virtual environment for each subject: what it is deployed with and nothing else, locked and byte-compiled."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Final

from benchmarks.subjects import ROOT

if TYPE_CHECKING:
    from pathlib import Path

_UV: Final = ROOT / ".venv" / "bin" / "uv"
_CONSTRAINED: Final = ("-c", str(ROOT / "requirements" / "dev.txt"))
REQUIREMENTS: Final = {
    "function": ("--require-hashes", "-r", str(ROOT / "requirements" / "function.txt")),
    # FastAPI's own documentation installs uvicorn[standard]: uvloop and httptools.
    "fastapi": (*_CONSTRAINED, "fastapi", "openai", "uvicorn[standard]"),
    "starlette": (*_CONSTRAINED, "starlette", "httpx", "uvicorn[standard]"),
}


def python_version(python: str) -> str:
    """The version of an interpreter, named as on a command line.

    Raises:
        RuntimeError: there is none of that name, or it is too old.
    """
    program = "import platform, sys; print(platform.python_version()); sys.exit(sys.version_info < (3, 11))"
    try:
        asked = subprocess.run([python, "-c", program], stdout=subprocess.PIPE, text=True, check=False)
    except OSError as error:
        raise RuntimeError(f"BENCH_PYTHON: {error}. It names a Python 3.11 or newer.") from None
    if asked.returncode:
        raise RuntimeError(f"BENCH_PYTHON is {python!r}, which is no Python 3.11 or newer.")
    return asked.stdout.strip()


def make(python: str, version: str) -> Path:
    """Make the environments that are missing, bring the others up to date, and give the folder that holds them.

    Raises:
        RuntimeError: packages cannot be installed.
    """
    folder = ROOT / ".cache" / "bench" / f"python-{version}"
    for name, requirements in REQUIREMENTS.items():
        environment = folder / name
        commands: list[list[str | Path]] = [
            [_UV, "pip", "install", "-q", "--compile-bytecode", "--python", environment, *requirements]
        ]
        if not (environment / "bin" / "python").exists():
            commands.insert(0, [_UV, "venv", "-q", "--no-project", "--python", python, environment])
        for command in commands:
            if subprocess.run(command, check=False).returncode:
                raise RuntimeError(
                    f"The environment {environment} could not be made; uv's own words are above."
                )
    return folder
