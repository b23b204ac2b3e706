"""What one value of the configuration may be: types with their checks, and the words that say so.

Patterns and bounds are AWS's own, as its APIs state them; tests/infra/test_settings.py compares them with botocore's
models of those.
"""

from __future__ import annotations

import difflib
import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field, SecretStr

from infra.allowed import RefusedError, Words
from infra.key_shapes import looks_secret

# CloudWatch Logs takes these and no others (PutRetentionPolicy).
RETENTION: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
# What the stack sets, each by a key of its own.
STACK_SETS: Final = {
    "OPENAI_API_KEY": "--secret openaiApiKey",
    "OPENAI_BASE_URL": "openaiBaseUrl",
    "CHAT_MODEL": "model",
    "CHAT_MODELS": "--path 'models[0]'",
    "CHAT_SOURCE": "source",
    "CHAT_SYSTEM_PROMPT": "systemPrompt",
    "CHAT_MAX_OUTPUT_TOKENS": "maxOutputTokens",
    "CHAT_SECRET_ARN": "--plaintext secretArn",
    "CHAT_METRICS_NAMESPACE": "metrics",
}
# The rest of what the function reads. infra/ imports nothing of it; tests/infra compares.
FUNCTION_READS: Final = {
    *("CHAT_ALLOW_CLIENT_SYSTEM", "CHAT_ATTACHMENT_SCHEMES", "CHAT_ATTACHMENT_TYPES", "CHAT_CONNECT_TIMEOUT"),
    *("CHAT_DEADLINE_MARGIN", "CHAT_FIRST_TOKEN_TIMEOUT", "CHAT_KEEPALIVE", "CHAT_MAX_BODY_BYTES"),
    *("CHAT_MAX_MESSAGES", "CHAT_PATHS", "CHAT_RETRY_BUDGET", "CHAT_SECRET_TIMEOUT", "CHAT_TOKEN_TIMEOUT"),
    *("LAMBDA_RUNTIME_SIGTERM", "AWS_ENDPOINT_URL_SECRETS_MANAGER"),
}
# Lambda's own, this function's own unless it reads them, and what decides which code Python or the linker loads.
_NOT_FREE: Final = ("AWS_", "LAMBDA_", "CHAT_", "PYTHON", "LD_", "_")
# As the function's secret takes them (lambda/chat/secret_text.py).
_SECRET_ENDINGS: Final = ("_KEY", "_APIKEY", "_TOKEN", "_SECRET", "_PASSWORD")
# Called as secrets are, but not as the function takes them.
_SECRETS_NAME: Final = re.compile(r"APIKEY$|(^|_)(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$")
# Which code is loaded, where TLS writes its secrets, and libraries that log whole requests, keys with them.
_NOBODYS: Final = re.compile(
    r"(OPENSSL|GLIBC|MALLOC|GRPC|LITELLM_LOG|OPENAI_LOG|HTTPX_LOG)(_.*)?"
    r"|SSLKEYLOGFILE|PATH|HOME|SHELL|IFS|ENV|BASH_ENV|GCONV_PATH|LOCPATH|NLSPATH|HOSTALIASES|RESOLV_HOST_CONF"
)
_ADDRESS_ENDINGS: Final = ("_BASE", "_URL", "_ENDPOINT")


def _matches(pattern: str) -> AfterValidator:
    def check(value: str) -> str:
        if value and not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(value)
        return value

    return AfterValidator(check)


def _retention(value: int) -> int:
    if value not in RETENTION:
        raise ValueError(value)
    return value


def _sendable(value: SecretStr) -> SecretStr:
    # It is sent as a header.
    if not all("!" <= character <= "~" for character in value.get_secret_value()):
        raise ValueError
    return value


def _plain(value: str) -> str:
    """Whoever may look at the function may read its variables, so nothing secret goes there."""
    if "\0" in value:
        raise RefusedError("has a NUL character in it, which no variable can hold.")
    if looks_secret(value):
        raise RefusedError(
            "has what looks like a key or a password in it, and a function's variables are no place for that: take "
            "it back where it was made, and put a new one in openaiApiKey, providerKeys or the secret of secretArn."
        )
    return value


def _variable(name: str) -> str:
    if name in STACK_SETS:
        raise RefusedError(
            f"has the name {name}, which a key of the stack sets: `pulumi config set {STACK_SETS[name]} …`."
        )
    if looks_secret(name) or not re.fullmatch(r"[A-Z][A-Z0-9_]+", name):
        raise ValueError(name)
    if name.endswith(_SECRET_ENDINGS):
        raise RefusedError(
            f"has the name {name}, and a function's variables are no place for secrets: "
            f"`pulumi config set --secret --path providerKeys.{name}`."
        )
    if _SECRETS_NAME.search(name):
        raise RefusedError(
            f"has the name {name}, and a function's variables are no place for secrets: LiteLLM's providers read "
            "theirs from others too, such as WATSONX_APIKEY, which go to providerKeys."
        )
    if _NOBODYS.fullmatch(name):
        raise RefusedError(
            f"has the name {name}, and no stack sets that: it decides which code is loaded, where secrets of TLS are "
            "written, or whether a library logs whole requests."
        )
    if name.startswith(_NOT_FREE) and name not in FUNCTION_READS:
        if near := difflib.get_close_matches(name, FUNCTION_READS, n=1, cutoff=0.8):
            raise RefusedError(f"has the name {name}, which the function does not read. Is it {near[0]}?")
        raise ValueError(name)
    return name


