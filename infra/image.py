"""The function's image: built and pushed by one of two providers, named by its digest."""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker
import pulumi_docker_build as docker_build

from infra.image_content import content_hash, stage

if TYPE_CHECKING:
    from pathlib import Path

    from infra.repository import Repository
    from infra.settings import Settings

_PLATFORMS = {
    "arm64": docker_build.Platform.LINUX_ARM64,
    "x86_64": docker_build.Platform.LINUX_AMD64,
}


def build_image(settings: Settings, repository: Repository) -> pulumi.Output[str]:
    """Build the image and push it, if what goes into it has changed.

    The resource is named after its content: new content is a new resource. The images before it stay in the
    repository for going back, until its lifecycle policy expires them. ECR's tokens live for twelve hours and are
    another one at every run; both providers take no notice of that (their `Diff` leaves the password out), so it is
    not among the ignored changes: ignored, a later update would push with a token that has expired.

    Returns:
        `REPOSITORY@sha256:…`, the only form that Lambda takes and that cannot change its meaning.
    """
    arguments = {"LITELLM": "1" if settings.uses_litellm else "0"}
    if settings.base_image:
        arguments["BASE_IMAGE"] = settings.base_image
    content = content_hash(
        [
            # What another version of the provider makes of the same files may differ.
            *(settings.image_builder, version(settings.image_builder)),
            *(settings.architecture, settings.image_revision),
            *(f"{name}={value}" for name, value in arguments.items()),
            # What makes another repository; its name has the stack's, which `pulumi stack rename` changes.
            *(str(aws.config.region), settings.kms_key_arn, pulumi.get_stack()),
        ]
    )
    build = _Build(
        context=stage(pulumi.get_stack()),
        platform=_PLATFORMS[settings.architecture],
        arguments=arguments,
        repository=repository,
        # Never a tag twice: the repository's tags are immutable, and content can come back. That it is another one at
        # every run is ignored, so it stays what it was when the image was made.
        tag=pulumi.Output.concat(repository.url, ":", content, time.strftime("-%Y%m%d%H%M%S", time.gmtime())),
        token=aws.ecr.get_authorization_token_output(
            registry_id=repository.registry_id, opts=pulumi.InvokeOutputOptions(parent=repository)
        ),
    )
    provider = _with_docker if settings.image_builder == "pulumi-docker" else _with_docker_build
    digest = provider(f"image-{content}", build)
    return pulumi.Output.concat(repository.url, "@", digest)


def unbuilt_image() -> pulumi.Output[str]:
    """What stands for the image in a preview without Docker: a value that is not known yet."""

    async def nothing() -> str:
        return ""

    async def unknown() -> bool:
        return False

    return pulumi.Output(set(), nothing(), unknown())


@dataclass(frozen=True)
class _Build:
    """What either provider is told; `context` is relative to the project's folder."""

    context: Path
    platform: docker_build.Platform
    arguments: dict[str, str]
    repository: Repository
    tag: pulumi.Output[str]
    token: pulumi.Output[aws.ecr.GetAuthorizationTokenResult]


def _with_docker(name: str, build: _Build) -> pulumi.Output[str]:
    image = docker.Image(
        name,
        image_name=build.tag,
        build=docker.DockerBuildArgs(
            context=build.context.as_posix(),
            dockerfile=(build.context / "Dockerfile.streaming").as_posix(),
            platform=build.platform.value,
            args=build.arguments,
            builder_version=docker.BuilderVersion.BUILDER_BUILD_KIT,
        ),
        registry=docker.RegistryArgs(
            server=build.token.proxy_endpoint,
            username=build.token.user_name,
            password=pulumi.Output.secret(build.token.password),
        ),
        opts=_options(build.repository, "imageName"),
    )
    # `repoDigest` is the first of all names that the image has on this machine, which may be another stack's
    # repository; the digest is the same in each.
    return image.repo_digest.apply(lambda reference: reference.partition("@")[2])


def _with_docker_build(name: str, build: _Build) -> pulumi.Output[str]:
    image = docker_build.Image(
        name,
        tags=[build.tag],
        context=docker_build.BuildContextArgs(location=build.context.as_posix()),
        dockerfile=docker_build.DockerfileArgs(location=(build.context / "Dockerfile.streaming").as_posix()),
        platforms=[build.platform],
        build_args=build.arguments,
        push=True,
        build_on_preview=False,
        registries=[
            docker_build.RegistryArgs(
                address=build.token.proxy_endpoint,
                username=build.token.user_name,
                password=pulumi.Output.secret(build.token.password),
            )
        ],
        opts=_options(build.repository, "tags"),
    )
    # Never `ref`, which has the tag before the digest: Lambda refuses that.
    return image.digest


def _options(repository: Repository, tag: str) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(
        parent=repository,
        # So that a function, which needs the image, waits for the grant to pull it as well.
        depends_on=[repository.pull_grant],
        ignore_changes=[tag],
        retain_on_delete=True,
    )
