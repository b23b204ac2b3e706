"""A Lambda function from the image, with its log group, its role and, if asked, an alias."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from infra.role import FunctionRole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.settings import Settings


class ChatFunction(pulumi.ComponentResource):
    """One entry point of the image as a function.

    Args:
        name: Also the beginning of its name in Lambda.
        settings: The stack's configuration.
        image_uri: `REPOSITORY@sha256:…`.
        handler: The image's command: `chat.app.streaming_handler` or `chat.app.handler`.
        environment: Its variables; nothing secret.
        secret_arn: The secret with the model's key, which its role may then read.
    """

    name: pulumi.Output[str]
    qualifier: pulumi.Output[str] | None
    """The alias that is called, if there is one."""
    log_group: pulumi.Output[str]
    log_group_arn: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        settings: Settings,
        image_uri: pulumi.Input[str],
        handler: str,
        environment: Mapping[str, pulumi.Input[str]],
        secret_arn: pulumi.Input[str] | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("lambda-token-streaming:infra:ChatFunction", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        # Before the function: its role may make no group, and the first lines would be lost without one.
        logs = aws.cloudwatch.LogGroup(
            name,
            name=f"/aws/lambda/{name}",
            retention_in_days=settings.log_retention_days,
            kms_key_id=settings.kms_key_arn or None,
            opts=child,
        )
        role = FunctionRole(
            name,
            log_group_arn=logs.arn,
            secret_arn=secret_arn,
            kms_key_arn=settings.kms_key_arn,
            xray=settings.xray,
            permissions_boundary=settings.permissions_boundary,
            opts=child,
        )
        json_logs = settings.log_format == "JSON"
        function = aws.lambda_.Function(
            name,
            package_type="Image",
            image_uri=image_uri,
            image_config={"commands": [handler]},
            architectures=[settings.architecture],
            memory_size=settings.memory_size,
            timeout=settings.timeout,
            role=role.arn,
            reserved_concurrent_executions=settings.reserved_concurrency,
            environment={"variables": dict(environment)},
            tracing_config={"mode": "Active" if settings.xray else "PassThrough"},
            logging_config={
                "log_group": logs.name,
                "log_format": settings.log_format,
                # Lambda takes levels with JSON alone.
                "application_log_level": settings.log_level if json_logs else None,
                "system_log_level": "INFO" if json_logs else None,
            },
            publish=bool(settings.alias),
            opts=pulumi.ResourceOptions(parent=self, depends_on=role.policies),
        )
        self.name = function.name
        self.log_group = logs.name
        self.log_group_arn = logs.arn
        self.qualifier = None
        if settings.alias:
            alias = aws.lambda_.Alias(
                name,
                name=settings.alias,
                function_name=function.name,
                function_version=function.version,
                opts=child,
            )
            self.qualifier = alias.name
            if settings.provisioned_concurrency:
                aws.lambda_.ProvisionedConcurrencyConfig(
                    name,
                    function_name=function.name,
                    qualifier=alias.name,
                    provisioned_concurrent_executions=settings.provisioned_concurrency,
                    opts=child,
                )
        self.register_outputs({"name": self.name, "logGroup": self.log_group})


def function_environment(
    settings: Settings, *, secret_arn: pulumi.Input[str] | None, metrics_namespace: str
) -> dict[str, pulumi.Input[str]]:
    """All of the function's variables: what the settings say, and what is known of the stack alone."""
    given: dict[str, pulumi.Input[str]] = {**settings.variables}
    if settings.metrics:
        given["CHAT_METRICS_NAMESPACE"] = metrics_namespace
    if secret_arn is not None:
        given["CHAT_SECRET_ARN"] = secret_arn
    return given
