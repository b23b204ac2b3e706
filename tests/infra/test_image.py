"""The image's resource: named by its content, pushed with a token of now, told by its digest."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.fakes.pulumi_program import Program, Resource, run_program
from tests.fakes.stack_configurations import KMS_KEY, program_with

_DOCKER = "docker:index/image:Image"
_DOCKER_BUILD = "docker-build:index:Image"
_REPOSITORY = "aws:ecr/repository:Repository"


def _image(config: dict[str, Any]) -> Resource:
    program = run_program(config)
    (image,) = (each for each in program.resources if each.type in (_DOCKER, _DOCKER_BUILD))
    return image


def _url(program: Program) -> str:
    return str(program.one(_REPOSITORY).outputs["repositoryUrl"])


def test_pulumi_docker_builds_by_default() -> None:
    program = program_with("bare")
    image = program.one(_DOCKER)
    assert image.inputs["build"] == {
        "context": ".cache/image/dev",
        "dockerfile": ".cache/image/dev/Dockerfile.streaming",
        "platform": "linux/arm64",
        "args": {"LITELLM": "0"},
        "builderVersion": "BuilderBuildKit",
    }
    assert image.inputs["skipPush"] is False
    assert image.ignore_changes == ("imageName",)
    assert image.parent == program.one("lambda-token-streaming:infra:Repository").urn


def test_pulumi_docker_build_by_configuration() -> None:
    program = run_program({"imageBuilder": "pulumi-docker-build", "architecture": "x86_64"})
    image = program.one(_DOCKER_BUILD)
    inputs = image.inputs
    assert inputs["context"] == {"location": ".cache/image/dev"}
    assert inputs["dockerfile"] == {"location": ".cache/image/dev/Dockerfile.streaming"}
    # One, since Lambda refuses an index; its name as Docker has it.
    assert inputs["platforms"] == ["linux/amd64"]
    assert inputs["buildArgs"] == {"LITELLM": "0"}
    assert (inputs["push"], inputs["buildOnPreview"]) == (True, False)
    assert image.ignore_changes == ("tags",)


@pytest.mark.parametrize("builder", ["pulumi-docker", "pulumi-docker-build"])
def test_the_function_gets_the_repository_with_the_digest(builder: str) -> None:
    program = run_program({"imageBuilder": builder})
    uri = program.outputs["imageDigest"]
    assert re.fullmatch(re.escape(_url(program)) + r"@sha256:[0-9a-f]{64}", uri)


def test_a_name_of_the_same_image_elsewhere_is_not_taken_for_it() -> None:
    """`repoDigest` is the first of all names that the image has on the machine; the digest alone is taken from it."""
    program = program_with("bare")
    digest = program.one(_DOCKER).outputs["repoDigest"].partition("@")[2]
    assert program.outputs["imageDigest"] == f"{_url(program)}@{digest}"


@pytest.mark.parametrize(
    ("builder", "type_", "password"),
    [
        ("pulumi-docker", _DOCKER, "registry.password"),
        ("pulumi-docker-build", _DOCKER_BUILD, "registries.0.password"),
    ],
)
def test_the_registrys_token_is_a_secret(builder: str, type_: str, password: str) -> None:
    program = run_program({"imageBuilder": builder})
    assert any(secret in (password, password.partition(".")[0]) for secret in program.one(type_).secrets), (
        program.one(type_).secrets
    )
    (call,) = program.calls
    assert call.arguments["registryId"] == program.one(_REPOSITORY).outputs["registryId"]


@pytest.mark.parametrize("builder", ["pulumi-docker", "pulumi-docker-build"])
def test_a_tag_is_never_used_twice(builder: str) -> None:
    """The repository's tags are immutable, and content that was there before can come back."""
    image = _image({"imageBuilder": builder})
    (tag,) = image.inputs["tags"] if builder.endswith("build") else [image.inputs["imageName"]]
    assert re.fullmatch(rf".+:{image.name.removeprefix('image-')}-\d{{14}}", tag)


@pytest.mark.parametrize(
    "config",
    [
        {"architecture": "x86_64"},
        {"baseImage": "public.ecr.aws/lambda/python:3.12"},
        {"imageRevision": "2026-11-21"},
        {"imageBuilder": "pulumi-docker-build"},
        {"model": "anthropic/claude", "allowMissingKey": True},
        {"models": ["anthropic/claude"], "allowMissingKey": True},
        {"source": "litellm"},
        {"aws:region": "eu-west-1"},
        {"kmsKeyArn": KMS_KEY},
    ],
    ids=",".join,
)
def test_what_makes_another_image(config: dict[str, Any]) -> None:
    assert _image(config).name != program_with("bare").one(_DOCKER).name


@pytest.mark.parametrize(
    "config",
    [
        {"memorySize": 1024},
        {"model": "gpt-4o"},
        {"model": "meta/llama", "source": "openai"},
        {"systemPrompt": "Be brief."},
        {"openaiApiKey": "sk-another"},
        {"bufferedFunction": True, "alias": "live"},
        {"imagesToKeep": 3},
        {"environment": {"CHAT_KEEPALIVE": "5"}},
    ],
    ids=",".join,
)
def test_what_makes_no_other_image(config: dict[str, Any]) -> None:
    assert _image(config).name == program_with("bare").one(_DOCKER).name


@pytest.mark.parametrize(
    ("config", "value"),
    [
        ({}, "0"),
        ({"model": "anthropic/claude"}, "1"),
        ({"models": ["anthropic/claude"]}, "1"),
        ({"model": "meta/llama", "source": "openai"}, "0"),
        ({"source": "litellm"}, "1"),
    ],
    ids=str,
)
def test_litellm_is_in_the_image_if_a_model_needs_it(config: dict[str, Any], value: str) -> None:
    assert _image({**config, "allowMissingKey": True}).inputs["build"]["args"] == {"LITELLM": value}


def test_a_base_image_is_an_argument_of_the_build() -> None:
    name = "public.ecr.aws/lambda/python:3.13@sha256:" + "0" * 64
    assert _image({"baseImage": name}).inputs["build"]["args"] == {"LITELLM": "0", "BASE_IMAGE": name}


def test_each_stack_stages_its_own_files() -> None:
    program = run_program(stack="prod")
    assert program.one(_DOCKER).inputs["build"]["context"] == ".cache/image/prod"


def test_a_renamed_stack_makes_its_image_again() -> None:
    """Its repository has another name then, and the image's own address would not tell."""
    names = {
        next(each.name for each in run_program({}, stack=stack).resources if each.type == _DOCKER)
        for stack in ("dev", "other")
    }
    assert len(names) == 2
