"""Every environment variable that the chat function reads, in one object, read once at init.

`docs/configuration.md` is generated from this class (`scripts/configuration.py`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from chat.web_addresses import checked, without_password

if TYPE_CHECKING:
    from collections.abc import Mapping

Seconds = Annotated[float, Meta(gt=0, le=900)]
Count = Annotated[int, Meta(ge=1)]

_LISTS = ("models", "paths", "attachment_types", "attachment_schemes")
_ENVIRONMENT = {"openai_api_key": "OPENAI_API_KEY", "openai_base_url": "OPENAI_BASE_URL"}


def environment_name(field: str) -> str:
    """The variable that sets a field: OPENAI_… as every OpenAI client names them, CHAT_… for the rest."""
    return _ENVIRONMENT.get(field, f"CHAT_{field.upper()}")


class SettingsError(ValueError):
    """A variable has a wrong value; the message is a sentence that names it and says what is allowed."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename=environment_name):
    """The function's configuration. Lists are comma-separated in the environment; an empty value is unset."""

    openai_api_key: Annotated[
        str,
        Meta(
            description="Key for `OPENAI_BASE_URL`, whatever serves it; a local server takes any. Without it the "
            "models that are asked there answer “not configured”. Of LiteLLM's, those of `openai/…` alone need it."
        ),
    ] = ""
    secret_arn: Annotated[
        str,
        Meta(
            description="ARN of a secret in AWS Secrets Manager, in place of `OPENAI_API_KEY`: its text is that key, "
            'or a JSON object of variables, `{"OPENAI_API_KEY": "…", "ANTHROPIC_API_KEY": "…"}`. It is read at init, '
            "and again when a key is refused; the function's role needs `secretsmanager:GetSecretValue` on it."
        ),
    ] = ""
    secret_timeout: Annotated[
        float,
        Meta(
            gt=0,
            le=9,
            description="Seconds in which the secret must be read; Lambda gives the whole init 10.",
        ),
    ] = 5.0
    openai_base_url: Annotated[
        str,
        Meta(
            description="Root of any OpenAI-compatible API: Ollama, vLLM, a LiteLLM proxy.",
        ),
    ] = "https://api.openai.com/v1"
    model: Annotated[
        str,
        Meta(min_length=1, description="Model to ask. `provider/model` goes to LiteLLM."),
    ] = "gpt-4o-mini"
    models: Annotated[
        tuple[str, ...],
        Meta(description="Further models that a request may name in `model`; any other name is refused."),
    ] = ()
    source: Annotated[
        Literal["auto", "openai", "litellm"],
        Meta(
            description="`auto` sends names with a slash to LiteLLM; `openai` sends every name to "
            "`OPENAI_BASE_URL` (vLLM and OpenRouter have slashes in their names); `litellm` sends every name "
            "to LiteLLM."
        ),
    ] = "auto"
    system_prompt: Annotated[
        str, Meta(description="System message put before every conversation; empty for none.")
    ] = ""
    allow_client_system: Annotated[
        bool, Meta(description="Accept system messages from clients. Off: they are refused.")
    ] = False
    max_output_tokens: Annotated[
        int,
        Meta(
            ge=0, description="Upper bound of tokens in one answer, sent to the model; 0 for the model's own."
        ),
    ] = 0
    connect_timeout: Annotated[Seconds, Meta(description="Seconds to reach the model's server.")] = 5.0
    first_token_timeout: Annotated[
        Seconds, Meta(description="Seconds from the request to the first event.")
    ] = 60.0
    token_timeout: Annotated[Seconds, Meta(description="Seconds between two events of an answer.")] = 30.0
    retry_budget: Annotated[
        float,
        Meta(
            ge=0,
            le=900,
            description="Seconds within which a failed request may be tried again; 0 for one try.",
        ),
    ] = 20.0
    keepalive: Annotated[
        Seconds, Meta(description="Seconds of silence after which a keep-alive is sent.")
    ] = 10.0
    deadline_margin: Annotated[
        float,
        Meta(
            ge=2.5,
            le=60,
            description="Seconds before the invocation's deadline at which an answer is cut off, saying so.",
        ),
    ] = 3.0
    metrics_namespace: Annotated[
        str,
        Meta(
            pattern=r"^(?!AWS/)[0-9A-Za-z._#/-][0-9A-Za-z._#:/-]{0,254}$",
            description="CloudWatch namespace of the metrics that the function writes to its log; empty for none.",
            extra={"allowed": "up to 255 of A-Z a-z 0-9 . - _ / # :, beginning with neither : nor AWS/"},
        ),
    ] = ""
    paths: Annotated[
        tuple[str, ...],
        Meta(min_length=1, description="HTTP paths that answer; any other is 404. `*` for all."),
    ] = ("/", "/api/chat")
    max_body_bytes: Annotated[Count, Meta(description="Largest request body, in bytes after base64.")] = (
        262_144
    )
    max_messages: Annotated[Count, Meta(description="Most messages in one request.")] = 100
    attachment_types: Annotated[
        tuple[str, ...],
        Meta(description="Media types that an attachment may have; `text/*` covers all of text."),
    ] = ("image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/*")
    attachment_schemes: Annotated[
        tuple[Literal["https", "http", "data"], ...],
        Meta(
            description="URL schemes that an attachment may have; with a model of LiteLLM, which would fetch it, "
            "`data` alone."
        ),
    ] = ("https", "data")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read and check all variables.

        Raises:
            SettingsError: naming the first variable that is wrong, and what is allowed.
        """
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        for field in cls.__struct_fields__:
            name = environment_name(field)
            if text := environ.get(name, "").strip():
                is_list = field in _LISTS
                values[name] = [item.strip() for item in text.split(",") if item.strip()] if is_list else text
        try:
            settings = msgspec.convert(values, cls, strict=False)
        except msgspec.ValidationError as error:
            raise cls._error(str(error), environ) from None
        try:
            checked(settings.openai_base_url)
        except ValueError as error:
            raise SettingsError(
                f"OPENAI_BASE_URL is {without_password(settings.openai_base_url)!r}, but {error}; it must be an "
                "http or https URL, for example https://api.openai.com/v1 or http://localhost:11434/v1."
            ) from None
        if settings.secret_arn:
            cls._check_secret(settings.secret_arn, settings.openai_api_key)
        return settings

    @staticmethod
    def _check_secret(arn: str, key: str) -> None:
        from chat.aws.secret_arn import SecretArn  # noqa: PLC0415 - needed with a secret alone

        if key:
            raise SettingsError(
                "OPENAI_API_KEY and CHAT_SECRET_ARN are both set, so it is not clear which key is meant; unset one of "
                "them."
            )
        try:
            SecretArn.parse(arn)
        except ValueError as error:
            # The value is not shown: it may be the key itself.
            raise SettingsError(
                f"CHAT_SECRET_ARN {error}; it must be like arn:aws:secretsmanager:eu-central-1:123456789012:secret:"
                "chat-AbCdEf (the key itself belongs into the secret)."
            ) from None

    @classmethod
    def _error(cls, message: str, environ: Mapping[str, str]) -> SettingsError:
        """Make msgspec's "Expected `int` >= 1 - at `$.CHAT_MAX_MESSAGES`" a sentence for the operator."""
        field = next(each for each in cls.__struct_fields__ if f"`$.{environment_name(each)}" in message)
        name = environment_name(field)
        return SettingsError(f"{name} is {environ[name]!r}; it must be {allowed_values(field)}.")

    def __repr__(self) -> str:
        """Without the key, for logs and tracebacks."""
        url = without_password(self.openai_base_url)
        return f"Settings(model={self.model!r}, source={self.source!r}, openai_base_url={url!r})"

    @property
    def names_a_key(self) -> bool:
        """Whether the default model has a key to be asked with, as far as settings can tell: LiteLLM has its own."""
        return bool(self.openai_api_key or self.secret_arn) or self.answers_with_litellm

    @property
    def allowed_models(self) -> tuple[str, ...]:
        """The models that a request may name, each once, the default first."""
        return tuple(dict.fromkeys((self.model, *self.models)))

    @property
    def answers_with_litellm(self) -> bool:
        """Whether the default model is LiteLLM's to answer."""
        return self.uses_litellm(self.model)

    def uses_litellm(self, model: str) -> bool:
        """Whether a model's name is LiteLLM's to answer."""
        return self.source == "litellm" or (self.source == "auto" and "/" in model)


