"""Other stacks than the one that Pulumi.dev.yaml is for, each made, looked at and made again on the real engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pulumi import automation

from tests.fakes.pulumi_stack import KEY, Stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.infra.engine.conftest import NewStack

BACKEND = "arn:aws:iam::123456789012:role/chat-backend"
PARTNER = "210987654321"
KMS = "arn:aws:kms:eu-west-1:123456789012:key/12345678-1234-1234-1234-123456789012"


@pytest.fixture(scope="module")
def full(new_stack: NewStack, docker: Callable[..., None]) -> Stack:
    """Everything that can be switched on, built where pulumi-docker could not."""
    docker("containerd")
    stack = new_stack("full")
    stack.write({"aws:region": "eu-west-1"})
    stack.set(
        imageBuilder="pulumi-docker-build",
        architecture="x86_64",
        model="anthropic/claude-sonnet-4-5",
        providerKeys={"ANTHROPIC_API_KEY": KEY},
        bufferedFunction=True,
        alias="live",
        provisionedConcurrency=2,
        authorization="AWS_IAM",
        invokers=[BACKEND, PARTNER],
        corsAllowOrigins=["https://chat.example.com"],
        xray=True,
        kmsKeyArn=KMS,
        permissionsBoundary="arn:aws:iam::123456789012:policy/workloads",
        alarmActions=["arn:aws:sns:eu-west-1:123456789012:on-call"],
    )
    stack.up()
    docker("overlay2")
    return stack


def made(stack: Stack, type_: str) -> dict[str, dict[str, Any]]:
    """What there is of a type in the cloud, by id."""
    return {id_: each for (found, id_), each in stack.aws.resources.items() if found == type_}


def test_the_image_is_of_one_platform_and_has_litellm(full: Stack) -> None:
    (call,) = [call for call in full.docker_build.calls if call.method == "Create" and not call.preview]
    assert call.inputs["platforms"] == ["linux/amd64"]
    assert call.inputs["buildArgs"]["LITELLM"] == "1"
    assert {each.configuration["Architectures"][0] for each in full.aws.functions.stored.values()} == {
        "x86_64"
    }


def test_both_functions_run_the_same_image(full: Stack) -> None:
    functions = full.aws.functions.stored
    assert {each.configuration["ImageConfig"]["Command"][0] for each in functions.values()} == {
        "chat.app.streaming_handler",
        "chat.app.handler",
    }
    assert len({each.configuration["Code"]["ImageUri"] for each in functions.values()}) == 1
    modes = {url["InvokeMode"] for each in functions.values() for url in each.urls.values()}
    assert modes == {"RESPONSE_STREAM", "BUFFERED"}


def test_the_buffered_function_has_all_that_the_streaming_one_has(full: Stack) -> None:
    """README says so below its table of resources."""
    made = [(call.type, call.name) for call in full.calls() if call.method == "Create" and not call.preview]
    streaming = [each for each in made if "-streaming-full-streaming" in each[1]]
    assert streaming
    assert sorted(
        (type_, name.replace("-full-streaming", "-full-buffered")) for type_, name in streaming
    ) == sorted(each for each in made if "-full-buffered" in each[1])


def test_urls_and_grants_are_on_the_alias_and_for_the_invokers_alone(full: Stack) -> None:
    for function in full.aws.functions.stored.values():
        assert function.aliases == {"live": "1"}
        assert list(function.urls) == list(function.grants) == ["live"]
        grants = {(each["Principal"], each["Action"]) for each in function.grants["live"].values()}
        actions = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
        assert grants == {(principal, action) for principal in (BACKEND, PARTNER) for action in actions}
        # The second is good for the URL alone.
        assert all(
            each.get("InvokedViaFunctionUrl") or each.get("FunctionUrlAuthType") == "AWS_IAM"
            for each in function.grants["live"].values()
        )


def test_all_that_can_be_is_under_the_key_of_the_account(full: Stack) -> None:
    assert {each["kmsKeyId"] for each in made(full, "aws:cloudwatch/logGroup:LogGroup").values()} == {KMS}
    assert {each["kmsKeyId"] for each in made(full, "aws:secretsmanager/secret:Secret").values()} == {KMS}
    (repository,) = made(full, "aws:ecr/repository:Repository").values()
    assert repository["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": KMS}]


def test_the_key_of_another_provider_is_no_better_known(full: Stack) -> None:
    (versions,) = full.aws.secrets.versions.values()
    assert [json.loads(each) for each in versions] == [{"ANTHROPIC_API_KEY": KEY}]
    assert KEY not in full.left_on_disk()
    assert KEY not in "\n".join(full.output)


def test_up_again_changes_nothing(full: Stack) -> None:
    full.aws.registry.let_tokens_expire()
    with full.changes() as done:
        full.up()
    assert done == []


def test_a_change_publishes_a_version_of_each_function_and_moves_its_alias(full: Stack) -> None:
    full.set(memorySize=2048)
    with full.changes() as done:
        full.up()
    # The dashboard's estimate of the bill and what the alarm on crashes advises name the memory.
    changed = [(method, type_.rpartition(":")[2]) for method, type_, _ in done]
    assert changed == [
        ("Update", "Dashboard"),
        *[("Update", "MetricAlarm")] * 2,
        *[("Update", "Alias")] * 2,
        *[("Update", "Function")] * 2,
    ]
    assert [each.aliases for each in full.aws.functions.stored.values()] == [{"live": "2"}] * 2


def test_an_invoker_who_goes_takes_nobody_else_along(full: Stack) -> None:
    full.set(invokers=[PARTNER])
    with full.changes() as done:
        full.up()
    assert [(method, type_) for method, type_, _ in done] == [
        ("Delete", "aws:lambda/permission:Permission")
    ] * 4
    for function in full.aws.functions.stored.values():
        assert {each["Principal"] for each in function.grants["live"].values()} == {PARTNER}


def test_it_can_all_be_destroyed(full: Stack) -> None:
    full.destroy()
    assert full.aws.resources == {}


def test_the_production_example_deploys_as_it_is_without_docker(
    new_stack: NewStack, docker: Callable[..., None]
) -> None:
    docker(None)
    stack = new_stack("prod", settings="Pulumi.prod.example.yaml")
    image = yaml_value(stack, "imageUri")
    stack.aws.registry.add_image("chat", image.partition("@")[2])
    stack.up()
    with stack.changes() as done:
        stack.up()
    docker("overlay2")
    assert done == []
    assert stack.docker.calls + stack.docker_build.calls == []
    (function,) = stack.aws.functions.stored.values()
    assert function.configuration["Code"]["ImageUri"] == image
    secret = yaml_value(stack, "secretArn")
    assert function.configuration["Environment"]["Variables"]["CHAT_SECRET_ARN"] == secret
    assert stack.aws.secrets.versions == {}
    assert stack.aws.watching.alarms


def yaml_value(stack: Stack, key: str) -> str:
    """What the stack's file says of a key."""
    value = stack.handle.get_config(f"lambda-token-streaming:{key}").value
    assert isinstance(value, str)
    return value


def test_an_account_with_a_small_limit_says_so_and_goes_on_from_there(new_stack: NewStack) -> None:
    """New accounts have ten executions in all, of which AWS lets none be reserved (docs/deploying.md)."""
    stack = new_stack("dev", concurrency=10)
    stack.set(openaiApiKey=KEY)
    with pytest.raises(automation.CommandError, match="below its minimum value"):
        stack.up()
    assert stack.aws.functions.stored == {}
    stack.set(reservedConcurrency=-1)
    with stack.changes() as done:
        stack.up()
    assert {method for method, _, _ in done} == {"Create"}
    assert not {type_ for _, type_, _ in done} & {"docker:index/image:Image", "aws:iam/role:Role"}
    assert len(stack.aws.functions.stored) == 1
