"""What several keys of the configuration must say together, and with the region; each rule with its sentence."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from infra.function_variables import wrong_value
from infra.shown import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.settings import Settings

# Lambda measures the variables as one JSON object and takes 4 KB (its error says "String measured: {…}").
_VARIABLE_BYTES: Final = 4096
# Of which the ARN of the stack's own secret and the namespace of its metrics take this at most.
_OWN_BYTES: Final = 256
# LiteLLM's providers that sign as AWS's or Google's SDKs do.
_WITH_CLOUD_CREDENTIALS: Final = {"bedrock", "sagemaker", "sagemaker_chat", "vertex_ai", "vertex_ai_beta"}


def conflicts(settings: Settings) -> Iterator[str]:
    """A sentence for each rule that is broken, naming the keys and what to do."""
    for rules in (_keys, _image, _functions, _environment, _callers, _cors, _watching, _lists, _size):
        yield from (sentence for broken, sentence in rules(settings) if broken)


def elsewhere(settings: Settings, region: str) -> Iterator[str]:
    """A sentence for each thing that has to be in the stack's region and is not."""
    things = [("kmsKeyArn", settings.kms_key_arn.split(":")[3:4])]
    things += [("imageUri", re.findall(r"ecr(?:-fips)?\.([a-z0-9-]+)\.", settings.image_uri)[:1])]
    things += [(f"alarmActions[{at}]", arn.split(":")[3:4]) for at, arn in enumerate(settings.alarm_actions)]
    for key, found in things:
        if found and found[0] not in ("", region):
            yield f"{key} is in {found[0]}; it must be in {region}, as the stack is (aws:region)."


def _keys(settings: Settings) -> Iterator[tuple[bool, str]]:
    yield (
        bool(settings.secret_arn) and bool(settings.key_variables),
        (
            "secretArn names a secret that exists already, so openaiApiKey and providerKeys must not be set: "
            "`pulumi config rm openaiApiKey`, `pulumi config rm providerKeys`."
        ),
    )
    unable = [name for name in settings.litellm_models if name.partition("/")[0] in _WITH_CLOUD_CREDENTIALS]
    for name in unable:
        yield (
            True,
            (
                f"The model {name!r} is asked with a cloud's own credentials, which this stack's function has not: "
                "name a model whose provider takes a key."
            ),
        )
    if settings.allow_missing_key or settings.secret_arn:
        return
    yield (
        settings.needs_openai_key and not settings.openai_api_key.get_secret_value(),
        (
            "openaiApiKey is missing: set it with `pulumi config set --secret openaiApiKey`, name a secret that exists "
            "with `pulumi config set --plaintext secretArn ARN`, or deploy without one by `pulumi config set "
            "allowMissingKey true`."
        ),
    )
    if (name := settings.model_of_another_provider) and name not in unable:
        variable = re.sub(r"[^A-Z0-9]", "_", name.partition("/")[0].upper()) + "_API_KEY"
        yield (
            not any(key.get_secret_value() for key in settings.provider_keys.values()),
            (
                f"The model {name!r} is LiteLLM's to answer, and its provider's key is missing: `pulumi config set "
                f"--secret --path providerKeys.{variable}` (or what else LiteLLM reads for that provider), or deploy "
                "without one by `pulumi config set allowMissingKey true`."
            ),
        )


def _image(settings: Settings) -> Iterator[tuple[bool, str]]:
    builder, prebuilt = settings.image_builder, settings.image_builder == "prebuilt"
    yield (
        prebuilt and not settings.image_uri,
        (
            "imageBuilder is 'prebuilt', and imageUri is missing: set it to the image's digest in ECR, `pulumi config "
            "set imageUri ….amazonaws.com/name@sha256:…`."
        ),
    )
    yield (
        not prebuilt and bool(settings.image_uri),
        (
            f"imageUri is set, but imageBuilder is {builder!r}, which builds an image: `pulumi config set imageBuilder "
            "prebuilt`, or `pulumi config rm imageUri`."
        ),
    )
    for key, value in (("baseImage", settings.base_image), ("imageRevision", settings.image_revision)):
        yield (
            prebuilt and bool(value),
            f"{key} is set, but imageBuilder is 'prebuilt', so no image is built from it: `pulumi config rm {key}`.",
        )


