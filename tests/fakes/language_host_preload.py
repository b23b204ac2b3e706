"""What every program of the project imports, for the process that programs are forked from."""

import pulumi_aws as aws
import pulumi_docker  # noqa: F401 - imported to be there
import pulumi_docker_build  # noqa: F401 - imported to be there
import pydantic  # noqa: F401 - imported to be there

# The SDK imports a service at its first use.
SERVICES = (aws.cloudwatch, aws.ecr, aws.iam, aws.lambda_, aws.secretsmanager)
TYPES = (
    aws.lambda_.Function,
    aws.ecr.Repository,
    aws.cloudwatch.LogGroup,
    aws.iam.Role,
    aws.secretsmanager.Secret,
)
