"""The role that a function runs as, with what it needs and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws


class FunctionRole(pulumi.ComponentResource):
    """A role for Lambda: writes one log group, reads one secret, if asked sends traces.

    Args:
        name: Also the beginning of its name in IAM.
        log_group_arn: The log group that it may write.
        secret_arn: The secret that it may read, if there is one.
        kms_key_arn: The key that the secret is encrypted with, if it is not AWS's own; empty for none.
        xray: Whether it may send trace segments.
        permissions_boundary: ARN of a policy; empty for none.
    """

    arn: pulumi.Output[str]
    policies: list[pulumi.Resource]
    """What must exist before the function's first start."""

    def __init__(
        self,
        name: str,
        *,
        log_group_arn: pulumi.Input[str],
        secret_arn: pulumi.Input[str] | None,
        kms_key_arn: str,
        xray: bool,
        permissions_boundary: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("lambda-token-streaming:infra:FunctionRole", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            name,
            assume_role_policy=_policy(
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ),
            permissions_boundary=permissions_boundary or None,
            opts=child,
        )
        self.arn = role.arn
        logs = pulumi.Output.from_input(log_group_arn).apply(
            lambda arn: _policy(
                {
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    # The group's streams; their names are Lambda's to make.
                    "Resource": f"{arn}:log-stream:*",
                }
            )
        )
        self.policies = [aws.iam.RolePolicy(f"{name}-logs", role=role.name, policy=logs, opts=child)]
        if secret_arn is not None:
            secret = pulumi.Output.from_input(secret_arn).apply(
                lambda arn: _policy(*_read_secret(arn, kms_key_arn))
            )
            self.policies.append(
                aws.iam.RolePolicy(f"{name}-secret", role=role.name, policy=secret, opts=child)
            )
        if xray:
            traces = _policy(
                {
                    "Effect": "Allow",
                    "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
                    # These two have no resource that could be named (AWS's Service Authorization Reference).
                    "Resource": "*",
                }
            )
            self.policies.append(
                aws.iam.RolePolicy(f"{name}-xray", role=role.name, policy=traces, opts=child)
            )
        self.register_outputs({"arn": self.arn})


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _read_secret(secret_arn: str, kms_key_arn: str) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = [
        {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret_arn}
    ]
    if kms_key_arn:
        region, suffix = secret_arn.split(":")[3], "amazonaws.com"
        if secret_arn.startswith("arn:aws-cn:"):
            suffix += ".cn"
        statements.append(
            {
                "Effect": "Allow",
                "Action": "kms:Decrypt",
                "Resource": kms_key_arn,
                # For this secret alone, through Secrets Manager alone.
                "Condition": {
                    "StringEquals": {
                        "kms:ViaService": f"secretsmanager.{region}.{suffix}",
                        "kms:EncryptionContext:SecretARN": secret_arn,
                    }
                },
            }
        )
    return statements
