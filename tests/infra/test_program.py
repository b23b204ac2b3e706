"""The whole program: what holds in every configuration, and what it exports."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.fakes.pulumi_program import KEY, PROJECT, UNKNOWN, Program, run_program
from tests.fakes.stack_configurations import CONFIGURATIONS, IMAGE, program_with

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
_FUNCTION = "aws:lambda/function:Function"
_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a value, with its dotted path."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _texts(each, f"{path}.{place}")
    else:
        yield path, str(value)


def test_keys_are_in_the_secret_alone(program: Program) -> None:
    """And there Pulumi's own state has them encrypted."""
    for each in program.resources:
        for path, text in _texts(each.inputs):
            if re.search("sk-(proj|ant)-never-shown", text):
                assert (each.type, path) == (_VERSION, "secretString")
                assert path in each.secrets
    assert not [text for _, text in _texts(program.outputs) if "never-shown" in text]


def test_every_resource_is_a_part_of_a_component(program: Program) -> None:
    """So that `pulumi up` shows the stack as the table of contents that __main__.py is."""
    components = {each.urn: each for each in program.resources if not each.custom}
    for each in program.resources:
        if each.custom:
            assert each.parent in components, each.urn
        else:
            assert each.type.startswith(f"{PROJECT}:infra:")


def test_every_function_logs_to_a_group_that_is_there_before(program: Program) -> None:
    """Its role may make no group: without one its lines would be lost, and in another they would be kept for ever."""
    groups = {each.outputs["name"]: each for each in program.all(_LOG_GROUP)}
    for each in program.all(_FUNCTION):
        group = groups[each.inputs["loggingConfig"]["logGroup"]]
        assert group.inputs["retentionInDays"] > 0
        assert group.urn in each.property_dependencies["loggingConfig"]


def test_every_function_waits_for_its_policies(program: Program) -> None:
    """Its first start reads the secret and writes the log."""
    for each in program.all(_FUNCTION):
        role = each.inputs["role"].rpartition("/")[2]
        policies = {
            policy.urn
            for policy in program.all("aws:iam/rolePolicy:RolePolicy")
            if policy.inputs["role"] == role
        }
        assert policies
        assert policies <= each.depends_on


def test_every_image_is_named_by_its_digest(program: Program) -> None:
    for each in program.all(_FUNCTION):
        assert re.fullmatch(r"[^:@]+@sha256:[0-9a-f]{64}", each.inputs["imageUri"])
        assert each.inputs["imageUri"] == program.outputs["imageDigest"]


def test_nothing_is_kept_from_being_destroyed(program: Program) -> None:
    """`pulumi destroy` ends the bill. Images alone are left to the repository, which goes with them."""
    assert not [each.urn for each in program.resources if each.protect]
    images = {each.urn for each in program.resources if each.type.startswith("docker")}
    assert {each.urn for each in program.resources if each.retain_on_delete} == images


def test_no_output_but_a_secret_one_would_be_hidden(program: Program) -> None:
    """None of them is a secret: they are what a person copies from the terminal."""
    assert program.secret_outputs == frozenset()
    assert all(isinstance(value, str) and value for value in program.outputs.values())


def test_a_preview_knows_no_digest_and_no_url_yet(configuration: str, program: Program) -> None:
    """What is made by the cloud is unknown; the program must not look into it, and shows all the same resources."""
    preview = run_program(CONFIGURATIONS[configuration], preview=True)
    assert {each.urn for each in preview.resources} == {each.urn for each in program.resources}
    function = preview.all(_FUNCTION)[0].inputs
    prebuilt = CONFIGURATIONS[configuration].get("imageBuilder") == "prebuilt"
    assert (function["imageUri"] == UNKNOWN) != prebuilt
    assert preview.outputs.get("endpoint", UNKNOWN) == UNKNOWN


def test_the_outputs_of_a_bare_stack() -> None:
    outputs = program_with("bare").outputs
    assert re.fullmatch(r"https://[0-9a-f]{32}\.lambda-url\.us-east-1\.on\.aws/", outputs["endpoint"])
    assert outputs["frontendEnvironment"] == f"LAMBDA_ENDPOINT={outputs['endpoint']}"
    assert outputs["logGroup"] == "/aws/lambda/lambda-token-streaming-dev-streaming"
    assert outputs["functionName"] == program_with("bare").one(_FUNCTION).outputs["name"]
    assert set(outputs) == {
        *("endpoint", "frontendEnvironment", "imageDigest", "repository", "functionName", "logGroup"),
        "dashboard",
    }


def test_the_buffered_function_has_outputs_of_its_own() -> None:
    outputs = program_with("buffered").outputs
    assert set(outputs) >= {"endpoint", "bufferedEndpoint", "bufferedFunctionName", "bufferedLogGroup"}
    assert outputs["bufferedFunctionName"] != outputs["functionName"]
    assert outputs["bufferedEndpoint"] != outputs["endpoint"]


def test_without_metrics_there_is_no_dashboard() -> None:
    program = program_with("unwatched")
    assert "dashboard" not in program.outputs
    assert not [
        each
        for each in program.resources
        if each.type.startswith("aws:cloudwatch/") and "Log" not in each.type
    ]


def test_a_prebuilt_image_leaves_the_repository_where_it_is() -> None:
    """It may be an older image of that repository, gone back to."""
    program = program_with("prebuilt")
    assert program.outputs["imageDigest"] == IMAGE
    assert not [each for each in program.resources if each.type.startswith("docker")]
    assert program.calls == []
    repositories = {each.urn for each in program.all("aws:ecr/repository:Repository")}
    assert repositories == {each.urn for each in program_with("bare").all("aws:ecr/repository:Repository")}


def test_without_a_key_there_is_no_secret() -> None:
    program = program_with("no key")
    assert not [each for each in program.resources if "secretsmanager" in each.type]
    variables = program.one(_FUNCTION).inputs["environment"]["variables"]
    assert "CHAT_SECRET_ARN" not in variables


def test_a_region_in_china_or_for_a_government_is_nothing_special() -> None:
    """No partition is written into any input; the ARNs come from AWS."""
    for each in run_program({"aws:region": "cn-north-1"}).resources:
        assert "arn:aws-cn" not in json.dumps(each.inputs)


def test_two_stacks_share_no_name() -> None:
    names = [
        {each.inputs["name"] for each in run_program(stack=stack).resources if "name" in each.inputs}
        for stack in ("dev", "Dev", "prod")
    ]
    assert not names[0] & names[1] | names[1] & names[2] | names[0] & names[2]


def test_runs_know_nothing_of_each_other() -> None:
    """The harness itself: else a test could pass by what another one has left."""
    first = run_program({"memorySize": 1024}, stack="one")
    second = run_program(stack="two")
    assert first.one(_FUNCTION).inputs["memorySize"] == 1024
    assert second.one(_FUNCTION).inputs["memorySize"] == 512
    assert not [each.urn for each in second.resources if ":one::" in each.urn]
    assert KEY not in json.dumps(second.outputs)
