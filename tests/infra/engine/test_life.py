"""One stack's life on the real engine, in order: preview, up, up again, one change after another, destroy.

Each test goes on where the one before it stopped.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.pulumi_stack import KEY, Stack, copy_project

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.infra.engine.conftest import NewStack

NAME = "lambda-token-streaming-dev"
IMAGE = "docker:index/image:Image"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
FUNCTION = "aws:lambda/function:Function"


@pytest.fixture(scope="module")
def stack(new_stack: NewStack) -> Stack:
    """The stack that Pulumi.dev.yaml is for, with the one thing that it lacks."""
    stack = new_stack("dev")
    stack.set(openaiApiKey=KEY)
    return stack


def resources(stack: Stack) -> list[dict[str, Any]]:
    """What the state has of the program's own resources, secrets in plain text."""
    deployment = stack.handle.export_stack().deployment
    assert deployment is not None
    return [each for each in deployment.get("resources", ()) if not each["type"].startswith("pulumi:")]


def images(stack: Stack) -> list[str]:
    """The digests in the stack's repository, oldest first."""
    (repository,) = stack.aws.registry.repositories.values()
    return list(repository.images)


def test_a_preview_makes_nothing_and_needs_no_docker(stack: Stack, docker: Callable[..., None]) -> None:
    docker(None)
    summary = stack.preview().change_summary
    docker("overlay2")
    assert set(summary) == {"create"}
    assert stack.aws.changes() == []
    assert stack.docker.calls + stack.docker_build.calls == []
    assert "warning: Docker is not installed, and the image has to be built" in "\n".join(stack.output)


def test_up_makes_what_the_preview_says(stack: Stack) -> None:
    expected = stack.preview().change_summary
    with stack.changes() as done:
        result = stack.up()
    assert result.summary.resource_changes == expected
    assert {method for method, _, _ in done} == {"Create"}
    components = {each["type"] for each in resources(stack) if not each["custom"]}
    assert {each.partition(":")[0] for each in components} == {"lambda-token-streaming"}
    assert len(done) == len(resources(stack)) - sum(not each["custom"] for each in resources(stack))


def test_outputs(stack: Stack) -> None:
    outputs = stack.handle.outputs()
    address = next(
        each["functionUrl"]
        for (type_, _), each in stack.aws.resources.items()
        if type_.endswith(":FunctionUrl")
    )
    assert outputs["endpoint"].value == address
    assert outputs["frontendEnvironment"].value == f"LAMBDA_ENDPOINT={address}"
    (digest,) = images(stack)
    assert outputs["imageDigest"].value.endswith(f"@{digest}")
    assert outputs["logGroup"].value in stack.aws.watching.log_groups
    # An output that is secret could not be copied from the terminal; none holds anything secret.
    assert [name for name, output in outputs.items() if output.secret] == []


def test_the_key_is_in_secrets_manager_and_nowhere_else(stack: Stack) -> None:
    (versions,) = stack.aws.secrets.versions.values()
    assert [json.loads(each) for each in versions] == [{"OPENAI_API_KEY": KEY}]
    written = stack.left_on_disk()
    assert "secretsmanager/secretVersion" in written
    for form in (KEY, base64.b64encode(KEY.encode()).decode()):
        assert form not in written
        assert form not in "\n".join(stack.output)
    (function,) = stack.aws.functions.stored.values()
    assert KEY not in json.dumps(function.configuration)
    (secret,) = stack.aws.secrets.versions
    assert function.configuration["Environment"]["Variables"]["CHAT_SECRET_ARN"] == secret


def test_no_registry_token_is_readable_in_the_state(stack: Stack) -> None:
    (made,) = [call for call in stack.docker.calls if call.method == "Create" and not call.preview]
    token = made.inputs["registry"]["password"]
    assert token not in stack.left_on_disk()
    assert token not in "\n".join(stack.output)


@pytest.mark.parametrize(
    "needed",
    [
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:secretsmanager/secretVersion:SecretVersion",
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        IMAGE,
    ],
)
def test_the_function_waits_for_all_that_its_first_start_needs(stack: Stack, needed: str) -> None:
    """By what the engine has recorded as dependencies: that it came first once may have been luck."""
    by_urn = {each["urn"]: each for each in resources(stack)}
    (function,) = [each for each in by_urn.values() if each["type"] == FUNCTION]
    found, waiting = set(), [function["urn"]]
    while waiting:
        if (urn := waiting.pop()) not in found and urn in by_urn:
            found.add(urn)
            waiting += by_urn[urn].get("dependencies", [])
    assert {urn for urn, each in by_urn.items() if each["type"] == needed} <= found


def test_up_again_changes_nothing_though_the_registry_token_is_another(stack: Stack) -> None:
    stack.aws.registry.let_tokens_expire()
    assert set(stack.preview().change_summary) == {"same"}
    with stack.changes() as done:
        summary = stack.up().summary
    assert set(summary.resource_changes or {}) == {"same"}
    assert done == []


def test_a_refresh_finds_nothing_changed(stack: Stack) -> None:
    assert set(stack.handle.refresh().summary.resource_changes or {}) <= {"same"}


