"""The secret with the models' keys."""

from __future__ import annotations

import json

import pytest

from chat.secret_text import read_secret_text
from tests.fakes.pulumi_program import KEY, run_program
from tests.fakes.stack_configurations import KMS_KEY, program_with

_SECRET = "aws:secretsmanager/secret:Secret"
_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"


@pytest.mark.parametrize(
    ("configuration_name", "keys"),
    [
        ("bare", {"OPENAI_API_KEY": KEY}),
        ("LiteLLM", {"OPENAI_API_KEY": KEY, "ANTHROPIC_API_KEY": "sk-ant-never-shown"}),
    ],
)
def test_the_function_reads_what_the_stack_writes(configuration_name: str, keys: dict[str, str]) -> None:
    program = program_with(configuration_name)
    version = program.one(_VERSION)
    found = read_secret_text(version.inputs["secretString"])
    assert found.keys == keys
    assert found.complaints == []
    assert version.secrets == {"secretString"}
    assert version.inputs["secretId"] == program.one(_SECRET).outputs["id"]


@pytest.mark.parametrize(
    "name", ["A_API_KEY", "A_KEY", "A_APIKEY", "A_TOKEN", "A_SECRET", "A_PASSWORD", "A1_API_KEY"]
)
def test_every_name_that_the_stack_takes_the_function_takes(name: str) -> None:
    program = run_program({"providerKeys": {name: "x"}})
    text = program.one(_VERSION).inputs["secretString"]
    assert name in json.loads(text)
    assert read_secret_text(text).keys[name] == "x"


@pytest.mark.parametrize("key", ["", KMS_KEY])
def test_it_is_encrypted_with_the_key_that_is_configured(key: str) -> None:
    assert run_program({"kmsKeyArn": key}).one(_SECRET).inputs.get("kmsKeyId", "") == key


def test_the_function_waits_until_there_is_something_to_read() -> None:
    program = program_with("bare")
    function = program.one("aws:lambda/function:Function")
    assert program.one(_VERSION).urn in function.property_dependencies["environment"]
