"""The program under mocks, with Docker as the tests want it: a command on PATH, so that none has to be there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.fakes import program_fixtures
from tests.fakes.docker_command import State, write_docker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

docker_works = program_fixtures.docker_works
configuration = program_fixtures.configuration
program = program_fixtures.program


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
