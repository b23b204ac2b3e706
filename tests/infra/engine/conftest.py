"""The real engine, and Docker as the tests want it."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.fakes import docker_command
from tests.fakes.pulumi_stack import Stack, engine, running_stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class NewStack(Protocol):
    """Makes a stack that lives as long as the test module."""

    def __call__(self, name: str = "dev", *, settings: str = "", concurrency: int = 1000) -> Stack: ...


@pytest.fixture(scope="session")
def command() -> Path:
    """The engine's command."""
    found = engine()
    if found is None:
        pytest.skip("there is no Pulumi engine: bash scripts/pulumi_engine.sh --build")
    return found


@pytest.fixture(scope="module")
def docker(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[docker_command.State | None], None]]:
    """Puts Docker into a state; None takes it off PATH. At first it works."""
    folder, path = tmp_path_factory.mktemp("docker"), os.environ["PATH"]
    with pytest.MonkeyPatch.context() as patch:

        def set_docker(state: docker_command.State | None) -> None:
            if state is None:
                patch.setenv("PATH", str(folder / "nothing"))
                return
            docker_command.write_docker(folder, state)
            patch.setenv("PATH", f"{folder}{os.pathsep}{path}")

        set_docker("overlay2")
        yield set_docker


@pytest.fixture(scope="module")
def new_stack(
    command: Path, tmp_path_factory: pytest.TempPathFactory, docker: Callable[..., None]
) -> Iterator[NewStack]:
    """Stacks of the module, each with clouds of its own."""
    with contextlib.ExitStack() as stacks:

        def new_stack(name: str = "dev", *, settings: str = "", concurrency: int = 1000) -> Stack:
            folder = tmp_path_factory.mktemp("stack")
            return stacks.enter_context(
                running_stack(folder, name=name, command=command, settings=settings, concurrency=concurrency)
            )

        yield new_stack