def _functions(settings: Settings) -> Iterator[tuple[bool, str]]:
    provisioned, reserved = settings.provisioned_concurrency, settings.reserved_concurrency
    yield (
        provisioned > 0 and not settings.alias,
        (
            f"provisionedConcurrency is {provisioned}, and alias is empty; AWS keeps environments started for a "
            "published version alone: `pulumi config set alias live`."
        ),
    )
    yield (
        0 <= reserved < provisioned,
        f"provisionedConcurrency is {provisioned}, which must not be more than reservedConcurrency, {reserved}.",
    )
    yield (
        settings.log_format == "Text" and settings.log_level != "INFO",
        (
            f"logLevel is {settings.log_level!r}, and logFormat is 'Text', for which Lambda takes no level: `pulumi "
            "config set logFormat JSON`, or `pulumi config rm logLevel`."
        ),
    )


def _environment(settings: Settings) -> Iterator[tuple[bool, str]]:
    for name, value in settings.environment.items():
        words = wrong_value(name, value)
        yield words is not None, f"environment.{name} is {shown(value)}; it must be {words}."
    margin = settings.environment.get("CHAT_DEADLINE_MARGIN", "").strip()
    if margin and not wrong_value("CHAT_DEADLINE_MARGIN", margin):
        yield (
            float(margin) >= settings.timeout,
            (
                f"environment.CHAT_DEADLINE_MARGIN is {float(margin):g} s, and timeout is {settings.timeout} s, so no "
                "answer would have any time: `pulumi config set timeout 120`, or a smaller margin."
            ),
        )


def _callers(settings: Settings) -> Iterator[tuple[bool, str]]:
    yield (
        settings.authorization == "AWS_IAM" and not settings.invokers,
        (
            "authorization is 'AWS_IAM', and invokers is empty: say who may call, `pulumi config set --path "
            "'invokers[0]' arn:aws:iam::ACCOUNT:role/NAME`."
        ),
    )
    yield (
        settings.authorization == "NONE" and bool(settings.invokers),
        (
            "invokers is set, but authorization is 'NONE', with which anyone may call: `pulumi config set "
            "authorization AWS_IAM`, or `pulumi config rm invokers`."
        ),
    )


def _cors(settings: Settings) -> Iterator[tuple[bool, str]]:
    credentials, origins = settings.cors_allow_credentials, settings.cors_allow_origins
    yield (
        credentials and not origins,
        (
            "corsAllowCredentials is true, and corsAllowOrigins is empty, so no page may call at all: `pulumi config "
            "set --path 'corsAllowOrigins[0]' https://…`, or `pulumi config rm corsAllowCredentials`."
        ),
    )
    yield (
        credentials and "*" in origins,
        # AWS would answer with the origin that asks, so that every page on the web may use a visitor's cookies.
        (
            "corsAllowCredentials is true, so corsAllowOrigins must name each origin: with *, any page could call with "
            "its visitor's cookies."
        ),
    )
    yield (
        credentials
        and any(
            "*" in each
            for each in (
                settings.cors_allow_methods,
                settings.cors_allow_headers,
                settings.cors_expose_headers,
            )
        ),
        (
            "corsAllowCredentials is true, so corsAllowMethods, corsAllowHeaders and corsExposeHeaders must name each "
            "one: with cookies, browsers take * for a name."
        ),
    )
    for key, values in (("corsAllowOrigins", origins), ("corsAllowMethods", settings.cors_allow_methods)):
        yield len(values) > 1 and "*" in values, f"{key} has * among others; * alone says it all."


def _watching(settings: Settings) -> Iterator[tuple[bool, str]]:
    yield (
        bool(settings.alarm_actions) and not settings.alarms,
        (
            "alarmActions is set, but alarms is false: `pulumi config set alarms true`, or `pulumi config rm "
            "alarmActions`."
        ),
    )


def _lists(settings: Settings) -> Iterator[tuple[bool, str]]:
    for name, field in type(settings).model_fields.items():
        values = getattr(settings, name)
        if isinstance(values, list):
            # Names of headers are alike in any case.
            folded = Counter(each.lower() if name.endswith("headers") else each for each in values)
            for each, count in folded.items():
                yield count > 1, f"{field.alias} has {each!r} more than once; once is enough."
    yield (
        settings.model in settings.models,
        f"models has {settings.model!r}, which is model already: models are further ones.",
    )


def _size(settings: Settings) -> Iterator[tuple[bool, str]]:
    # As JSON without blanks, in UTF-8.
    text = json.dumps(settings.variables, ensure_ascii=False, separators=(",", ":"))
    size, most = len(text.encode()), _VARIABLE_BYTES - _OWN_BYTES
    yield (
        size > most,
        (
            f"systemPrompt, environment and models make {size} bytes of variables, and Lambda has room for {most} (4 "
            f"KB less the {_OWN_BYTES} that the stack needs): shorten systemPrompt."
        ),
    )