def test_another_checkout_changes_nothing(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A colleague's folder has another path, other modes (umask) and other times."""
    other = copy_project(tmp_path_factory.mktemp("colleague") / "elsewhere", stack.project)
    for path in other.rglob("*"):
        if path.is_file():
            path.chmod(path.stat().st_mode ^ 0o020)
    with stack.moved_to(other):
        assert set(stack.preview().change_summary) == {"same"}


@pytest.mark.parametrize(
    ("config", "changed"),
    [
        # The dashboard estimates the bill, in which memory is a factor.
        ({"memorySize": 1024}, [("Update", DASHBOARD, NAME), ("Update", FUNCTION, f"{NAME}-streaming")]),
        (
            {"corsAllowOrigins": ["https://chat.example.com"]},
            [("Update", "aws:lambda/functionUrl:FunctionUrl", f"{NAME}-streaming")],
        ),
        (
            {"openaiApiKey": f"{KEY}-rotated"},
            [
                ("Create", "aws:secretsmanager/secretVersion:SecretVersion", NAME),
                ("Delete", "aws:secretsmanager/secretVersion:SecretVersion", NAME),
            ],
        ),
        (
            {"logRetentionDays": 30},
            [("Update", "aws:cloudwatch/logGroup:LogGroup", f"{NAME}-streaming")],
        ),
    ],
)
def test_a_change_of_configuration_changes_what_it_must(
    stack: Stack, config: dict[str, Any], changed: list[tuple[str, str, str]]
) -> None:
    """And the preview promises no more."""
    stack.set(**config)
    promised = stack.preview().change_summary
    with stack.changes() as done:
        summary = stack.up().summary.resource_changes or {}
    assert done == changed
    assert promised == summary
    assert sum(count for name, count in summary.items() if name != "same") == len(
        {each[1:] for each in changed}
    )


def test_changed_content_is_a_new_image_pushed_with_a_new_token(stack: Stack) -> None:
    stack.aws.registry.let_tokens_expire()
    (before,) = images(stack)
    source = stack.project / "lambda" / "chat" / "app.py"
    text = source.read_text()
    source.write_text(f"{text}\n# changed\n")
    with stack.changes() as done:
        stack.up()
    source.write_text(text)
    (new,) = [name for _, type_, name in done if type_ == IMAGE]
    assert done == sorted([("Create", IMAGE, new), ("Update", FUNCTION, f"{NAME}-streaming")])
    assert before in images(stack)  # for going back
    assert len(images(stack)) == 2


def test_content_that_comes_back_is_no_clash_in_the_repository(stack: Stack) -> None:
    with stack.changes() as done:
        stack.up()
    assert [(method, type_) for method, type_, _ in done] == [("Create", IMAGE), ("Update", FUNCTION)]
    (repository,) = stack.aws.registry.repositories.values()
    assert len(repository.tags) == 3
    assert len(set(repository.tags.values())) == 2


def test_going_back_to_an_image_before_builds_and_deletes_nothing(stack: Stack) -> None:
    """An image by its digest, as docs/deploying.md says; then on with what is built here."""
    uri = stack.handle.outputs()["imageDigest"].value
    assert isinstance(uri, str)
    repository, _, now = uri.partition("@")
    (before,) = [digest for digest in images(stack) if digest != now]
    stack.set(imageBuilder="prebuilt", imageUri=f"{repository}@{before}")
    with stack.changes() as done:
        stack.up()
    assert done == [("Update", FUNCTION, f"{NAME}-streaming")]
    stack.set(imageBuilder=None, imageUri=None)
    with stack.changes() as done:
        stack.up()
    assert [(method, type_) for method, type_, _ in done] == [("Create", IMAGE), ("Update", FUNCTION)]


def test_what_does_not_go_into_the_image_makes_no_other(stack: Stack) -> None:
    (stack.project / "lambda" / "chat" / "NOTES.md").write_text("not in the image")
    cache = stack.project / "lambda" / "chat" / "__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "app.cpython-313.pyc").write_bytes(b"nor this")
    assert set(stack.preview().change_summary) == {"same"}


def test_alarms_come_and_one_threshold_changes_one_alarm(stack: Stack) -> None:
    stack.set(alarms=True)
    with stack.changes() as done:
        stack.up()
    # The dashboard shows their state.
    assert {(method, type_) for method, type_, _ in done} == {("Create", ALARM), ("Update", DASHBOARD)}
    stack.set(alarmFirstTokenMs=4500)
    with stack.changes() as done:
        stack.up()
    # The dashboard draws the threshold.
    assert [(method, type_) for method, type_, _ in done] == [("Update", DASHBOARD), ("Update", ALARM)]
    assert re.search("first-token|firstToken", done[1][2])


def test_an_alias_comes_changes_and_goes(stack: Stack) -> None:
    """The URL is public, so the provider grants as well, each time that it makes a URL for another qualifier."""
    for alias in ("live", "next", None):
        stack.set(alias=alias)
        stack.up()
        assert set(stack.preview().change_summary) == {"same"}
        (function,) = stack.aws.functions.stored.values()
        assert list(function.urls) == [alias or ""]
        callable_by = {
            (grant["Action"], grant["Principal"]) for grant in function.grants[alias or ""].values()
        }
        assert callable_by == {("lambda:InvokeFunctionUrl", "*"), ("lambda:InvokeFunction", "*")}


def test_destroy_leaves_nothing(stack: Stack) -> None:
    stack.destroy()
    # Images are retained one by one; the repository takes them with it.
    assert [type_ for type_, _ in stack.aws.resources] == []
    assert resources(stack) == []
    assert stack.aws.registry.repositories == {}
    assert stack.aws.functions.stored == {}
    assert stack.aws.roles.trust == {}
