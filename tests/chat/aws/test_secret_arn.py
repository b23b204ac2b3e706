"""ARNs of secrets, and whose endpoint answers for one: botocore is the oracle."""

from __future__ import annotations

import logging

import botocore.session  # type: ignore[import-untyped]  # botocore has no types
import pytest

from chat.aws.secret_arn import SecretArn

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:chat-AbCdEf"
PARTITIONS = ("aws", "aws-cn", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-us-gov")


@pytest.mark.parametrize("partition", PARTITIONS)
def test_the_endpoint_of_every_region_is_botocores(partition: str) -> None:
    session = botocore.session.get_session()
    resolver = session._get_internal_component("endpoint_resolver")
    regions = session.get_available_regions("secretsmanager", partition)
    assert regions
    for region in regions:
        arn = SecretArn.parse(f"arn:{partition}:secretsmanager:{region}:123456789012:secret:chat-AbCdEf")
        endpoint = resolver.construct_endpoint("secretsmanager", region, partition)
        assert (arn.region, arn.endpoint) == (region, f"https://{endpoint['hostname']}")


def test_no_partition_of_botocores_is_unknown_here() -> None:
    known = botocore.session.get_session().get_available_partitions()
    assert set(known) == set(PARTITIONS)


@pytest.mark.parametrize("name", ["a", "app/prod/chat-AbCdEf", "rds!cluster-1_2.3@x+y=z-AbCdEf"])
def test_names_that_secrets_have(name: str) -> None:
    text = f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}"
    assert SecretArn.parse(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "sk-proj-0123456789",
        "chat",
        ARN + "\n",
        ARN + " ",
        ARN.replace("123456789012", "1234"),
        ARN.replace("eu-central-1", ""),
        ARN.replace("eu-central-1", "eu-central-1.evil.example/"),
        ARN.replace("secretsmanager", "ssm"),
        ARN.rpartition(":")[0] + ":",
        "arn:aws:ssm:eu-central-1:123456789012:parameter/chat",
        "",
    ],
)
def test_what_is_no_arn_of_a_secret_is_refused_and_not_shown(text: str) -> None:
    """It may be the key itself."""
    with pytest.raises(ValueError, match="is not the ARN of a secret") as raised:
        SecretArn.parse(text)
    assert text == "" or text not in str(raised.value)


def test_an_unknown_partition_is_named() -> None:
    with pytest.raises(
        ValueError, match=r"names the partition aws-moon; known are aws, aws-cn, .*aws-us-gov"
    ):
        SecretArn.parse(ARN.replace(":aws:", ":aws-moon:"))


@pytest.mark.parametrize(
    ("environ", "endpoint"),
    [
        ({}, "https://secretsmanager.eu-central-1.amazonaws.com"),
        ({"AWS_ENDPOINT_URL": "https://vpce.example"}, "https://vpce.example"),
        (
            {
                "AWS_ENDPOINT_URL": "https://all.example",
                "AWS_ENDPOINT_URL_SECRETS_MANAGER": "https://one.example",
            },
            "https://one.example",
        ),
        (
            {"AWS_ENDPOINT_URL": "https://all.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "True"},
            "https://secretsmanager.eu-central-1.amazonaws.com",
        ),
        (
            {"AWS_ENDPOINT_URL": "https://all.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"},
            "https://all.example",
        ),
    ],
)
def test_the_environment_s_endpoint_as_the_sdks_take_it(
    environ: dict[str, str], endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    ):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert SecretArn.parse(ARN).endpoint_in(environ) == endpoint
    sdk = botocore.session.get_session().create_client(
        "secretsmanager", region_name="eu-central-1", aws_access_key_id="any", aws_secret_access_key="any"
    )
    assert sdk.meta.endpoint_url == endpoint
    sdk.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("localhost:4566", "does not begin with http"),
        ("https://ann:secret@h.example", "a user or a password"),
        ("https://h.example/?a=secret", "a query or a fragment"),
    ],
)
def test_an_endpoint_that_cannot_be_used(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as raised:
        SecretArn.parse(ARN).endpoint_in({"AWS_ENDPOINT_URL": url})
    assert str(raised.value).startswith("AWS_ENDPOINT_URL is ")
    assert "such as https://secretsmanager.eu-central-1.amazonaws.com" in str(raised.value)
    assert "secret@" not in str(raised.value)
    assert "=secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "warned"),
    [("http://localstack:4566", True), ("http://localhost:4566", False), ("https://vpce.example", False)],
)
def test_a_secret_in_the_clear_is_warned_of(
    url: str, *, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        SecretArn.parse(ARN).endpoint_in({"AWS_ENDPOINT_URL": url})
    assert ("without encryption" in caplog.text) is warned
