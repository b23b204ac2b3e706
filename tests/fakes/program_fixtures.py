"""Fixtures of those who run the Pulumi program under mocks: every configuration in turn, and a Docker that works."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.fakes.docker_command import write_docker
from tests.fakes.stack_configurations import CONFIGURATIONS, program_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.pulumi_program import Program


@pytest.fixture(scope="module", autouse=True)
def docker_works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A command on PATH, so that no Docker has to be installed or running; gone with the module that asks for it."""
    folder = tmp_path_factory.mktemp("docker")
    write_docker(folder, "overlay2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(folder), prepend=os.pathsep)
        patch.delenv("DOCKER_HOST", raising=False)
        yield


@pytest.fixture(scope="module", params=CONFIGURATIONS)
def configuration(request: pytest.FixtureRequest) -> str:
    """The name of each configuration in turn."""
    return str(request.param)


@pytest.fixture(scope="module")
def program(configuration: str) -> Program:
    """The program as it ran with that configuration."""
    return program_with(configuration)
