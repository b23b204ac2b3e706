"""The stand-ins refuse what AWS refuses. Each refusal that the other tests rely on is seen here once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.cloud import policy_documents, wire
from tests.fakes.cloud.account import AwsProvider
from tests.fakes.cloud.api_model import AwsError, check_call
from tests.fakes.cloud.provider import AutoName
from tests.fakes.cloud.registry import INDEX, MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator

FUNCTION = "aws:lambda/function:Function"
URL = "aws:lambda/functionUrl:FunctionUrl"
PERMISSION = "aws:lambda/permission:Permission"
REPOSITORY = "aws:ecr/repository:Repository"
ROLE = "aws:iam/role:Role"
DIGEST = f"sha256:{'a' * 64}"
HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
ALLOW = {
    "Effect": "Allow",
    "Action": "logs:PutLogEvents",
    "Resource": "arn:aws:logs:us-east-1:123456789012:*",
}


@pytest.fixture
def aws() -> Iterator[AwsProvider]:
    """An account with a role for Lambda and an image, and no function yet."""
    with AwsProvider(concurrency=200) as aws:
        aws.configure({"region": "us-east-1"})
        create(aws, ROLE, name="role", assumeRolePolicy=json.dumps(TRUST))
        aws.registry.add_image("chat", DIGEST)
        yield aws


def create(aws: AwsProvider, type_: str, **inputs: Any) -> tuple[str, dict[str, Any]]:
    return aws._kinds[type_].create(inputs)


def function(**changed: Any) -> dict[str, Any]:
    """The inputs of a function that AWS takes."""
    return {
        "name": "chat",
        "role": "arn:aws:iam::123456789012:role/role",
        "packageType": "Image",
        "imageUri": f"{HOST}/chat@{DIGEST}",
        **changed,
    }


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"imageUri": f"{HOST}/chat:tag@{DIGEST}"}, "Provide a valid source image"),
        ({"imageUri": f"{HOST}/chat@sha256:{'b' * 64}"}, "does not exist"),
        ({"imageUri": f"{HOST}/chat:latest"}, "does not exist"),
        ({"imageUri": f"{HOST}/index@{DIGEST}"}, "media type for the source image is not supported"),
        ({"imageUri": f"{HOST}/closed@{DIGEST}"}, "does not have permission to access the ECR image"),
        ({"role": "arn:aws:iam::123456789012:role/another"}, "cannot be assumed by Lambda"),
        ({"memorySize": 64}, "greater than or equal to 128"),
        ({"environment": {"variables": {"AWS_REGION": "x"}}}, "reserved keys"),
        ({"environment": {"variables": {"CHAT_SYSTEM_PROMPT": "x" * 5000}}}, "4KB limit"),
        ({"loggingConfig": {"logFormat": "Text", "applicationLogLevel": "INFO"}}, "log format JSON"),
        ({"reservedConcurrentExecutions": 101}, r"minimum value of \[100\]"),
        ({"architectures": ["arm64", "x86_64"]}, "less than or equal to 1"),
    ],
)
def test_functions(aws: AwsProvider, changed: dict[str, Any], words: str) -> None:
    aws.registry.add_image("index", DIGEST)
    aws.registry.repositories["index"].images[DIGEST] = INDEX
    aws.registry.add_image("closed", DIGEST)
    aws.registry.repositories["closed"].policy = None
    with pytest.raises(AwsError, match=words):
        create(aws, FUNCTION, **function(**changed))
    assert aws.functions.stored == {}
    create(aws, FUNCTION, **function())


@pytest.mark.parametrize(
    "cors",
    [
        {"allowMethods": ["OPTIONS"]},
        {"allowMethods": ["TRACE"]},
        {"maxAge": 86_401},
        {"allowOrigins": [f"https://{number}.example" for number in range(101)]},
        {"allowOrigins": ["*"], "allowCredentials": True},
    ],
)
def test_cors(aws: AwsProvider, cors: dict[str, Any]) -> None:
    create(aws, FUNCTION, **function())
    url = {"functionName": "chat", "authorizationType": "AWS_IAM", "invokeMode": "RESPONSE_STREAM"}
    with pytest.raises(AwsError):
        create(aws, URL, **url, cors=cors)
    create(aws, URL, **url, cors={"allowMethods": ["GET", "POST"], "allowOrigins": ["*"], "maxAge": 86_400})


def test_grants_of_the_providers_own_ids_clash_where_the_url_is_public(aws: AwsProvider) -> None:
    create(aws, FUNCTION, **function())
    create(aws, URL, functionName="chat", authorizationType="NONE", invokeMode="BUFFERED")
    grant = {"function": "chat", "action": "lambda:InvokeFunctionUrl", "principal": "*"}
    with pytest.raises(AwsError, match="already exists"):
        create(
            aws, PERMISSION, **grant, statementId="FunctionURLAllowPublicAccess", functionUrlAuthType="NONE"
        )
    create(aws, PERMISSION, **grant, statementId="ours", functionUrlAuthType="NONE")
    assert len(aws.functions.stored["chat"].grants[""]) == 3


@pytest.mark.parametrize(
    "grant",
    [
        {"action": "lambda:InvokeFunction", "functionUrlAuthType": "AWS_IAM"},
        {"action": "lambda:InvokeFunctionUrl", "invokedViaFunctionUrl": True},
        {"action": "lambda:InvokeFunction", "principal": "somebody"},
        {"action": "lambda:InvokeFunction", "statementId": "with:colon"},
        {"action": "lambda:InvokeFunction", "qualifier": "no-such-alias"},
        {"action": "lambda:InvokeFunction", "function": "no-such-function"},
    ],
)
def test_grants(aws: AwsProvider, grant: dict[str, Any]) -> None:
    create(aws, FUNCTION, **function())
    with pytest.raises(AwsError):
        create(
            aws, PERMISSION, **{"function": "chat", "principal": "123456789012", "statementId": "id", **grant}
        )


def test_a_tag_of_an_immutable_repository_is_used_once_and_with_a_living_token(aws: AwsProvider) -> None:
    create(aws, REPOSITORY, name="built", imageTagMutability="IMMUTABLE", forceDelete=False)
    token = aws.registry._authorization_token({})["password"]
    aws.registry.push(f"{HOST}/built:one", token, DIGEST, MANIFEST)
    with pytest.raises(AwsError, match="cannot be overwritten because the repository is immutable"):
        aws.registry.push(f"{HOST}/built:one", token, DIGEST, MANIFEST)
    aws.registry.let_tokens_expire()
    with pytest.raises(AwsError, match="authorization token has expired"):
        aws.registry.push(f"{HOST}/built:two", token, DIGEST, MANIFEST)
    with pytest.raises(AwsError, match="still contains images"):
        aws._kinds[REPOSITORY].delete("built", {"forceDelete": False})


def test_a_role_goes_after_its_policies(aws: AwsProvider) -> None:
    type_ = "aws:iam/rolePolicy:RolePolicy"
    policy = json.dumps({"Version": "2012-10-17", "Statement": [ALLOW]})
    id_, _ = create(aws, type_, role="role", name="policy", policy=policy)
    with pytest.raises(AwsError, match="must delete policies first"):
        aws._kinds[ROLE].delete("role", {})
    aws._kinds[type_].delete(id_, {"role": "role", "name": "policy"})
    aws._kinds[ROLE].delete("role", {})


@pytest.mark.parametrize(
    "statement",
    [
        {**ALLOW, "Effect": "allow"},
        {**ALLOW, "Action": "PutLogEvents"},
        {**ALLOW, "Resource": "the-log"},
        {**ALLOW, "Principal": "*"},
        {**ALLOW, "Conditions": {}},
        {"Effect": "Allow", "Action": "logs:PutLogEvents"},
        {"Effect": "Allow", "Resource": "*"},
    ],
)
def test_policies(statement: dict[str, Any]) -> None:
    def read(each: dict[str, Any]) -> object:
        text = json.dumps({"Version": "2012-10-17", "Statement": [each]})
        return policy_documents.statements(text, attached_to="identity")

    with pytest.raises(AwsError, match="MalformedPolicyDocument"):
        read(statement)
    assert read(ALLOW) == [ALLOW]


@pytest.mark.parametrize(
    ("source", "may"),
    [
        ("arn:aws:lambda:us-east-1:123456789012:function:ours-streaming", True),
        ("arn:aws:lambda:us-east-1:123456789012:function:theirs", False),
    ],
)
def test_a_condition_on_the_source_decides_who_may_pull(source: str, may: bool) -> None:  # noqa: FBT001 - what is expected
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["ecr:BatchGetImage"],
        "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:lambda:us-east-1:123456789012:function:ours-*"}},
    }
    keys = {"aws:SourceArn": source, "aws:SourceAccount": "123456789012"}
    actions = {"ecr:BatchGetImage"}
    assert policy_documents.service_may([statement], "lambda.amazonaws.com", actions, keys) is may
    assert not policy_documents.service_may([statement], "ecs.amazonaws.com", actions, keys)
    assert not policy_documents.service_may([statement], "lambda.amazonaws.com", {"ecr:PutImage"}, keys)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"statistic": "Sum", "extendedStatistic": "p90"}, "not both"),
        ({"statistic": "Median"}, "enum"),
        ({"datapointsToAlarm": 4}, "less than or equal to EvaluationPeriods"),
        ({"treatMissingData": "good"}, "TreatMissingData"),
        ({"period": 45}, "multiple of 60"),
        ({"alarmActions": [f"arn:{number}" for number in range(6)]}, "less than or equal to 5"),
        ({"metricQueries": [{"id": "a", "expression": "b", "returnData": True}]}, "not both"),
    ],
)
def test_alarms(aws: AwsProvider, changed: dict[str, Any], words: str) -> None:
    good = {
        "name": "alarm",
        "namespace": "AWS/Lambda",
        "metricName": "Errors",
        "statistic": "Sum",
        "period": 300,
        "evaluationPeriods": 3,
        "threshold": 1,
        "comparisonOperator": "GreaterThanOrEqualToThreshold",
    }
    type_ = "aws:cloudwatch/metricAlarm:MetricAlarm"
    with pytest.raises(AwsError, match=words):
        create(aws, type_, **{**good, **changed})
    create(aws, type_, **good)


def test_log_groups(aws: AwsProvider) -> None:
    type_ = "aws:cloudwatch/logGroup:LogGroup"
    with pytest.raises(AwsError, match="retentionInDays 8"):
        create(aws, type_, name="log", retentionInDays=8)
    create(aws, type_, name="log", retentionInDays=7)
    with pytest.raises(AwsError, match="already exists"):
        create(aws, type_, name="log", retentionInDays=7)


def test_an_input_that_the_stand_in_does_not_know_is_an_error_and_not_overlooked(aws: AwsProvider) -> None:
    with pytest.raises(KeyError, match="vpcConfig"):
        create(aws, FUNCTION, **function(vpcConfig={}))


def test_a_provider_without_a_region_refuses_to_start() -> None:
    with AwsProvider() as aws, pytest.raises(AwsError, match="aws:region"):
        aws.configure({})


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "FunctionName is missing"),
        ({"FunctionName": "f", "AuthType": "NONE", "Auth": "x"}, "Auth does not exist"),
        ({"FunctionName": 7, "AuthType": "NONE"}, "FunctionName must be a string"),
        ({"FunctionName": "f", "AuthType": "SOME"}, "must satisfy enum"),
        ({"FunctionName": "f", "AuthType": "NONE", "Qualifier": "7"}, "must satisfy regular expression"),
        ({"FunctionName": "f", "AuthType": "NONE", "Cors": {"MaxAge": True}}, "MaxAge must be a integer"),
    ],
)
def test_calls_are_held_against_aws_s_own_description(parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(AwsError, match=words):
        check_call("lambda", "CreateFunctionUrlConfig", parameters)
    check_call("lambda", "CreateFunctionUrlConfig", {"FunctionName": "f", "AuthType": "NONE"})


@given(name=st.text("abc-", min_size=1, max_size=70), seed=st.binary(min_size=1))
def test_a_name_is_kept_by_its_seed_and_never_too_long(name: str, seed: bytes) -> None:
    auto = AutoName(longest=64)
    if len(name) > 56:
        with pytest.raises(AwsError, match="longer than maximum length 64"):
            auto.make(name, seed)
        return
    made = auto.make(name, seed)
    assert made == auto.make(name, seed)
    assert made.startswith(f"{name}-")
    assert len(made) == len(name) + 8


values = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.just(wire.UNKNOWN),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(values=st.dictionaries(st.text(), values), secret=st.sets(st.text()))
def test_values_come_back_as_they_were_with_and_without_marks(
    values: dict[str, Any], secret: set[str]
) -> None:
    marked = secret | set(list(values)[:1])
    assert wire.read(wire.write(values, marked)) == values
    assert wire.read(wire.write(values)) == values
