"""The real Docker engine, the image built by the project's own script, and runs of those scripts."""

from __future__ import annotations

import os
import subprocess
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from scripts.free_ports import free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
DEFAULT_BASE = "public.ecr.aws/lambda/python:3.13"


class RunScript(Protocol):
    """Runs `scripts/NAME ARGUMENTS` with these variables set beside the test's own, and waits for its end."""

    def __call__(self, name: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]: ...


def _run_script_of(
    root: Path, name: str, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", str(root / "scripts" / name), *arguments],
        env=dict(os.environ) | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


@pytest.fixture(scope="session")
def run_script() -> RunScript:
    return partial(_run_script_of, ROOT)


@pytest.fixture(scope="session")
def docker() -> str:
    """The docker command that the scripts choose; skips, in their words, where there is none that can build."""
    search = (
        'source scripts/messages.sh; source scripts/docker_client.sh; require_docker_build; echo "$docker"'
    )
    found = subprocess.run(
        ["/bin/bash", "-euc", search], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if found.returncode:
        pytest.skip(found.stderr.strip())
    return found.stdout.strip()


@pytest.fixture(scope="session")
def base_image(docker: str) -> str:
    """The base to build on: BASE_IMAGE, or AWS's where it has been pulled. No test pulls."""
    name = os.environ.get("BASE_IMAGE") or DEFAULT_BASE
    if subprocess.run([docker, "image", "inspect", name], capture_output=True, check=False).returncode:
        pytest.skip(
            f"The base image {name} is not here. Pull it, or name another that has python3: BASE_IMAGE=…"
        )
    return name


@pytest.fixture(scope="session")
def build(docker: str, base_image: str) -> Iterator[Callable[..., str]]:
    """Builds the image under a name, with further variables of the script, and returns the name.

    The images go after the session, their steps stay in the builder's cache.
    """
    built = []

    def build_image(name: str, root: Path = ROOT, **variables: str) -> str:
        variables = {"BASE_IMAGE": base_image} | variables
        done = _run_script_of(root, "streaming_container.sh", "build", IMAGE=name, **variables)
        assert done.returncode == 0, done.stderr
        built.append(name)
        return name

    yield build_image
    for name in set(built):
        subprocess.run([docker, "rmi", "-f", name], capture_output=True, check=False)


@pytest.fixture(scope="session")
def image(build: Callable[..., str]) -> str:
    return build("lambda-token-streaming:test")


@pytest.fixture
def free_port() -> int:
    return free_ports(1)[0]


@pytest.fixture
def container(image: str, docker: str, free_port: int) -> Iterator[dict[str, str]]:
    """The variables of a container of its own, which is gone after the test."""
    yield {"IMAGE": image, "PORT": str(free_port), "BASE_IMAGE": ""}
    subprocess.run(
        [docker, "rm", "-f", f"lambda-token-streaming-{free_port}"], capture_output=True, check=False
    )
