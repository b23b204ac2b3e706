"""Configurations of a stack, one for each way that the program can go, for rules that hold in all of them."""

from __future__ import annotations

import functools
from typing import Any, Final

import yaml

from tests.fakes.pulumi_program import KEY, PROJECT, ROOT, Program, run_program

SECRET: Final = "arn:aws:secretsmanager:us-east-1:123456789012:secret:chat-AbCdEf"
KMS_KEY: Final = "arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012"
ROLE: Final = "arn:aws:iam::123456789012:role/backend"
DISTRIBUTION: Final = "arn:aws:cloudfront::123456789012:distribution/E1EXAMPLE"
IMAGE: Final = "123456789012.dkr.ecr.us-east-1.amazonaws.com/chat@sha256:" + "0" * 64


def stack_file(name: str) -> dict[str, Any]:
    """The configuration in one of the project's stack files, without the key that it lacks."""
    config = yaml.safe_load((ROOT / name).read_text())["config"]
    return {key.removeprefix(f"{PROJECT}:"): value for key, value in config.items()}


CONFIGURATIONS: Final[dict[str, dict[str, Any]]] = {
    "bare": {},
    "dev": stack_file("Pulumi.dev.yaml"),
    "prod": {**stack_file("Pulumi.prod.example.yaml"), "openaiApiKey": None},
    "docker-build": {"imageBuilder": "pulumi-docker-build"},
    "prebuilt": {"imageBuilder": "prebuilt", "imageUri": IMAGE},
    "no key": {"openaiApiKey": None, "allowMissingKey": True},
    "secret": {"openaiApiKey": None, "secretArn": SECRET},
    "secret and KMS key": {"openaiApiKey": None, "secretArn": SECRET, "kmsKeyArn": KMS_KEY},
    "KMS key": {"kmsKeyArn": KMS_KEY},
    "LiteLLM": {
        "model": "anthropic/claude-sonnet-4",
        "models": ["gpt-4o"],
        "providerKeys": {"ANTHROPIC_API_KEY": KEY.replace("proj", "ant")},
    },
    "alias": {"alias": "live"},
    "provisioned": {"alias": "live", "provisionedConcurrency": 2, "bufferedFunction": True},
    "buffered": {"bufferedFunction": True},
    "IAM": {
        "authorization": "AWS_IAM",
        "invokers": [ROLE, "210987654321", DISTRIBUTION],
        "alias": "live",
        "bufferedFunction": True,
    },
    "any origin": {"corsAllowOrigins": ["*"], "corsAllowMethods": ["*"]},
    "cookies": {"corsAllowOrigins": ["https://chat.example.com"], "corsAllowCredentials": True},
    "X-Ray": {"xray": True},
    "text logs": {"logFormat": "Text"},
    "unbounded": {"reservedConcurrency": -1},
    "long answers": {"maxOutputTokens": 0},
    "off": {"reservedConcurrency": 0},
    "unwatched": {"metrics": False, "alarms": False},
    "environment": {
        "environment": {"CHAT_KEEPALIVE": "5", "AZURE_API_BASE": "https://example.openai.azure.com"},
        "systemPrompt": "Be brief.",
        "openaiBaseUrl": "https://api.example.com/v1",
    },
}


@functools.cache
def program_with(configuration: str) -> Program:
    """The program as it ran with one of them; run once, and not to be changed."""
    return run_program(CONFIGURATIONS[configuration])
