"""Docker as the tests want it: a command on PATH, so that none has to be installed or running."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.fakes.docker_command import State, write_docker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def set_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[State | None], None]:
    """Puts Docker into a state; None takes it off PATH."""
    folder, path = tmp_path / "bin", os.environ["PATH"]

    def set_docker(state: State | None) -> None:
        if state is None:
            monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
            return
        write_docker(folder, state)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{path}")

    return set_docker


@pytest.fixture(autouse=True)
def _docker_works(set_docker: Callable[[State | None], None]) -> None:
    set_docker("overlay2")
