"""The stack: settings, then image, key, functions with their URLs, and what watches them, then outputs."""

from __future__ import annotations

import pulumi

from infra.alarms import Alarms
from infra.config import read_settings
from infra.dashboard import Dashboard
from infra.docker_engine import can_build
from infra.function import ChatFunction, function_environment
from infra.function_url import FunctionUrl
from infra.image import build_image, unbuilt_image
from infra.metrics import NAMESPACE
from infra.model_key import ModelKey
from infra.names import prefix
from infra.repository import Repository

settings = read_settings()
name = prefix(pulumi.get_project(), pulumi.get_stack())

docker = settings.image_builder != "prebuilt" and can_build(settings.image_builder)
# With an image that is already pushed as well: it may be an older one of this repository, which must then not go.
repository = Repository(
    name,
    function_names=(f"{name}-streaming", f"{name}-buffered"),
    images_to_keep=settings.images_to_keep,
    kms_key_arn=settings.kms_key_arn,
)
image_uri: pulumi.Input[str]
if settings.image_builder == "prebuilt":
    image_uri = settings.image_uri
else:
    image_uri = build_image(settings, repository) if docker else unbuilt_image()

secret_arn: pulumi.Input[str] | None = settings.secret_arn or None
if settings.key_variables:
    secret_arn = ModelKey(name, variables=settings.key_variables, kms_key_arn=settings.kms_key_arn).arn

environment = function_environment(settings, secret_arn=secret_arn, metrics_namespace=NAMESPACE)
streaming = ChatFunction(
    f"{name}-streaming",
    settings=settings,
    image_uri=image_uri,
    handler="chat.app.streaming_handler",
    environment=environment,
    secret_arn=secret_arn,
)
endpoint = FunctionUrl(
    f"{name}-streaming", function=streaming, settings=settings, invoke_mode="RESPONSE_STREAM"
).url
pulumi.export("endpoint", endpoint)
pulumi.export("frontendEnvironment", pulumi.Output.concat("LAMBDA_ENDPOINT=", endpoint))
pulumi.export("imageDigest", image_uri)
pulumi.export("repository", repository.name)
pulumi.export("functionName", streaming.name)
pulumi.export("logGroup", streaming.log_group)
functions = {"Streaming": streaming}

if settings.buffered_function:
    buffered = ChatFunction(
        f"{name}-buffered",
        settings=settings,
        image_uri=image_uri,
        handler="chat.app.handler",
        environment=environment,
        secret_arn=secret_arn,
    )
    pulumi.export(
        "bufferedEndpoint",
        FunctionUrl(f"{name}-buffered", function=buffered, settings=settings, invoke_mode="BUFFERED").url,
    )
    pulumi.export("bufferedFunctionName", buffered.name)
    pulumi.export("bufferedLogGroup", buffered.log_group)
    functions["Buffered"] = buffered

alarms: list[pulumi.Output[str]] = []
if settings.alarms:
    for kind, function in functions.items():
        alarms += Alarms(f"{name}-{kind.lower()}", function=function, settings=settings).arns
if settings.metrics:
    dashboard = Dashboard(name, functions=functions, alarms=alarms, settings=settings)
    pulumi.export("dashboard", dashboard.address)
