"""The sentences with which a preview stops: each names the key, what stands there, and what may."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.settings import Settings
from tests.fakes.pulumi_program import KEY, PROJECT, refusal, run_program
from tests.fakes.stack_configurations import stack_file

if TYPE_CHECKING:
    from pathlib import Path

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:chat-AbCdEf"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/chat@sha256:" + "0" * 64
_PREBUILT = {"imageBuilder": "prebuilt", "imageUri": IMAGE}
ROLE = "arn:aws:iam::123456789012:role/backend"
KMS = "arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012"
TOPIC = "arn:aws:sns:us-east-1:123456789012:on-call"

_ORIGIN = (
    "an origin as a browser sends it, such as https://chat.example.com or http://localhost:5173 (lower case, no "
    "path, no slash at the end), or * alone"
)
_RETENTION = (
    "one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, "
    "3653: CloudWatch takes no other"
)
_NAME = (
    "that of a variable of docs/configuration.md that no key of the stack sets (CHAT_…, a proxy …), or of one that "
    "LiteLLM's providers read, such as AZURE_API_BASE; never a secret's"
)
_KEY_NAME = (
    "ending in _API_KEY, _TOKEN, _SECRET or _PASSWORD, such as ANTHROPIC_API_KEY (OpenAI's is openaiApiKey)"
)
_IN_THE_WRONG_PLACE = (
    "has what looks like a key or a password in it, and a function's variables are no place for that: take it back "
    "where it was made, and put a new one in openaiApiKey, providerKeys or the secret of secretArn."
)


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("model", "", 'model is ""; it must be a model\'s name, without blanks or commas.'),
        ("model", "a,b", 'model is "a,b"; it must be a model\'s name, without blanks or commas.'),
        (
            "models",
            "gpt-4o",
            'models is "gpt-4o"; it must be a list, each a model\'s name, without blanks or commas.',
        ),
        ("models", ["gpt-4o", 4], "models[1] is 4; it must be a model's name, without blanks or commas."),
        ("source", "azure", 'source is "azure"; it must be auto, openai or litellm.'),
        (
            "openaiBaseUrl",
            "http://api.example.com/v1",
            (
                'openaiBaseUrl is "http://api.example.com/v1"; it must be an https URL such as '
                "https://api.openai.com/v1, or empty for OpenAI's."
            ),
        ),
        ("openaiBaseUrl", "https://me:word@api.example.com", f"openaiBaseUrl {_IN_THE_WRONG_PLACE}"),
        ("maxOutputTokens", -1, "maxOutputTokens is -1; it must be a whole number of at least 0."),
        ("maxOutputTokens", "many", 'maxOutputTokens is "many"; it must be a whole number of at least 0.'),
        (
            "environment",
            {"CHAT_MODEL": "x"},
            "environment has the name CHAT_MODEL, which a key of the stack sets: `pulumi config set model …`.",
        ),
        (
            "environment",
            {"OPENAI_API_KEY": "x"},
            (
                "environment has the name OPENAI_API_KEY, which a key of the stack sets: `pulumi config set --secret "
                "openaiApiKey …`."
            ),
        ),
        (
            "environment",
            {"CHAT_KEEP_ALIVE": "5"},
            "environment has the name CHAT_KEEP_ALIVE, which the function does not read. Is it CHAT_KEEPALIVE?",
        ),
        ("environment", {"CHAT_X": "5"}, f'environment has the name "CHAT_X"; it must be {_NAME}.'),
        ("environment", {"AWS_REGION": "x"}, f'environment has the name "AWS_REGION"; it must be {_NAME}.'),
        ("environment", {"LD_PRELOAD": "x"}, f'environment has the name "LD_PRELOAD"; it must be {_NAME}.'),
        ("environment", {"https_proxy": "x"}, f'environment has the name "https_proxy"; it must be {_NAME}.'),
        (
            "environment",
            {"ANTHROPIC_API_KEY": "x"},
            (
                "environment has the name ANTHROPIC_API_KEY, and a function's variables are no place for secrets: "
                "`pulumi config set --secret --path providerKeys.ANTHROPIC_API_KEY`."
            ),
        ),
        (
            "environment",
            {"CHAT_KEEPALIVE": ["5"]},
            (
                "environment.CHAT_KEEPALIVE is a value that is not allowed; it must be text with nothing secret "
                "in it."
            ),
        ),
        (
            "environment",
            {"HTTPS_PROXY": "http://me:word@proxy.example.com"},
            f"environment.HTTPS_PROXY {_IN_THE_WRONG_PLACE}",
        ),
        ("systemPrompt", f"Say {KEY}-and-more.", f"systemPrompt {_IN_THE_WRONG_PLACE}"),
        ("systemPrompt", "AKIA" + "A" * 16, f"systemPrompt {_IN_THE_WRONG_PLACE}"),
        ("systemPrompt", "a\0b", "systemPrompt has a NUL character in it, which no variable can hold."),
        (
            "openaiApiKey",
            "sk and more",
            "openaiApiKey is not allowed as it stands; it must be the key alone, without blanks.",
        ),
        (
            "providerKeys",
            {"A_API_KEY": "a b"},
            "providerKeys.A_API_KEY is a value that is not allowed; it must be the key alone, without blanks.",
        ),
        (
            "providerKeys",
            {"OPENAI_API_KEY": "ab"},
            f'providerKeys has the name "OPENAI_API_KEY"; it must be {_KEY_NAME}.',
        ),
        (
            "providerKeys",
            {"AWS_SECRET_ACCESS_KEY": "ab"},
            f'providerKeys has the name "AWS_SECRET_ACCESS_KEY"; it must be {_KEY_NAME}.',
        ),
        (
            "secretArn",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:chat",
            (
                "secretArn is not allowed as it stands; it must be the whole ARN of a "
                "secret in Secrets Manager (arn:aws:secretsmanager:…:secret:NAME-AbCdEf, with the six characters that "
                "AWS has added), or empty."
            ),
        ),
        ("allowMissingKey", "yes", 'allowMissingKey is "yes"; it must be true or false.'),
        ("allowMissingKey", 1, "allowMissingKey is 1; it must be true or false."),
        (
            "imageBuilder",
            "kaniko",
            'imageBuilder is "kaniko"; it must be pulumi-docker, pulumi-docker-build or prebuilt.',
        ),
        (
            "imageUri",
            "chat:latest",
            (
                'imageUri is "chat:latest"; it must be an image in ECR by its digest (…dkr.ecr.….amazonaws.com/name@'
                "sha256:…), without a tag, or empty."
            ),
        ),
        (
            "baseImage",
            "Python 3.13",
            (
                'baseImage is "Python 3.13"; it must be the name of an image, such as '
                "public.ecr.aws/lambda/python:3.13@"
                "sha256:…, or empty for that one."
            ),
        ),
        ("imagesToKeep", 0, "imagesToKeep is 0; it must be a whole number from 1 to 1000."),
        ("memorySize", 127, "memorySize is 127; it must be a whole number from 128 to 10240."),
        ("memorySize", 10241, "memorySize is 10241; it must be a whole number from 128 to 10240."),
        ("memorySize", 512.5, "memorySize is 512.5; it must be a whole number from 128 to 10240."),
        ("memorySize", "512 MB", 'memorySize is "512 MB"; it must be a whole number from 128 to 10240.'),
        ("timeout", 9, "timeout is 9; it must be a whole number from 10 to 900."),
        ("timeout", 901, "timeout is 901; it must be a whole number from 10 to 900."),
        ("architecture", "arm", 'architecture is "arm"; it must be arm64 or x86_64.'),
        (
            "reservedConcurrency",
            -2,
            "reservedConcurrency is -2; it must be a whole number from -1 to 100000.",
        ),
        (
            "alias",
            "42",
            (
                'alias is "42"; it must be a name of at most 128 letters, digits, - and _ that '
                "is not a number, or empty "
                "for none."
            ),
        ),
        (
            "provisionedConcurrency",
            -1,
            "provisionedConcurrency is -1; it must be a whole number from 0 to 100000.",
        ),
        ("bufferedFunction", "on", 'bufferedFunction is "on"; it must be true or false.'),
        ("xray", "Active", 'xray is "Active"; it must be true or false.'),
        ("logFormat", "json", 'logFormat is "json"; it must be JSON or Text.'),
        ("logLevel", "info", 'logLevel is "info"; it must be TRACE, DEBUG, INFO, WARN, ERROR or FATAL.'),
        ("logRetentionDays", 31, f"logRetentionDays is 31; it must be {_RETENTION}."),
        ("authorization", "IAM", 'authorization is "IAM"; it must be NONE or AWS_IAM.'),
        (
            "invokers",
            ["*"],
            (
                'invokers[0] is "*"; it must be an account\'s number or the ARN of an IAM role or user '
                "(arn:aws:iam::…:role/…) or of a CloudFront distribution (arn:aws:cloudfront::…:distribution/…)."
            ),
        ),
        (
            "invokers",
            [f"{number:012}" for number in range(21)],
            "invokers is "
            + json.dumps([f"{number:012}" for number in range(21)])[:200]
            + "…; it must be a list of at most 20, each an account's number or the ARN of an IAM role or user "
            "(arn:aws:iam::…:role/…) or of a CloudFront distribution (arn:aws:cloudfront::…:distribution/…).",
        ),
        (
            "corsAllowOrigins",
            ["https://a.example.com/"],
            f'corsAllowOrigins[0] is "https://a.example.com/"; it must be {_ORIGIN}.',
        ),
        (
            "corsAllowOrigins",
            '["https://a.example.com"',
            (
                'corsAllowOrigins is "[\\"https://a.example.com\\""; it must be a list of at most 100, each '
                f"{_ORIGIN}."
            ),
        ),
        (
            "corsAllowMethods",
            ["GET", "OPTIONS"],
            (
                'corsAllowMethods[1] is "OPTIONS"; it must be one of GET, PUT, HEAD, POST, PATCH, DELETE, * (never '
                "OPTIONS: AWS answers the preflight itself)."
            ),
        ),
        (
            "corsAllowMethods",
            [],
            (
                "corsAllowMethods is []; it must be a list of at most 6, each one of GET, PUT, "
                "HEAD, POST, PATCH, DELETE, "
                "* (never OPTIONS: AWS answers the preflight itself)."
            ),
        ),
        (
            "corsAllowHeaders",
            ["content type"],
            'corsAllowHeaders[0] is "content type"; it must be the name of an HTTP header, or *.',
        ),
        (
            "corsExposeHeaders",
            [""],
            'corsExposeHeaders[0] is ""; it must be the name of an HTTP header, or *.',
        ),
        ("corsAllowCredentials", "x", 'corsAllowCredentials is "x"; it must be true or false.'),
        ("corsMaxAge", 86401, "corsMaxAge is 86401; it must be a whole number from 0 to 86400."),
        ("metrics", "x", 'metrics is "x"; it must be true or false.'),
        ("alarms", "x", 'alarms is "x"; it must be true or false.'),
        (
            "alarmActions",
            ["ops@example.com"],
            (
                'alarmActions[0] is "ops@example.com"; it must be the ARN of what an alarm may '
                "tell, such as an SNS topic "
                "(arn:aws:sns:…)."
            ),
        ),
        ("alarmFirstTokenMs", 0, "alarmFirstTokenMs is 0; it must be a whole number from 1 to 900000."),
        ("alarmErrorPercent", 101, "alarmErrorPercent is 101; it must be a whole number from 1 to 100."),
        (
            "kmsKeyArn",
            "alias/chat",
            'kmsKeyArn is "alias/chat"; it must be the ARN of a KMS key (arn:aws:kms:…:key/…), or empty.',
        ),
        (
            "permissionsBoundary",
            "workloads",
            (
                'permissionsBoundary is "workloads"; it must be the ARN of an IAM policy (arn:aws:iam::…:policy/…), or '
                "empty."
            ),
        ),
        (
            "memroySize",
            512,
            "memroySize is not a configuration key. Is it memorySize? docs/configuration.md has all keys.",
        ),
        ("colour", "red", "colour is not a configuration key. docs/configuration.md has all keys."),
    ],
)
def test_a_value_that_is_not_allowed(key: str, value: Any, sentence: str) -> None:
    assert refusal({key: value}) == sentence


def test_every_key_has_its_sentence() -> None:
    """Of each key that can be wrong there is a case above; of `imageRevision` any text is right."""
    (mark,) = test_a_value_that_is_not_allowed.pytestmark
    tried = {case[0] for case in mark.args[1]}
    assert {field.alias for field in Settings.model_fields.values()} - tried == {"imageRevision"}


@pytest.mark.parametrize(
    ("config", "sentences"),
    [
        (
            {"openaiApiKey": None},
            [
                (
                    "openaiApiKey is missing: set it with `pulumi config set --secret "
                    "openaiApiKey`, name a secret that exists with `pulumi config set --plaintext "
                    "secretArn ARN`, or deploy without one by `pulumi config set "
                    "allowMissingKey true`."
                )
            ],
        ),
        (
            {"model": "anthropic/claude-sonnet-4"},
            [
                (
                    "The model 'anthropic/claude-sonnet-4' is LiteLLM's to answer, and its provider's key is missing: "
                    "`pulumi config set --secret --path providerKeys.ANTHROPIC_API_KEY` (or what "
                    "else LiteLLM reads for that provider), "
                    "or deploy without one by `pulumi config set allowMissingKey true`."
                )
            ],
        ),
        (
            {"models": ["bedrock/amazon.nova-lite-v1:0"], "allowMissingKey": True},
            [
                (
                    "The model 'bedrock/amazon.nova-lite-v1:0' is asked with a cloud's own credentials, which this "
                    "stack's function has not: name a model whose provider takes a key."
                )
            ],
        ),
        (
            {"model": "vertex_ai/gemini-2.5-flash", "openaiApiKey": None},
            [
                (
                    "The model 'vertex_ai/gemini-2.5-flash' is asked with a cloud's own credentials, which this "
                    "stack's function has not: name a model whose provider takes a key."
                )
            ],
        ),
        (
            {"models": ["gemini/gemini-2.5-flash"]},
            [
                (
                    "The model 'gemini/gemini-2.5-flash' is LiteLLM's to answer, and its provider's key is missing: "
                    "`pulumi config set --secret --path providerKeys.GEMINI_API_KEY` (or what "
                    "else LiteLLM reads for that provider), "
                    "or deploy without one by `pulumi config set allowMissingKey true`."
                )
            ],
        ),
        (
            {"secretArn": ARN},
            [
                (
                    "secretArn names a secret that exists already, so openaiApiKey and providerKeys must not be set: "
                    "`pulumi config rm openaiApiKey`, `pulumi config rm providerKeys`."
                )
            ],
        ),
        (
            {"imageBuilder": "prebuilt"},
            [
                (
                    "imageBuilder is 'prebuilt', and imageUri is missing: set it to the image's digest in ECR, `pulumi "
                    "config set imageUri ….amazonaws.com/name@sha256:…`."
                )
            ],
        ),
        (
            {"imageUri": IMAGE},
            [
                (
                    "imageUri is set, but imageBuilder is 'pulumi-docker', which builds an image: `pulumi config set "
                    "imageBuilder prebuilt`, or `pulumi config rm imageUri`."
                )
            ],
        ),
        (
            {"imageBuilder": "prebuilt", "imageUri": IMAGE, "baseImage": "python", "imageRevision": "2"},
            [
                f"{key} is set, but imageBuilder is 'prebuilt', so no image is built from it: `pulumi config rm {key}`."
                for key in ("baseImage", "imageRevision")
            ],
        ),
        (
            {"provisionedConcurrency": 2},
            [
                (
                    "provisionedConcurrency is 2, and alias is empty; AWS keeps environments started for a published "
                    "version alone: `pulumi config set alias live`."
                )
            ],
        ),
        (
            {"provisionedConcurrency": 3, "reservedConcurrency": 2, "alias": "live"},
            ["provisionedConcurrency is 3, which must not be more than reservedConcurrency, 2."],
        ),
        (
            {"logFormat": "Text", "logLevel": "DEBUG"},
            [
                (
                    "logLevel is 'DEBUG', and logFormat is 'Text', for which Lambda takes no level: `pulumi config set "
                    "logFormat JSON`, or `pulumi config rm logLevel`."
                )
            ],
        ),
        (
            {"authorization": "AWS_IAM"},
            [
                (
                    "authorization is 'AWS_IAM', and invokers is empty: say who may call, `pulumi config set --path "
                    "'invokers[0]' arn:aws:iam::ACCOUNT:role/NAME`."
                )
            ],
        ),
        (
            {"invokers": [ROLE]},
            [
                (
                    "invokers is set, but authorization is 'NONE', with which anyone may call: `pulumi config set "
                    "authorization AWS_IAM`, or `pulumi config rm invokers`."
                )
            ],
        ),
        (
            {"corsAllowCredentials": True},
            [
                (
                    "corsAllowCredentials is true, and corsAllowOrigins is empty, so no page may call at all: `pulumi "
                    "config set --path 'corsAllowOrigins[0]' https://…`, or `pulumi config rm corsAllowCredentials`."
                )
            ],
        ),
        (
            {"corsAllowCredentials": True, "corsAllowOrigins": ["*"]},
            [
                (
                    "corsAllowCredentials is true, so corsAllowOrigins must name each origin: "
                    "with *, any page could call "
                    "with its visitor's cookies."
                )
            ],
        ),
        *(
            (
                {"corsAllowCredentials": True, "corsAllowOrigins": ["https://a.example"], key: ["*"]},
                [
                    (
                        "corsAllowCredentials is true, so corsAllowMethods, corsAllowHeaders and "
                        "corsExposeHeaders must "
                        "name each one: with cookies, browsers take * for a name."
                    )
                ],
            )
            for key in ("corsAllowMethods", "corsAllowHeaders", "corsExposeHeaders")
        ),
        (
            {"corsAllowOrigins": ["*", "https://a.example"]},
            ["corsAllowOrigins has * among others; * alone says it all."],
        ),
        ({"corsAllowMethods": ["GET", "*"]}, ["corsAllowMethods has * among others; * alone says it all."]),
        (
            {"alarms": False, "alarmActions": [TOPIC]},
            [
                (
                    "alarmActions is set, but alarms is false: `pulumi config set alarms true`, or `pulumi config rm "
                    "alarmActions`."
                )
            ],
        ),
        (
            {"authorization": "AWS_IAM", "invokers": [ROLE, "123456789012", ROLE]},
            [f"invokers has '{ROLE}' more than once; once is enough."],
        ),
        (
            {"corsAllowHeaders": ["Content-Type", "content-type"]},
            ["corsAllowHeaders has 'content-type' more than once; once is enough."],
        ),
        (
            {"model": "gpt-4o", "models": ["gpt-4o"]},
            ["models has 'gpt-4o', which is model already: models are further ones."],
        ),
        (
            {"systemPrompt": "ä" * 2000},
            [
                (
                    "systemPrompt, environment and models make 4105 bytes of variables, and "
                    "Lambda has room for 3840 (4 "
                    "KB less the 256 that the stack needs): shorten systemPrompt."
                )
            ],
        ),
        *(
            (
                config,
                [f"{key} is in us-east-1; it must be in eu-west-1, as the stack is (aws:region)."],
            )
            for key, config in {
                "kmsKeyArn": {"aws:region": "eu-west-1", "kmsKeyArn": KMS},
                "imageUri": {"aws:region": "eu-west-1", "imageBuilder": "prebuilt", "imageUri": IMAGE},
                "alarmActions[1]": {
                    "aws:region": "eu-west-1",
                    "alarmActions": [TOPIC.replace("us-east-1", "eu-west-1"), TOPIC],
                },
            }.items()
        ),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_values_that_contradict_each_other(config: dict[str, Any], sentences: list[str]) -> None:
    assert refusal(config) == "\n".join(sentences)


def test_everything_wrong_is_said_at_once() -> None:
    said = refusal({"memorySize": 1, "timeout": 1, "colour": "red"})
    assert [line.split(" ")[0] for line in said.split("\n")] == ["memorySize", "timeout", "colour"]
    said = refusal({"openaiApiKey": None, "authorization": "AWS_IAM"})
    assert [line.split(" ")[0] for line in said.split("\n")] == ["openaiApiKey", "authorization"]


@pytest.mark.parametrize(
    ("key", "value", "path"),
    [
        ("openaiApiKey", KEY, "openaiApiKey"),
        ("providerKeys", {"A_API_KEY": KEY}, "--path providerKeys.NAME"),
    ],
)
def test_a_key_in_plain_text(key: str, value: Any, path: str) -> None:
    assert refusal({key: value}, secret={"openaiApiKey", "providerKeys"} - {key}) == (
        f"{key} is stored in plain text: take the key back at its provider, and set a new one with "
        f"`pulumi config set --secret {path}`."
    )


def test_one_key_in_plain_text_beside_a_secret_one(tmp_path: Path) -> None:
    """Pulumi calls the whole object a secret then, and the state and the stack's file have the key all the same."""
    members = {"A_API_KEY": {"secure": "v1:abc:def"}, "B_API_KEY": KEY}
    _write_stack_file(tmp_path, {"providerKeys": members, "openaiApiKey": {"secure": "v1:abc:def"}})
    config = {"providerKeys": {"A_API_KEY": KEY, "B_API_KEY": KEY}}
    assert refusal(config, root=tmp_path) == (
        "providerKeys.B_API_KEY is stored in plain text: take the key back at its provider, and set a new one with "
        "`pulumi config set --secret --path providerKeys.B_API_KEY`."
    )


