"""Every key of the stack's configuration, in one object.

`Pulumi.yaml`'s schema and `docs/configuration.md` are generated from this class (`make docs`); `infra/config.py`
reads it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic.alias_generators import to_camel

from infra.allowed import Words
from infra.cors import Header, Method, Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

# CloudWatch Logs takes these and no others (PutRetentionPolicy).
_RETENTION = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
# What the stack sets by keys of its own, or Lambda reserves.
_STACK_SETS = {
    *("OPENAI_API_KEY", "OPENAI_BASE_URL", "CHAT_MODEL", "CHAT_MODELS", "CHAT_SOURCE", "CHAT_SYSTEM_PROMPT"),
    *("CHAT_MAX_OUTPUT_TOKENS", "CHAT_SECRET_ARN", "CHAT_METRICS_NAMESPACE"),
}


def _matches(pattern: str) -> AfterValidator:
    def check(value: str) -> str:
        if value and not re.fullmatch(pattern, value):
            raise ValueError(value)
        return value

    return AfterValidator(check)


def _retention(value: int) -> int:
    if value not in _RETENTION:
        raise ValueError(value)
    return value


def _key(value: SecretStr) -> SecretStr:
    # It is sent as a header.
    if not all("!" <= character <= "~" for character in value.get_secret_value()):
        raise ValueError
    return value


def _variable(value: str) -> str:
    known = re.fullmatch(
        r"CHAT_[A-Z_]+|LAMBDA_RUNTIME_SIGTERM|(HTTPS?|ALL|NO)_PROXY|SSL_CERT_(FILE|DIR)", value
    )
    if not known or value in _STACK_SETS:
        raise ValueError(value)
    return value


_PARTITION = r"arn:aws[a-z-]*"
_KMS_KEY = rf"{_PARTITION}:kms:[a-z0-9-]+:\d{{12}}:key/[A-Za-z0-9-]+"
_SECRET = rf"{_PARTITION}:secretsmanager:[a-z0-9-]+:\d{{12}}:secret:[A-Za-z0-9/_+=.@-]+"
_PRINCIPAL = rf"\d{{12}}|{_PARTITION}:iam::\d{{12}}:(root|(role|user)/[A-Za-z0-9/_+=,.@-]+)"
_IMAGE = r"\d{12}\.dkr[.-]ecr\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.aws)/[a-z0-9._/-]+@sha256:[0-9a-f]{64}"

KmsKeyArn = Annotated[str, _matches(_KMS_KEY), Words("the ARN of a KMS key (arn:aws:kms:…:key/…), or empty")]
SecretArn = Annotated[
    str,
    _matches(_SECRET),
    Words("the ARN of a secret in Secrets Manager (arn:aws:secretsmanager:…:secret:…), or empty"),
]
PolicyArn = Annotated[
    str,
    _matches(rf"{_PARTITION}:iam::(\d{{12}}|aws):policy/[A-Za-z0-9/_+=,.@-]+"),
    Words("the ARN of an IAM policy (arn:aws:iam::…:policy/…), or empty"),
]
Principal = Annotated[
    str,
    Field(min_length=1),
    _matches(_PRINCIPAL),
    Words("an account's number or the ARN of an IAM role or user (arn:aws:iam::…:role/…)"),
]
AlarmAction = Annotated[
    str,
    Field(min_length=1),
    _matches(rf"{_PARTITION}:[a-z0-9-]+:[a-z0-9-]*:\d{{12}}:.+"),
    Words("the ARN of what an alarm may tell, such as an SNS topic (arn:aws:sns:…)"),
]
ImageUri = Annotated[
    str,
    _matches(_IMAGE),
    Words("an image in ECR by its digest (…dkr.ecr.….amazonaws.com/name@sha256:…), or empty"),
]
ModelName = Annotated[
    str, Field(min_length=1), _matches(r"[^\s,]+"), Words("a model's name, without blanks or commas")
]
BaseUrl = Annotated[
    str,
    _matches(r"https?://[^\s/@?#]+(/[^\s?#]*)?"),
    Words("an http or https URL such as https://api.openai.com/v1, or empty for OpenAI's"),
]
AliasName = Annotated[
    str,
    Field(max_length=128),
    _matches(r"(?!\d+$)[A-Za-z0-9_-]+"),
    Words("a name of letters, digits, - and _ that is not a number, or empty for none"),
]
Variable = Annotated[
    str,
    AfterValidator(_variable),
    Words(
        "CHAT_… as in docs/configuration.md without those that have a key of their own, a proxy variable, "
        "SSL_CERT_FILE, SSL_CERT_DIR or LAMBDA_RUNTIME_SIGTERM"
    ),
]
KeyName = Annotated[
    str,
    Field(min_length=1),
    _matches(r"(?!AWS_)(?!OPENAI_API_KEY$)[A-Z][A-Z0-9_]*_API_KEY"),
    Words("ending in _API_KEY, such as ANTHROPIC_API_KEY (OpenAI's is openaiApiKey)"),
]
Key = Annotated[SecretStr, AfterValidator(_key), Words("the key alone, without blanks")]
RetentionDays = Annotated[
    int,
    AfterValidator(_retention),
    Words(f"one of {', '.join(map(str, _RETENTION))}: CloudWatch takes no other"),
]


class Settings(BaseModel):
    """A stack's configuration, as checked. Keys are in camelCase in the stack's file."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        extra="forbid",
        strict=True,
        hide_input_in_errors=True,
    )

    # The model
    model: ModelName = Field("gpt-4o-mini", description="Model to ask; `provider/model` goes to LiteLLM.")
    models: list[ModelName] = Field([], description="Further models that a request may name.")
    source: Literal["auto", "openai", "litellm"] = Field(
        "auto", description="Who answers: `auto` sends names with a slash to LiteLLM, as `CHAT_SOURCE` does."
    )
    openai_base_url: BaseUrl = Field("", description="Root of another OpenAI-compatible API.")
    system_prompt: str = Field("", description="System message put before every conversation.")
    max_output_tokens: int = Field(
        4096,
        ge=0,
        description="Most tokens of one answer, which bounds what one request can cost; 0 for no bound.",
    )
    environment: dict[Variable, str] = Field(
        {}, description="Further variables of the function, from the table of its environment below."
    )

    # Its key
    openai_api_key: Key = Field(
        SecretStr(""),
        description="OpenAI's key, always with `--secret`. It goes to Secrets Manager, and from there to the function.",
    )
    provider_keys: dict[KeyName, Key] = Field(
        {},
        description="Keys of LiteLLM's providers by variable, each set with `--secret --path providerKeys.NAME`.",
    )
    secret_arn: SecretArn = Field(
        "",
        description="A secret that exists already, in place of the two above: the key as text, or a JSON object of "
        "variables. The key then never passes through Pulumi.",
    )
    allow_missing_key: bool = Field(
        default=False,
        description="Deploy without a key; the function answers “OpenAI API key not configured”.",
    )

    # The image
    image_builder: Literal["pulumi-docker", "pulumi-docker-build", "prebuilt"] = Field(
        "pulumi-docker",
        description="What builds and pushes the image: `pulumi-docker-build` also where Docker uses the containerd "
        "image store, `prebuilt` takes `imageUri` and needs no Docker.",
    )
    image_uri: ImageUri = Field("", description="The image to deploy with `imageBuilder: prebuilt`.")
    base_image: str = Field("", description="Another base image than Dockerfile.streaming's, best by digest.")
    image_revision: str = Field(
        "", description="Any text; a new one builds the image anew, for example to take a patched base image."
    )
    images_to_keep: int = Field(
        10, ge=1, le=1000, description="Images that the repository keeps for going back."
    )

    # The functions
    memory_size: int = Field(512, ge=128, le=10240, description="Memory in MB; CPU grows with it.")
    timeout: int = Field(
        120, ge=10, le=900, description="Seconds after which an answer is cut off, saying so."
    )
    architecture: Literal["arm64", "x86_64"] = Field(
        "arm64", description="Processor; arm64 costs a fifth less."
    )
    reserved_concurrency: int = Field(
        10,
        ge=-1,
        le=100_000,
        description="Most answers at the same time, for each function: what a public URL can spend. 0 switches it "
        "off, -1 lifts the bound.",
    )
    alias: AliasName = Field("", description="Publish versions and put the URL on this alias.")
    provisioned_concurrency: int = Field(
        0,
        ge=0,
        le=100_000,
        description="Environments kept started on the alias, without cold starts; billed all day.",
    )
    buffered_function: bool = Field(
        default=False,
        description="Deploy `chat.app.handler` too: whole answers, `health` and `models`, at a URL of its own.",
    )
    xray: bool = Field(
        default=False, description="Trace with X-Ray; Lambda samples a request a second and 5 % beyond."
    )
    log_format: Literal["JSON", "Text"] = Field("JSON", description="Form of log lines.")
    log_level: Literal["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] = Field(
        "INFO", description="Least level that the function logs."
    )
    log_retention_days: RetentionDays = Field(30, description="Days that logs are kept.")

    # Who may call
    authorization: Literal["NONE", "AWS_IAM"] = Field(
        "NONE",
        description="`NONE`: anyone with the URL; `AWS_IAM`: those of `invokers`, with signed requests.",
    )
    invokers: list[Principal] = Field([], description="Who may call a URL with `AWS_IAM`.")
    cors_allow_origins: list[Origin] = Field(
        [], max_length=100, description="Origins of pages that may call the URL; none for servers alone."
    )
    cors_allow_methods: list[Method] = Field(
        ["GET", "POST"], min_length=1, max_length=6, description="Methods that those pages may use."
    )
    cors_allow_headers: list[Header] = Field(
        ["content-type", "cache-control"],
        max_length=100,
        description="Request headers that those pages may send.",
    )
    cors_expose_headers: list[Header] = Field(
        ["x-vercel-ai-data-stream"], max_length=100, description="Response headers that those pages may read."
    )
    cors_allow_credentials: bool = Field(default=False, description="Whether those pages may send cookies.")
    cors_max_age: int = Field(
        86_400, ge=0, le=86_400, description="Seconds that a browser keeps a preflight's answer."
    )

    # Watching
    metrics: bool = Field(
        default=True, description="Metrics from the function, and the dashboard that shows them."
    )
    alarms: bool = Field(
        default=True, description="Alarms on errors, throttles, the time to the first token and concurrency."
    )
    alarm_actions: list[AlarmAction] = Field(
        [],
        max_length=5,
        description="What alarms tell when they go off and when it is over, such as an SNS topic.",
    )
    alarm_first_token_ms: int = Field(
        3000, ge=1, le=900_000, description="Milliseconds to the first token that one answer in ten may pass."
    )
    alarm_error_percent: int = Field(
        5, ge=1, le=100, description="Failed answers in a hundred that raise the alarm."
    )

    # What the account asks for
    kms_key_arn: KmsKeyArn = Field(
        "", description="KMS key for the secret, the logs and the images, in place of AWS's own."
    )
    permissions_boundary: PolicyArn = Field("", description="Permissions boundary of the functions' roles.")

    @property
    def uses_litellm(self) -> bool:
        """Whether any model that a request may name is LiteLLM's to answer, so that the image must have it."""
        return self.source == "litellm" or (
            self.source == "auto" and any("/" in name for name in (self.model, *self.models))
        )

    @property
    def uses_openai(self) -> bool:
        """Whether any model is asked at the OpenAI wire, which needs `openaiApiKey`."""
        return self.source == "openai" or (
            self.source == "auto" and not all("/" in name for name in (self.model, *self.models))
        )

    @property
    def key_variables(self) -> dict[str, str]:
        """The keys that the stack keeps, by the variable that each is read from; empty if there is none."""
        keys = {"OPENAI_API_KEY": self.openai_api_key, **self.provider_keys}
        return {name: key.get_secret_value() for name, key in keys.items() if key.get_secret_value()}

    @model_validator(mode="after")
    def _agree(self) -> Settings:
        """Check what concerns two keys at once.

        Raises:
            ValueError: a sentence, whole.
        """
        for wrong, sentence in self._conflicts():
            if wrong:
                raise ValueError(sentence)
        return self

    def _conflicts(self) -> Iterator[tuple[bool, str]]:
        own_key = bool(self.key_variables)
        yield (
            bool(self.secret_arn) and own_key,
            (
                "secretArn names a secret that exists already, so openaiApiKey and providerKeys must not be set: "
                "`pulumi config rm openaiApiKey`."
            ),
        )
        if not self.allow_missing_key and not self.secret_arn:
            yield (
                self.uses_openai and not self.openai_api_key.get_secret_value(),
                (
                    "openaiApiKey is missing: set it with `pulumi config set --secret openaiApiKey`, name a secret "
                    "that exists with `pulumi config set secretArn ARN`, or deploy without one by `pulumi config set "
                    "allowMissingKey true`."
                ),
            )
            yield (
                self.uses_litellm and not own_key,
                (
                    f"model is {self.model!r}, which LiteLLM answers, and no key is set for its provider: `pulumi "
                    "config set --secret --path providerKeys.ANTHROPIC_API_KEY` (the variable that LiteLLM reads)."
                ),
            )
        yield (
            self.image_builder == "prebuilt" and not self.image_uri,
            (
                "imageBuilder is 'prebuilt', and imageUri is missing: set it to the image's digest in ECR, "
                "`pulumi config set imageUri ….amazonaws.com/name@sha256:…`."
            ),
        )
        yield (
            self.image_builder != "prebuilt" and bool(self.image_uri),
            (
                f"imageUri is set, but imageBuilder is {self.image_builder!r}, which builds an image: "
                "`pulumi config set imageBuilder prebuilt`, or `pulumi config rm imageUri`."
            ),
        )
        yield (
            self.provisioned_concurrency > 0 and not self.alias,
            (
                f"provisionedConcurrency is {self.provisioned_concurrency}, and alias is empty; AWS keeps environments "
                "started for a published version alone: `pulumi config set alias live`."
            ),
        )
        yield (
            0 <= self.reserved_concurrency < self.provisioned_concurrency,
            (
                f"provisionedConcurrency is {self.provisioned_concurrency}, which must not be more than "
                f"reservedConcurrency, {self.reserved_concurrency}."
            ),
        )
        yield (
            self.authorization == "AWS_IAM" and not self.invokers,
            (
                "authorization is 'AWS_IAM', and invokers is empty: say who may call, "
                "`pulumi config set --path 'invokers[0]' arn:aws:iam::ACCOUNT:role/NAME`."
            ),
        )
        yield (
            self.authorization == "NONE" and bool(self.invokers),
            (
                "invokers is set, but authorization is 'NONE', with which anyone may call: "
                "`pulumi config set authorization AWS_IAM`, or `pulumi config rm invokers`."
            ),
        )
        yield (
            self.cors_allow_credentials and "*" in self.cors_allow_origins,
            (
                "corsAllowCredentials is true, so corsAllowOrigins must name each origin: browsers refuse cookies "
                "with *."
            ),
        )
        yield (
            self.cors_allow_credentials and "*" in (*self.cors_allow_methods, *self.cors_allow_headers),
            (
                "corsAllowCredentials is true, so corsAllowMethods and corsAllowHeaders must name each one: with "
                "cookies, browsers take * for a name."
            ),
        )
        yield (
            len(self.cors_allow_methods) > 1 and "*" in self.cors_allow_methods,
            "corsAllowMethods has * among others; * alone says it all.",
        )
        yield (
            bool(self.alarm_actions) and not self.alarms,
            (
                "alarmActions is set, but alarms is false: `pulumi config set alarms true`, or "
                "`pulumi config rm alarmActions`."
            ),
        )
