"""The program's real resources, as the checks see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policy.seen import Seen
from tests.fakes import program_fixtures

if TYPE_CHECKING:
    from tests.fakes.pulumi_program import Program

docker_works = program_fixtures.docker_works
configuration = program_fixtures.configuration
program = program_fixtures.program


@pytest.fixture(scope="module")
def stack(program: Program) -> list[Seen]:
    """All of a stack's resources after an update, the stack itself among them."""
    return seen_stack(program)


def seen_stack(program: Program) -> list[Seen]:
    """All of a stack's resources after an update, with what the cloud has added, and the stack with its outputs."""
    root = Seen("pulumi:pulumi:Stack", "stack", "urn:stack", program.outputs)
    return [root, *(Seen(each.type, each.name, each.urn, each.outputs) for each in program.resources)]
