"""What is wrong stops the real command with a sentence, before anything is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pulumi import automation

from tests.fakes.pulumi_stack import KEY, PROJECT, Stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.docker_command import State
    from tests.infra.engine.conftest import NewStack


@pytest.fixture(scope="module")
def stack(new_stack: NewStack) -> Stack:
    stack = new_stack("dev")
    stack.set(openaiApiKey=KEY)
    return stack


def refused(stack: Stack, operation: Callable[[], object]) -> str:
    """What the command prints when it refuses; by then it has made nothing and shown no traceback."""
    with stack.changes() as done, pytest.raises(automation.CommandError) as caught:
        operation()
    text = str(caught.value)
    assert done == []
    assert "Traceback" not in text
    assert KEY not in text
    return text


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        # The engine holds types against Pulumi.yaml's schema, with its own sentence.
        ("memorySize", "plenty", "configuration key 'memorySize' must be of type 'integer'"),
        (
            "corsAllowOrigins",
            "https://a.example",
            "configuration key 'corsAllowOrigins' must be of type 'array<string>'",
        ),
        ("xray", "perhaps", "configuration key 'xray' must be of type 'boolean'"),
        # The rest is ours.
        ("memorySize", 64, "memorySize is 64; it must be a whole number from 128 to 10240."),
        ("corsAllowMethods", ["OPTIONS"], 'corsAllowMethods[0] is "OPTIONS"; it must be one of GET'),
        ("memoSize", 512, "memoSize is not a configuration key. Is it memorySize?"),
        ("openaiApiKey", KEY, "openaiApiKey is stored in plain text"),
        ("openaiApiKey", None, "set it with `pulumi config set --secret openaiApiKey`"),
    ],
)
def test_a_wrong_configuration_is_refused_with_a_sentence(
    stack: Stack, key: str, value: Any, sentence: str
) -> None:
    path = stack.project / "Pulumi.dev.yaml"
    before = path.read_text()
    stack.write({f"{PROJECT}:{key}": value})
    try:
        assert sentence in refused(stack, stack.preview)
    finally:
        path.write_text(before)


def test_one_key_in_plain_text_beside_a_secret_one_is_refused(stack: Stack) -> None:
    """As `pulumi config set --path` without `--secret` writes it: the engine then calls the whole object a secret."""
    path = stack.project / "Pulumi.dev.yaml"
    before = path.read_text()
    stack.set(providerKeys={"A_API_KEY": KEY})
    plain = automation.ConfigValue(KEY)
    stack.handle.set_config(f"{PROJECT}:providerKeys.B_API_KEY", plain, path=True)
    try:
        said = refused(stack, stack.preview)
        assert "providerKeys.B_API_KEY is stored in plain text" in said
        assert "providerKeys.A_API_KEY" not in said
    finally:
        path.write_text(before)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (None, "Docker is not installed, and the image has to be built: install Docker"),
        ("stopped", "Docker's daemon does not answer"),
        ("containerd", "`pulumi config set imageBuilder pulumi-docker-build`"),
    ],
)
def test_a_docker_that_cannot_build_stops_up_before_anything_is_made(
    stack: Stack, docker: Callable[..., None], state: State | None, sentence: str
) -> None:
    docker(state)
    try:
        assert sentence in refused(stack, stack.up)
    finally:
        docker("overlay2")


def test_what_the_cloud_refuses_is_told_by_its_words(stack: Stack) -> None:
    """And a later `up` goes on; what was made until then is kept."""
    stack.aws.registry.refuse_pushes = True
    with pytest.raises(automation.CommandError, match="authorization token has expired"):
        stack.up()
    stack.aws.registry.refuse_pushes = False
    with stack.changes() as done:
        stack.up()
    assert "docker:index/image:Image" in {type_ for _, type_, _ in done}
    assert stack.preview().change_summary.keys() == {"same"}