def allowed_values(field: str) -> str:
    """What a field may be, in words; for error messages and `docs/configuration.md`."""
    from msgspec import inspect  # noqa: PLC0415 - only where something is wrong, never on the cold path

    info = inspect.type_info(Settings)
    assert isinstance(info, inspect.StructType)
    kind = next(each.type for each in info.fields if each.name == field)
    while isinstance(kind, inspect.Metadata):
        if kind.extra and "allowed" in kind.extra:
            return str(kind.extra["allowed"])  # what a pattern means
        kind = kind.type
    match kind:
        case inspect.VarTupleType():
            items = kind.item_type
            listed = _choice(items.values) if isinstance(items, inspect.LiteralType) else "text"
            return f"a comma-separated list of {listed}" + (", at least 1" if kind.min_length else "")
        case inspect.LiteralType():
            return _choice(kind.values)
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType() | inspect.FloatType():
            bounds = (("> ", kind.gt), (">= ", kind.ge), ("<= ", kind.le))
            number = "a whole number" if isinstance(kind, inspect.IntType) else "a number"
            return " ".join(
                [number, " and ".join(f"{sign}{bound:g}" for sign, bound in bounds if bound is not None)]
            )
        case _:
            return "text"


def _choice(values: tuple[Any, ...]) -> str:
    return f"{', '.join(values[:-1])} or {values[-1]}"
