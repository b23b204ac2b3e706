"""The repository of the image: nothing in it changes, everything is scanned, the old goes."""

from __future__ import annotations

import fnmatch
import json

import pytest

from tests.fakes.pulumi_program import Program, run_program
from tests.fakes.stack_configurations import KMS_KEY, program_with

_REPOSITORY = "aws:ecr/repository:Repository"


def test_tags_stay_what_they_are_and_images_are_scanned() -> None:
    inputs = program_with("bare").one(_REPOSITORY).inputs
    assert inputs["imageTagMutability"] == "IMMUTABLE"
    assert inputs["imageScanningConfiguration"] == {"scanOnPush": True}
    assert inputs["forceDelete"] is True


@pytest.mark.parametrize(
    ("key", "encryption"),
    [
        ("", {"encryptionType": "AES256"}),
        (KMS_KEY, {"encryptionType": "KMS", "kmsKey": KMS_KEY}),
    ],
)
def test_images_are_encrypted(key: str, encryption: dict[str, str]) -> None:
    inputs = run_program({"kmsKeyArn": key}).one(_REPOSITORY).inputs
    assert inputs["encryptionConfigurations"] == [encryption]


def test_old_images_expire() -> None:
    program = run_program({"imagesToKeep": 3})
    policy = program.one("aws:ecr/lifecyclePolicy:LifecyclePolicy")
    assert policy.inputs["repository"] == program.one(_REPOSITORY).outputs["name"]
    (rule,) = json.loads(policy.inputs["policy"])["rules"]
    assert rule["selection"] == {
        "tagStatus": "any",
        "countType": "imageCountMoreThan",
        "countNumber": 3,
    }
    assert rule["action"] == {"type": "expire"}


def test_lambda_alone_pulls_for_this_stacks_functions_alone() -> None:
    program = run_program({"bufferedFunction": True})
    policy = program.one("aws:ecr/repositoryPolicy:RepositoryPolicy")
    (statement,) = json.loads(policy.inputs["policy"])["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert statement["Action"] == ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    assert statement["Condition"].keys() == {"ArnLike"}
    allowed = statement["Condition"]["ArnLike"]["aws:SourceArn"]
    for arn in _functions_of(program):
        assert _is_like(arn, allowed)
        assert _is_like(f"{arn}:12", allowed)


@pytest.mark.parametrize("other", ["dev-eu", "dev-streaming", "dev-buffered", "dev2", "de"])
def test_functions_of_a_stack_whose_name_begins_so_pull_nothing(other: str) -> None:
    policy = program_with("bare").one("aws:ecr/repositoryPolicy:RepositoryPolicy")
    (statement,) = json.loads(policy.inputs["policy"])["Statement"]
    allowed = statement["Condition"]["ArnLike"]["aws:SourceArn"]
    for arn in _functions_of(run_program({"bufferedFunction": True}, stack=other)):
        assert not _is_like(arn, allowed)
        assert not _is_like(f"{arn}:12", allowed)


def _functions_of(program: Program) -> list[str]:
    functions = program.all("aws:lambda/function:Function")
    assert len(functions) == 2
    return [function.outputs["arn"] for function in functions]


def _is_like(arn: str, patterns: list[str]) -> bool:
    """IAM's ArnLike, whose `*` and `?` are those of a shell."""
    return any(fnmatch.fnmatchcase(arn, pattern) for pattern in patterns)


def test_a_function_waits_for_the_grant_to_pull(program: Program) -> None:
    """Lambda pulls while the function is made: by way of the image, which needs the grant, where one is built."""
    policy = program.one("aws:ecr/repositoryPolicy:RepositoryPolicy")
    for image in (each for each in program.resources if each.type.startswith("docker")):
        assert policy.urn in image.depends_on
        for function in program.all("aws:lambda/function:Function"):
            assert image.urn in function.property_dependencies["imageUri"]