def _addresses(variables: dict[str, str]) -> dict[str, str]:
    """Nothing but an address in addresses: what is before an @, or behind a question mark, is often a key."""
    for name, value in variables.items():
        if name.endswith("_PROXY") and "@" in value:
            raise RefusedError(
                f"has an @ in {name}, and before it what a proxy asks for, which whoever may look at the function "
                "could read: let the proxy know the function by its address."
            )
        if name.endswith(_ADDRESS_ENDINGS) and ("?" in value or "@" in value):
            raise RefusedError(
                f"has more than an address in {name}: no query (?) and no user (@), which whoever may look at the "
                "function could read. A key belongs in providerKeys."
            )
    return variables


_PARTITION: Final = r"arn:aws[a-z-]*"
_KMS_KEY: Final = rf"{_PARTITION}:kms:[a-z0-9-]+:\d{{12}}:key/[A-Za-z0-9-]+"
# With the six characters that Secrets Manager adds: a policy on the ARN without them allows nothing.
_SECRET: Final = (
    rf"{_PARTITION}:secretsmanager:[a-z0-9-]+:\d{{12}}:secret:[A-Za-z0-9/_+=.@!-]+-[A-Za-z0-9]{{6}}"
)
_PRINCIPAL: Final = (
    rf"\d{{12}}|{_PARTITION}:iam::\d{{12}}:(root|(role|user)/[A-Za-z0-9/_+=,.@-]+)"
    rf"|{_PARTITION}:cloudfront::\d{{12}}:distribution/[A-Z0-9]+"
)
# Never with a tag, which Lambda refuses before a digest.
_DIGEST: Final = "@sha256:[0-9a-f]{64}"
_ECR_IMAGE: Final = (
    rf"\d{{12}}\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.aws)/[a-z0-9._/-]+{_DIGEST}"
)
# The grammar of image references (github.com/distribution/reference), with a host or without.
_COMPONENT: Final = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_IMAGE: Final = rf"([A-Za-z0-9.-]+(:\d+)?/)?{_COMPONENT}(/{_COMPONENT})*(:[\w][\w.-]{{0,127}})?({_DIGEST})?"

KmsKeyArn = Annotated[str, _matches(_KMS_KEY), Words("the ARN of a KMS key (arn:aws:kms:…:key/…), or empty")]
SecretArn = Annotated[
    str,
    _matches(_SECRET),
    Words(
        "the whole ARN of a secret in Secrets Manager (arn:aws:secretsmanager:…:secret:NAME-AbCdEf, with the six "
        "characters that AWS has added), or empty"
    ),
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
    Words(
        "an account's number or the ARN of an IAM role or user (arn:aws:iam::…:role/…) or of a CloudFront "
        "distribution (arn:aws:cloudfront::…:distribution/…)"
    ),
]
AlarmAction = Annotated[
    str,
    Field(min_length=1),
    _matches(rf"{_PARTITION}:[a-z0-9-]+:[a-z0-9-]*:\d{{12}}:\S+"),
    Words("the ARN of what an alarm may tell, such as an SNS topic (arn:aws:sns:…)"),
]
ImageUri = Annotated[
    str,
    _matches(_ECR_IMAGE),
    Words("an image in ECR by its digest (…dkr.ecr.….amazonaws.com/name@sha256:…), without a tag, or empty"),
]
BaseImage = Annotated[
    str,
    _matches(_IMAGE),
    Words("the name of an image, such as public.ecr.aws/lambda/python:3.13@sha256:…, or empty for that one"),
]
ModelName = Annotated[
    str,
    Field(min_length=1),
    AfterValidator(_plain),
    _matches(r"[!-+\--~]+"),
    Words("a model's name, without blanks or commas"),
]
BaseUrl = Annotated[
    str,
    AfterValidator(_plain),
    _matches(r"https://[\w.\[\]:-]+(/[!-\"$->@-~]*)?"),
    Words("an https URL such as https://api.openai.com/v1, or empty for OpenAI's"),
]
AliasName = Annotated[
    str,
    Field(max_length=128),
    _matches(r"(?!\d+$)[A-Za-z0-9_-]+"),
    Words("a name of at most 128 letters, digits, - and _ that is not a number, or empty for none"),
]
PlainText = Annotated[str, AfterValidator(_plain), Words("text with nothing secret in it")]
Variable = Annotated[
    str,
    AfterValidator(_variable),
    Words(
        "that of a variable of docs/configuration.md that no key of the stack sets (CHAT_…, a proxy …), or of one that "
        "LiteLLM's providers read, such as AZURE_API_BASE; never a secret's"
    ),
]
Variables = Annotated[dict[Variable, PlainText], AfterValidator(_addresses)]
KeyName = Annotated[
    str,
    Field(max_length=64),
    _matches(rf"(?!AWS_|LAMBDA_|CHAT_)(?!OPENAI_API_KEY$)[A-Z][A-Z0-9_]*({'|'.join(_SECRET_ENDINGS)})"),
    Field(min_length=1),
    Words(
        "ending in _API_KEY, _TOKEN, _SECRET or _PASSWORD, such as ANTHROPIC_API_KEY (OpenAI's is openaiApiKey)"
    ),
]
Key = Annotated[SecretStr, AfterValidator(_sendable), Words("the key alone, without blanks")]
RetentionDays = Annotated[
    int,
    AfterValidator(_retention),
    Words(f"one of {', '.join(map(str, RETENTION))}: CloudWatch takes no other"),
]
