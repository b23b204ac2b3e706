"""The policy pack under the real engine, on what the program registers there."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from pulumi import automation

from tests.fakes.pulumi_stack import KEY, ROOT, Stack

if TYPE_CHECKING:
    from pathlib import Path

    from tests.infra.engine.conftest import NewStack


@pytest.fixture(scope="module")
def stack(new_stack: NewStack, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """A stack whose engine can start the pack.

    Pulumi's installer brings a language plugin that does it; without that the engine runs a command of this name in
    the pack's folder, with its own address and `.`.
    """
    commands = tmp_path_factory.mktemp("commands")
    plugin = commands / "pulumi-analyzer-policy-python"
    plugin.write_text(f'#!/bin/sh\nexec "{sys.executable}" -u "$2"\n')
    plugin.chmod(0o755)
    stack = new_stack("dev")
    stack.set(openaiApiKey=KEY)
    path = f"{commands}{os.pathsep}{os.environ['PATH']}"
    stack.handle.workspace.env_vars = {**stack.handle.workspace.env_vars, "PATH": path}
    return stack


def _policies(text: str) -> str:
    """What the command prints of policies: from their heading to the next."""
    return text.partition("Policies:")[2].partition("\nOutputs:")[0].partition("\nDiagnostics:")[0]


def _up(stack: Stack) -> str:
    return _policies(stack.handle.up(policy_packs=[str(ROOT / "policy")], suppress_progress=True).stdout)


def _preview(stack: Stack) -> str:
    return _policies(stack.handle.preview(policy_packs=[str(ROOT / "policy")], suppress_progress=True).stdout)


def test_a_first_preview_and_an_update_break_no_rule(stack: Stack) -> None:
    """In the preview most values are not known yet, and no rule takes that for a fault."""
    for said in (_preview(stack), _up(stack)):
        assert "✅ lambda-token-streaming" in said
        assert "[advisory]" not in said
        assert "[mandatory]" not in said
        assert "can't run policy" not in said


def test_what_a_stack_may_decide_is_told_and_done(stack: Stack) -> None:
    stack.set(corsAllowOrigins=["*"], reservedConcurrency=-1)
    said = _up(stack)
    assert "[advisory]  cors-origins  (aws:lambda:FunctionUrl: lambda-token-streaming-dev-streaming)" in said
    assert (
        "[advisory]  public-concurrency  (aws:lambda:Function: lambda-token-streaming-dev-streaming)" in said
    )
    assert "[mandatory]" not in said
    stack.set(corsAllowOrigins=None, reservedConcurrency=None)


def test_a_secret_among_the_outputs_stops_it(stack: Stack) -> None:
    """Also one that is marked secret: whoever may read the stack's outputs may ask for it in plain text."""
    main: Path = stack.project / "__main__.py"
    before = main.read_text()
    main.write_text(f'{before}\npulumi.export("openaiApiKey", pulumi.Output.secret("a key"))\n')
    try:
        with pytest.raises(automation.CommandError) as caught:
            _preview(stack)
    finally:
        main.write_text(before)
    said = str(caught.value)
    assert "[mandatory]  plain-outputs" in said
    assert "The output openaiApiKey is, or looks like, a secret: export its ARN" in said
    assert "a key" not in said.replace("[secret]", "")