def test_a_file_with_secrets_alone_is_taken(tmp_path: Path) -> None:
    members = {"A_API_KEY": {"secure": "v1:abc:def"}}
    _write_stack_file(tmp_path, {"providerKeys": members, "openaiApiKey": {"secure": "v1:abc:def"}})
    run_program({"providerKeys": {"A_API_KEY": KEY}, **_PREBUILT}, root=tmp_path)


def _write_stack_file(folder: Path, config: dict[str, Any]) -> None:
    whole = {"config": {f"{PROJECT}:{key}": value for key, value in config.items()}}
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump(whole))


def test_a_secret_that_the_stack_would_show() -> None:
    """Else what was meant to be secret would stand in the state, and in the function, for all to read."""
    config = {"systemPrompt": "Our secret recipe"}
    assert refusal(config, secret=("openaiApiKey", "systemPrompt")) == (
        "systemPrompt is stored as a secret, but the stack's resources show it in plain text: `pulumi config rm "
        "systemPrompt`, and set it without --secret if it may be read. Keys belong in openaiApiKey, providerKeys or "
        "the secret of secretArn."
    )


@pytest.mark.parametrize(
    "config",
    [
        {"openaiApiKey": f"{KEY} "},
        {"providerKeys": {"A_API_KEY": f"{KEY} "}},
        {"providerKeys": [KEY]},
        {"providerKeys": KEY},
        {"providerKeys": {"A_API_KEY": [KEY]}},
        {"systemPrompt": f"{KEY}-and-more"},
        {"environment": {"A_URL": f"https://me:{KEY}@example.com"}},
        {"secretArn": ARN},
        {"timeout": 1},
        {"secretArn": KEY},
        {"invokers": [KEY]},
        {"models": [KEY]},
        {"models": KEY},
        {"openaiBaseUrl": f"https://me:{KEY}@example.com"},
    ],
    ids=str,
)
@pytest.mark.parametrize("secret", [(), ("openaiApiKey", "providerKeys")])
def test_no_sentence_shows_a_key(config: dict[str, Any], secret: tuple[str, ...]) -> None:
    assert KEY not in refusal(config, secret=secret)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from([str(field.alias) for field in Settings.model_fields.values()]),
        st.one_of(
            st.text(max_size=20),
            st.integers(),
            st.floats(),
            st.none(),
            st.booleans(),
            st.lists(st.one_of(st.text(max_size=5), st.integers(), st.none()), max_size=3),
            st.dictionaries(
                st.text(max_size=5), st.one_of(st.text(max_size=5), st.integers(), st.none()), max_size=3
            ),
        ).map(json.dumps),
        min_size=1,
        max_size=3,
    )
)
def test_whatever_is_set_the_answer_is_sentences(config: dict[str, str]) -> None:
    """Never a traceback: each line ends as a sentence and begins with the name of a key, or of a model."""
    try:
        said = refusal(config, preview=True)
    except AssertionError:
        return  # it was taken
    for line in said.split("\n"):
        assert line.endswith(".")
        assert line.split(" ")[0].partition("[")[0].partition(".")[0].strip(",") in {
            *(field.alias for field in Settings.model_fields.values()),
            "The",
        }


