"""What a function may do: in every configuration exactly this."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fakes.pulumi_program import Program, run_program
from tests.fakes.stack_configurations import CONFIGURATIONS, KMS_KEY, SECRET, program_with

_LOGS = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/lambda-token-streaming-dev-{}:log-stream:*"


def _write_logs(kind: str = "streaming") -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": _LOGS.format(kind),
    }


def _read(secret: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret}


def _decrypt(secret: str) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": KMS_KEY,
        "Condition": {
            "StringEquals": {
                "kms:ViaService": "secretsmanager.us-east-1.amazonaws.com",
                "kms:EncryptionContext:SecretARN": secret,
            }
        },
    }


_TRACE = {
    "Effect": "Allow",
    "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
    "Resource": "*",
}


def _own_secret(program: Program) -> str:
    return str(program.one("aws:secretsmanager/secret:Secret").outputs["arn"])


def _statements(program: Program) -> list[dict[str, Any]]:
    return [statement for _, statement in program.policies()]


def test_with_a_secret_of_its_own() -> None:
    program = program_with("bare")
    assert _statements(program) == [_write_logs(), _read(_own_secret(program))]


def test_without_a_key() -> None:
    assert _statements(program_with("no key")) == [_write_logs()]


def test_with_a_secret_that_exists() -> None:
    assert _statements(program_with("secret")) == [_write_logs(), _read(SECRET)]


def test_with_a_secret_that_exists_and_a_kms_key() -> None:
    assert _statements(program_with("secret and KMS key")) == [
        _write_logs(),
        _read(SECRET),
        _decrypt(SECRET),
    ]


def test_with_a_kms_key() -> None:
    program = program_with("KMS key")
    secret = _own_secret(program)
    assert _statements(program) == [_write_logs(), _read(secret), _decrypt(secret)]


def test_with_a_kms_key_and_nothing_to_decrypt() -> None:
    """The logs are encrypted by CloudWatch with a grant of the key's own policy, not by the function."""
    config = {**CONFIGURATIONS["no key"], "kmsKeyArn": KMS_KEY}
    assert _statements(run_program(config)) == [_write_logs()]


def test_in_china_the_service_has_another_domain() -> None:
    program = run_program(
        {
            "aws:region": "cn-north-1",
            "openaiApiKey": None,
            "secretArn": "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:chat-AbCdEf",
            "kmsKeyArn": "arn:aws-cn:kms:cn-north-1:123456789012:key/a",
        }
    )
    assert _statements(program)[-1]["Condition"]["StringEquals"]["kms:ViaService"] == (
        "secretsmanager.cn-north-1.amazonaws.com.cn"
    )


def test_with_x_ray() -> None:
    program = program_with("X-Ray")
    assert _statements(program) == [_write_logs(), _read(_own_secret(program)), _TRACE]


def test_each_function_has_a_role_that_writes_its_own_log() -> None:
    program = program_with("buffered")
    by_role: dict[str, list[dict[str, Any]]] = {}
    for policy, statement in program.policies():
        by_role.setdefault(policy.inputs["role"], []).append(statement)
    assert len(by_role) == 2
    for function in program.all("aws:lambda/function:Function"):
        role = function.inputs["role"].rpartition("/")[2]
        kind = function.name.rpartition("-")[2]
        assert by_role[role] == [_write_logs(kind), _read(_own_secret(program))]


def test_lambda_alone_may_take_the_role(program: Program) -> None:
    for role in program.all("aws:iam/role:Role"):
        assert json.loads(role.inputs["assumeRolePolicy"])["Statement"] == [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ]


def test_no_policy_comes_another_way(program: Program) -> None:
    """Nothing managed is attached, nothing inline is hidden in the role."""
    assert not [each.type for each in program.resources if "Attachment" in each.type]
    for role in program.all("aws:iam/role:Role"):
        assert not {"inlinePolicies", "managedPolicyArns"} & set(role.inputs)


@pytest.mark.parametrize("boundary", ["", "arn:aws:iam::123456789012:policy/workloads"])
def test_a_permissions_boundary(boundary: str) -> None:
    role = run_program({"permissionsBoundary": boundary}).one("aws:iam/role:Role")
    assert role.inputs.get("permissionsBoundary", "") == boundary
