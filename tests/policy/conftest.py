"""The program's real resources, as the checks see them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from policy.seen import Seen
from tests.fakes.docker_command import write_docker
from tests.fakes.stack_configurations import CONFIGURATIONS, program_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.pulumi_program import Program


@pytest.fixture(scope="session", autouse=True)
def _docker_works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
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


@pytest.fixture(scope="module")
def stack(program: Program) -> list[Seen]:
    """All of a stack's resources after an update, the stack itself among them."""
    return seen_stack(program)


def seen_stack(program: Program) -> list[Seen]:
    """All of a stack's resources after an update, with what the cloud has added, and the stack with its outputs."""
    root = Seen("pulumi:pulumi:Stack", "stack", "urn:stack", program.outputs)
    return [root, *(Seen(each.type, each.name, each.urn, each.outputs) for each in program.resources)]