def test_the_engines_defaults_say_nothing() -> None:
    """The engine fills in the schema's defaults: a stack with them is as one without."""
    bare, filled = run_program(with_defaults=False), run_program(with_defaults=True)
    assert {each.urn: _steady(each.inputs) for each in bare.resources} == {
        each.urn: _steady(each.inputs) for each in filled.resources
    }


def _steady(inputs: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in inputs.items() if key != "imageName"}  # has the time in it


def test_the_dev_stack_lacks_the_key_alone() -> None:
    config = stack_file("Pulumi.dev.yaml")
    assert refusal({**config, "openaiApiKey": None}).startswith(
        "openaiApiKey is missing: set it with `pulumi config set --secret openaiApiKey`"
    )
    run_program(config)


def test_the_example_for_production_is_valid() -> None:
    program = run_program({**stack_file("Pulumi.prod.example.yaml"), "openaiApiKey": None}, stack="prod")
    assert program.warnings == []


# As providers hand them out: Azure's, Mistral's, Groq's, Perplexity's, in capitals, and in a URL.
_KEYS = {
    "hexadecimal": "abcdef0123456789abcdef0123456789",
    "letters and digits": "q1W2e3R4t5Y6u7I8o9P0a1S2d3F4g5H6",
    "Groq": "gsk_" + "A1b2" * 12,
    "Perplexity": "pplx-" + "9f8e7d6c" * 6,
    "capitals": "ABCDEF0123456789ABCDEF0123456789",
}


