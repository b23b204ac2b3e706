"""The key of the model's provider, in Secrets Manager."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws


class ModelKey(pulumi.ComponentResource):
    """A secret whose text is a JSON object of variables, as the function reads it at init.

    Args:
        name: Also the beginning of its name in Secrets Manager.
        variables: `{"OPENAI_API_KEY": "…"}` and the keys of other providers.
        kms_key_arn: Encrypts it; empty for AWS's own key.
    """

    arn: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        variables: dict[str, str],
        kms_key_arn: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("lambda-token-streaming:infra:ModelKey", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        secret = aws.secretsmanager.Secret(
            name,
            description="Keys of model providers, read by the function at init",
            kms_key_id=kms_key_arn or None,
            opts=child,
        )
        version = aws.secretsmanager.SecretVersion(
            name,
            secret_id=secret.id,
            secret_string=pulumi.Output.secret(json.dumps(variables, sort_keys=True)),
            opts=child,
        )
        # A secret's id is its ARN. From the version, so that whoever waits for it waits until there is something to
        # read; it stays known in the preview of a rotated key, which then shows nothing else.
        self.arn = version.secret_id
        self.register_outputs({"arn": self.arn})
