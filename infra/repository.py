"""The ECR repository of the image."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pulumi
import pulumi_aws as aws

if TYPE_CHECKING:
    from collections.abc import Sequence

# Seven characters that Pulumi adds to a name. `*` would also be the functions of a stack whose name goes on where this
# one's ends: those of `prod-eu` for `prod`.
_RANDOM_END: Final = 7 * "?"


class Repository(pulumi.ComponentResource):
    """A private repository: immutable tags, encrypted, scanned on push, old images expired.

    Args:
        name: Also the beginning of its name in ECR.
        function_names: What the functions are called that may pull from it, but for Pulumi's random end.
        images_to_keep: How many images it keeps; older ones expire.
        kms_key_arn: Encrypts the images; empty for AES-256 under AWS's own key.
    """

    url: pulumi.Output[str]
    """`ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME`."""
    registry_id: pulumi.Output[str]
    """The account whose registry it is."""
    name: pulumi.Output[str]
    pull_grant: pulumi.Resource
    """What must be there before Lambda is given an image."""

    def __init__(
        self,
        name: str,
        *,
        function_names: Sequence[str],
        images_to_keep: int,
        kms_key_arn: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("lambda-token-streaming:infra:Repository", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        repository = aws.ecr.Repository(
            name,
            # The function names its image by digest; an immutable tag keeps what a digest is called from changing.
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[
                {"encryption_type": "KMS", "kms_key": kms_key_arn}
                if kms_key_arn
                else {"encryption_type": "AES256"}
            ],
            # `pulumi destroy` has to be able to remove what `pulumi up` has pushed.
            force_delete=True,
            opts=child,
        )
        aws.ecr.LifecyclePolicy(
            name,
            repository=repository.name,
            policy=json.dumps(
                {
                    "rules": [
                        {
                            "rulePriority": 1,
                            "description": f"Keep the newest {images_to_keep} images",
                            "selection": {
                                "tagStatus": "any",
                                "countType": "imageCountMoreThan",
                                "countNumber": images_to_keep,
                            },
                            "action": {"type": "expire"},
                        }
                    ]
                }
            ),
            opts=child,
        )
        # Lambda would write a policy itself, for every function of the account, and only if the deployer may let it.
        self.pull_grant = aws.ecr.RepositoryPolicy(
            name,
            repository=repository.name,
            policy=repository.arn.apply(lambda arn: json.dumps(_lambda_may_pull(arn, function_names))),
            opts=child,
        )
        self.name = repository.name
        self.url = repository.repository_url
        self.registry_id = repository.registry_id
        self.register_outputs({"url": self.url})


def _lambda_may_pull(repository_arn: str, function_names: Sequence[str]) -> dict[str, object]:
    # arn:PARTITION:ecr:REGION:ACCOUNT:repository/NAME
    _, partition, _, region, account, _ = repository_arn.split(":", 5)
    functions = f"arn:{partition}:lambda:{region}:{account}:function"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "LambdaPullsTheImage",
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                # The ARN has the account as well; it is the one key that AWS's guide shows for Lambda's pull.
                "Condition": {
                    "ArnLike": {
                        "aws:SourceArn": [
                            f"{functions}:{name}-{_RANDOM_END}{version}"
                            for name in function_names
                            for version in ("", ":*")
                        ]
                    },
                },
            }
        ],
    }