@pytest.mark.parametrize("key", _KEYS.values(), ids=_KEYS)
@pytest.mark.parametrize(
    "config",
    [
        {"secretArn": "{}"},
        {"secretArn": "{}-"},
        {"environment": "OPENAI_API_KEY={}"},
        {"environment": {"{}": "v"}},
        {"environment": {"CHAT_KEEPALIVE": ["{}"]}},
        {"environment": {"CHAT_KEEPALIVE": "{}"}},
        {"providerKeys": "[{}"},
        {"providerKeys": {"{}": "v"}},
        {"providerKeys": {"{}": "v w"}},
        {"openaiApiKey": "has blank {}"},
        {"openaiBaseUrl": "https://api.example.com/v1?key={}"},
        {"openaiBaseUrl": "https://{}@api.example.com/v1?"},
        {"openaiBaseUrl": "{}:{}@api.example.com"},
        {"environment": {"AZURE_API_BASE": "https://x.example.com/?api-key={}"}},
        {"environment": {"HTTPS_PROXY": "{}@proxy:3128"}},
        {"corsAllowOrigins": ["https://a.example.com/?{}"]},
        {"alias": "{} "},
        {"kmsKeyArn": "{}"},
        {"{}": "v"},
        {"models": ["{} "]},
    ],
    ids=str,
)
def test_no_sentence_shows_what_may_be_a_key(config: dict[str, Any], key: str) -> None:
    filled = json.loads(json.dumps(config).replace("{}", key))
    assert key not in refusal(filled, secret=("openaiApiKey", "providerKeys"))


