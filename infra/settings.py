"""Every key of the stack's configuration, in one object.

`Pulumi.yaml`'s schema and `docs/configuration.md` are generated from this class (`make docs`); `infra/config.py`
reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic.alias_generators import to_camel

from infra.agreement import conflicts
from infra.allowed import RefusedError
from infra.cors import Header, Method, Origin
from infra.values import (
    AlarmAction,
    AliasName,
    BaseImage,
    BaseUrl,
    ImageUri,
    Key,
    KeyName,
    KmsKeyArn,
    ModelName,
    PlainText,
    PolicyArn,
    Principal,
    RetentionDays,
    SecretArn,
    Variables,
)

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


def configuration_keys() -> dict[str, FieldInfo]:
    """Every key as the stack's file has it, with what is said of it."""
    return {str(field.alias): field for field in Settings.model_fields.values()}


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
    system_prompt: PlainText = Field("", description="System message put before every conversation.")
    max_output_tokens: int = Field(
        4096,
        ge=0,
        description="Most tokens of one answer, which bounds what one request can cost; 0 for no bound.",
    )
    environment: Variables = Field(
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
    base_image: BaseImage = Field(
        "", description="Another base image than Dockerfile.streaming's, best by digest."
    )
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
        "off, -1 lifts the bound. AWS wants 100 of the account's quota left for all others, and a new account's quota "
        "may be 10.",
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
    # Two statements of up to 450 bytes each in a function's policy, which holds 20 KB.
    invokers: list[Principal] = Field([], max_length=20, description="Who may call a URL with `AWS_IAM`.")
    cors_allow_origins: list[Origin] = Field(
        [], max_length=100, description="Origins of pages that may call the URL; none for servers alone."
    )
    cors_allow_methods: list[Method] = Field(
        ["GET", "POST"], min_length=1, max_length=6, description="Methods that those pages may use."
    )
    # ai 5.0.43 to 5.0.152 and 6.0.0 to 6.0.125 set `user-agent`, and Safari and Firefox ask for it (vercel/ai#9256).
    cors_allow_headers: list[Header] = Field(
        ["content-type", "cache-control", "user-agent"],
        max_length=100,
        description="Request headers that those pages may send.",
    )
    cors_expose_headers: list[Header] = Field(
        ["x-vercel-ai-data-stream", "x-vercel-ai-ui-message-stream"],
        max_length=100,
        description="Response headers that those pages may read.",
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
        default=True,
        description="Alarms on failed and cut-off answers, the time to the first token, crashes, throttles and "
        "concurrency; without `metrics` on the last three alone.",
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
        "",
        description="KMS key for the secret, the logs and the images, in place of AWS's own. The function's variables, "
        "which hold nothing secret, and Lambda's copy of the image stay under AWS's.",
    )
    permissions_boundary: PolicyArn = Field("", description="Permissions boundary of the functions' roles.")

    @property
    def uses_litellm(self) -> bool:
        """Whether any model that a request may name is LiteLLM's to answer, so that the image must have it."""
        return bool(self.litellm_models)

    @property
    def needs_openai_key(self) -> bool:
        """Whether any model is asked with `openaiApiKey`: at the OpenAI wire, or by LiteLLM as OpenAI's own."""
        others = [name for name in self.litellm_models if not _is_openais(name)]
        return len(others) < len(self._models)

    @property
    def model_of_another_provider(self) -> str:
        """The first model that LiteLLM asks with a key of `providerKeys`; empty if there is none."""
        return next((name for name in self.litellm_models if not _is_openais(name)), "")

    @property
    def key_variables(self) -> dict[str, str]:
        """The keys that the stack keeps, by the variable that each is read from; empty if there is none."""
        keys = {"OPENAI_API_KEY": self.openai_api_key, **self.provider_keys}
        return {name: key.get_secret_value() for name, key in keys.items() if key.get_secret_value()}

    @property
    def variables(self) -> dict[str, str]:
        """The function's variables that these settings say alone, as its own settings read them.

        An empty one is as good as none and left out.
        """
        given = {
            **self.environment,
            "CHAT_MODEL": self.model,
            "CHAT_MODELS": ",".join(self.models),
            "CHAT_SOURCE": self.source,
            "OPENAI_BASE_URL": self.openai_base_url,
            "CHAT_SYSTEM_PROMPT": self.system_prompt,
            "CHAT_MAX_OUTPUT_TOKENS": str(self.max_output_tokens),
        }
        return {name: value for name, value in given.items() if value}

    @property
    def _models(self) -> list[str]:
        return [self.model, *self.models]

    @property
    def litellm_models(self) -> list[str]:
        """The models that LiteLLM answers."""
        if self.source == "auto":
            return [name for name in self._models if "/" in name]
        return self._models if self.source == "litellm" else []

    @model_validator(mode="after")
    def _agree(self) -> Settings:
        """Check what concerns several keys at once.

        Raises:
            RefusedError: whole sentences, one a line.
        """
        if sentences := list(conflicts(self)):
            raise RefusedError("\n".join(sentences))
        return self


def _is_openais(name: str) -> bool:
    """Whether LiteLLM asks OpenAI itself for a model of this name."""
    return "/" not in name or name.startswith("openai/")
