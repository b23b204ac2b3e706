"""The function: its log group, its settings, its variables, its alias."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.pulumi_program import Program, run_program
from tests.fakes.stack_configurations import CONFIGURATIONS, IMAGE, KMS_KEY, program_with

_FUNCTION = "aws:lambda/function:Function"
_LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
_ALIAS = "aws:lambda/alias:Alias"
_PROVISIONED = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"


def _inputs(config: dict[str, Any]) -> dict[str, Any]:
    return run_program({"imageBuilder": "prebuilt", "imageUri": IMAGE, **config}).one(_FUNCTION).inputs


def test_a_bare_stack() -> None:
    inputs = program_with("bare").one(_FUNCTION).inputs
    assert {key: inputs[key] for key in ("packageType", "imageConfig", "architectures", "memorySize")} == {
        "packageType": "Image",
        "imageConfig": {"commands": ["chat.app.streaming_handler"]},
        "architectures": ["arm64"],
        "memorySize": 512,
    }
    assert (inputs["timeout"], inputs["reservedConcurrentExecutions"], inputs["publish"]) == (120, 10, False)
    assert inputs["tracingConfig"] == {"mode": "PassThrough"}
    assert inputs["loggingConfig"] == {
        "logGroup": "/aws/lambda/lambda-token-streaming-dev-streaming",
        "logFormat": "JSON",
        "applicationLogLevel": "INFO",
        "systemLogLevel": "INFO",
    }


@pytest.mark.parametrize(
    ("config", "key", "value"),
    [
        ({"memorySize": 1024}, "memorySize", 1024),
        ({"timeout": 900}, "timeout", 900),
        ({"architecture": "x86_64"}, "architectures", ["x86_64"]),
        ({"reservedConcurrency": 0}, "reservedConcurrentExecutions", 0),
        ({"reservedConcurrency": -1}, "reservedConcurrentExecutions", -1),
        ({"xray": True}, "tracingConfig", {"mode": "Active"}),
        ({"alias": "live"}, "publish", True),
    ],
)
def test_a_setting_reaches_the_function(config: dict[str, Any], key: str, value: object) -> None:
    assert _inputs(config)[key] == value


def test_levels_go_with_json_alone() -> None:
    """Lambda refuses them with text."""
    assert _inputs({"logFormat": "Text"})["loggingConfig"].keys() == {"logGroup", "logFormat"}
    assert _inputs({"logLevel": "DEBUG"})["loggingConfig"]["applicationLogLevel"] == "DEBUG"


@pytest.mark.parametrize("key", ["", KMS_KEY])
def test_the_log_group(key: str) -> None:
    group = run_program({"logRetentionDays": 400, "kmsKeyArn": key}).one(_LOG_GROUP)
    assert group.inputs["retentionInDays"] == 400
    assert group.inputs.get("kmsKeyId", "") == key


def test_variables_of_a_bare_stack() -> None:
    program = program_with("bare")
    secret = program.one("aws:secretsmanager/secret:Secret").outputs["arn"]
    assert program.one(_FUNCTION).inputs["environment"] == {
        "variables": {
            "CHAT_MODEL": "gpt-4o-mini",
            "CHAT_SOURCE": "auto",
            "CHAT_MAX_OUTPUT_TOKENS": "4096",
            "CHAT_METRICS_NAMESPACE": "LambdaTokenStreaming",
            "CHAT_SECRET_ARN": secret,
        }
    }


def test_variables_that_are_configured() -> None:
    variables = _inputs(
        {
            "models": ["gpt-4o", "o3"],
            "openaiBaseUrl": "https://api.example.com/v1",
            "systemPrompt": "Be brief.",
            "maxOutputTokens": 0,
            "environment": {"CHAT_KEEPALIVE": "5"},
            "metrics": False,
        }
    )["environment"]["variables"]
    assert variables.pop("CHAT_SECRET_ARN")
    assert variables == {
        "CHAT_MODEL": "gpt-4o-mini",
        "CHAT_MODELS": "gpt-4o,o3",
        "CHAT_SOURCE": "auto",
        "OPENAI_BASE_URL": "https://api.example.com/v1",
        "CHAT_SYSTEM_PROMPT": "Be brief.",
        "CHAT_MAX_OUTPUT_TOKENS": "0",
        "CHAT_KEEPALIVE": "5",
    }


def test_both_functions_are_one_image_and_one_environment() -> None:
    streaming, buffered = sorted(
        program_with("buffered").all(_FUNCTION),
        key=lambda each: each.name,
        reverse=True,
    )
    assert streaming.inputs["imageConfig"] == {"commands": ["chat.app.streaming_handler"]}
    assert buffered.inputs["imageConfig"] == {"commands": ["chat.app.handler"]}
    assert streaming.inputs["imageUri"] == buffered.inputs["imageUri"]
    assert streaming.inputs["environment"] == buffered.inputs["environment"]


def test_no_alias_unless_asked(program: Program, configuration: str) -> None:
    asked = "alias" in CONFIGURATIONS[configuration]
    assert len(program.all(_ALIAS)) == (len(program.all(_FUNCTION)) if asked else 0)


def test_an_alias_is_of_the_version_just_published() -> None:
    program = program_with("alias")
    function, alias = program.one(_FUNCTION), program.one(_ALIAS)
    assert alias.inputs == {
        "name": "live",
        "functionName": function.outputs["name"],
        "functionVersion": "1",
    }
    assert function.urn in alias.property_dependencies["functionVersion"]
    assert not program.all(_PROVISIONED)


def test_provisioned_concurrency_is_of_the_alias() -> None:
    program = program_with("provisioned")
    assert [each.inputs for each in program.all(_PROVISIONED)] == [
        {
            "functionName": function.outputs["name"],
            "qualifier": "live",
            "provisionedConcurrentExecutions": 2,
        }
        for function in program.all(_FUNCTION)
    ]


@pytest.mark.parametrize(
    ("name", "stored", "variable"),
    [
        ("CHAT_KEEPALIVE", 5, "5"),
        ("CHAT_KEEPALIVE", 0.5, "0.5"),
        ("CHAT_ALLOW_CLIENT_SYSTEM", True, "true"),
    ],
)
def test_a_variable_that_pulumi_stored_as_a_number(name: str, stored: object, variable: str) -> None:
    """`pulumi config set --path environment.NAME 5` stores a number, and the function reads text."""
    inputs = _inputs({"environment": {name: stored}})
    assert inputs["environment"]["variables"][name] == variable