@pytest.mark.parametrize(
    "config",
    [
        {"systemPrompt": "open sesame", "timeout": 1},
        {"alias": "open sesame"},
        {"models": ["open sesame"]},
        {"environment": {"CHAT_KEEPALIVE": "open sesame"}},
        {"environment": {"OPEN_SESAME": 1, "open sesame": "x"}},
        {"model": "open-sesame", "models": ["open-sesame"]},
        {"model": "open-sesame/x"},
    ],
    ids=str,
)
def test_no_sentence_shows_what_is_stored_as_a_secret(config: dict[str, Any]) -> None:
    """Whatever it looks like."""
    said = refusal(config, secret=("openaiApiKey", *config))
    assert "sesame" not in said
    assert "is stored as a secret" in said


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://api.example.com/v1", "http://api.example.com/v1"),
        ("https://api.example.com/v1?version=2", "https://api.example.com/v1?…"),
        ("https://me@api.example.com/v1?", "…@api.example.com/v1?…"),
    ],
)
def test_of_an_address_what_is_shown(url: str, shown: str) -> None:
    assert refusal({"openaiBaseUrl": url}).startswith(f'openaiBaseUrl is "{shown}"; ')


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("HTTPS_PROXY", "me:word@proxy:3128", "environment has an @ in HTTPS_PROXY"),
        ("HTTPS_PROXY", "http://token@proxy:3128", "environment has an @ in HTTPS_PROXY"),
        ("HTTPS_PROXY", "http://user:p/w@proxy:3128", "environment has an @ in HTTPS_PROXY"),
        ("HTTPS_PROXY", "http://proxyuser%3Apw@proxy:3128", "environment has an @ in HTTPS_PROXY"),
        (
            "AZURE_API_BASE",
            "https://x.example.com/?a=b",
            "environment has more than an address in AZURE_API_BASE",
        ),
        ("A_URL", "https://token@x.example.com", "environment has more than an address in A_URL"),
        (
            "WATSONX_ZENAPIKEY",
            "x",
            "environment has the name WATSONX_ZENAPIKEY, and a function's variables are no",
        ),
        (
            "VERTEXAI_CREDENTIALS",
            "x",
            "environment has the name VERTEXAI_CREDENTIALS, and a function's variables are no",
        ),
        *(
            (name, "x", f"environment has the name {name}, and no stack sets that")
            for name in ("SSLKEYLOGFILE", "OPENSSL_CONF", "PATH", "HOME", "BASH_ENV", "GLIBC_TUNABLES")
        ),
        ("OPENAI_LOG", "debug", "environment has the name OPENAI_LOG, and no stack sets that"),
        ("LITELLM_LOG", "DEBUG", "environment has the name LITELLM_LOG, and no stack sets that"),
    ],
)
def test_a_variable_that_would_hold_or_spread_a_secret(name: str, value: str, sentence: str) -> None:
    said = refusal({"environment": {name: value}})
    assert said.startswith(sentence)
    assert "\n" not in said


@pytest.mark.parametrize("key", ["corsAllowOrigins[0]", "environment.CHAT_KEEPALIVE"])
def test_a_part_that_was_set_without_path(key: str) -> None:
    whole = key.split("[", maxsplit=1)[0].split(".", maxsplit=1)[0]
    assert refusal({key: "x"}) == (
        f"{key} is not a configuration key. `pulumi config rm '{key}'`, and set it with --path, as a part of {whole}. "
        "docs/configuration.md has all keys."
    )
