"""Docker as the tests want it: a command on PATH, so that none has to be installed or running."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.fakes.docker_command import State, write_docker
from tests.fakes.stack_configurations import CONFIGURATIONS, program_with

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.fakes.pulumi_program import Program


@pytest.fixture(scope="session", autouse=True)
def _docker_works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("docker")
    write_docker(folder, "overlay2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(folder), prepend=os.pathsep)
        patch.delenv("DOCKER_HOST", raising=False)
        yield


@pytest.fixture
def set_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[State | None], None]:
    """Puts Docker into another state for one test; None takes it off PATH."""

    def set_docker(state: State | None) -> None:
        if state is None:
            monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
            return
        write_docker(tmp_path / "bin", state)
        monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)

    return set_docker


@pytest.fixture(scope="module", params=CONFIGURATIONS)
def configuration(request: pytest.FixtureRequest) -> str:
    """The name of each configuration in turn."""
    return str(request.param)


@pytest.fixture(scope="module")
def program(configuration: str) -> Program:
    """The program as it ran with that configuration."""
    return program_with(configuration)
