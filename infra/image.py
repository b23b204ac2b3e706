"""The function's image: built and pushed by one of three ways, named by its digest."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker
import pulumi_docker_build as docker_build

from infra.image_content import ROOT, content_hash

if TYPE_CHECKING:
    from infra.repository import Repository
    from infra.settings import Settings

_PLATFORMS = {
    "arm64": docker_build.Platform.LINUX_ARM64,
    "x86_64": docker_build.Platform.LINUX_AMD64,
}


def build_image(settings: Settings, repository: Repository) -> pulumi.Output[str]:
    """Build the image and push it, if what goes into it has changed.

    The resource is named after its content, so that new content is a new resource, created with a registry token of
    now, and old content is never looked at again: a token that has changed since (ECR's live for twelve hours) is no
    difference and never used. The images before stay in the repository for going back, until its lifecycle policy
    expires them.

    Returns:
        `REPOSITORY@sha256:…`, the only form that Lambda takes and that cannot change its meaning.
    """
    arguments = _build_arguments(settings)
    identity = [
        *(settings.image_builder, settings.architecture, settings.image_revision, settings.kms_key_arn),
        *(str(aws.config.region), *(f"{name}={value}" for name, value in arguments.items())),
    ]
    content = content_hash(identity)
    # Never a tag twice: the repository's tags are immutable, and content can come back.
    tag = pulumi.Output.concat(repository.url, ":", content, time.strftime("-%Y%m%d%H%M%S", time.gmtime()))
    token = aws.ecr.get_authorization_token_output(
        registry_id=repository.registry_id, opts=pulumi.InvokeOutputOptions(parent=repository)
    )
    build = _with_docker if settings.image_builder == "pulumi-docker" else _with_docker_build
    return build(
        f"image-{content}",
        settings=settings,
        repository=repository,
        tag=tag,
        token=token,
        arguments=arguments,
    )


def _build_arguments(settings: Settings) -> dict[str, str]:
    arguments = {"LITELLM": "1" if settings.uses_litellm else "0"}
    if settings.base_image:
        arguments["BASE_IMAGE"] = settings.base_image
    return arguments


def _with_docker(
    name: str,
    *,
    settings: Settings,
    repository: Repository,
    tag: pulumi.Output[str],
    token: pulumi.Output[aws.ecr.GetAuthorizationTokenResult],
    arguments: dict[str, str],
) -> pulumi.Output[str]:
    image = docker.Image(
        name,
        image_name=tag,
        build=docker.DockerBuildArgs(
            context=str(ROOT),
            dockerfile=str(ROOT / "Dockerfile.streaming"),
            platform=_PLATFORMS[settings.architecture].value,
            args=arguments,
            builder_version=docker.BuilderVersion.BUILDER_BUILD_KIT,
        ),
        registry=docker.RegistryArgs(
            server=token.proxy_endpoint,
            username=token.user_name,
            password=pulumi.Output.secret(token.password),
        ),
        opts=pulumi.ResourceOptions(
            parent=repository, ignore_changes=["build", "imageName", "registry"], retain_on_delete=True
        ),
    )
    return image.repo_digest


def _with_docker_build(
    name: str,
    *,
    settings: Settings,
    repository: Repository,
    tag: pulumi.Output[str],
    token: pulumi.Output[aws.ecr.GetAuthorizationTokenResult],
    arguments: dict[str, str],
) -> pulumi.Output[str]:
    image = docker_build.Image(
        name,
        tags=[tag],
        context=docker_build.BuildContextArgs(location=str(ROOT)),
        dockerfile=docker_build.DockerfileArgs(location=str(ROOT / "Dockerfile.streaming")),
        platforms=[_PLATFORMS[settings.architecture]],
        build_args=arguments,
        push=True,
        build_on_preview=False,
        registries=[
            docker_build.RegistryArgs(
                address=token.proxy_endpoint,
                username=token.user_name,
                password=pulumi.Output.secret(token.password),
            )
        ],
        opts=pulumi.ResourceOptions(
            parent=repository,
            ignore_changes=["buildArgs", "context", "dockerfile", "registries", "tags"],
            retain_on_delete=True,
        ),
    )
    # Never `ref`, which has the tag before the digest: Lambda refuses that.
    return pulumi.Output.concat(repository.url, "@", image.digest)
