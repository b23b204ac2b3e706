"""Every check passes on the program's own resources in every configuration, and fails on what it is there for."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi_aws
import pytest

from policy.checks import RESOURCE_CHECKS, STACK_CHECKS
from policy.seen import UNKNOWN, Seen
from tests.fakes.pulumi_program import Program, run_program
from tests.fakes.stack_configurations import CONFIGURATIONS, program_with

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CHECKS = {each.name: each for each in RESOURCE_CHECKS}
_STACK_CHECKS = {each.name: each for each in STACK_CHECKS}
# What a configuration was made to do, and the reviewer is told of.
_ADVISED = {
    "any origin": {("cors-origins", "FunctionUrl")},
    "unbounded": {("public-concurrency", "Function")},
    "long answers": {("public-answers", "Function")},
    "IAM": {("named-callers", "Permission")},
}

_FUNCTION = "aws:lambda/function:Function"
_URL = "aws:lambda/functionUrl:FunctionUrl"
_PERMISSION = "aws:lambda/permission:Permission"
_LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
_ROLE = "aws:iam/role:Role"
_ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
_REPOSITORY = "aws:ecr/repository:Repository"


def _broken_rules(program: Program, stack: list[Seen]) -> Iterator[tuple[str, str]]:
    for check in RESOURCE_CHECKS:
        for each in program.resources:
            if each.type in check.types and list(check.problems(each.inputs)):
                yield check.name, each.type.rpartition(":")[2]
    kinds = {each.urn: each.type.rpartition(":")[2] for each in stack}
    for stack_check in STACK_CHECKS:
        for violation in stack_check.violations(stack):
            yield stack_check.name, kinds[violation.urn]


def test_the_program_breaks_no_rule(program: Program, stack: list[Seen], configuration: str) -> None:
    assert set(_broken_rules(program, stack)) == _ADVISED.get(configuration, set())


def test_what_is_advised_is_advisory() -> None:
    advised = {name for rules in _ADVISED.values() for name, _ in rules}
    levels = {each.name: each.level for each in (*RESOURCE_CHECKS, *STACK_CHECKS)}
    assert {name for name, level in levels.items() if level == "advisory"} == advised


def test_every_check_of_a_resource_finds_one_to_look_at() -> None:
    """A type that is misspelt would never be looked at, and its check never fail."""
    program = run_program(CONFIGURATIONS["prod"] | {"imageBuilder": "pulumi-docker", "imageUri": ""})
    there = {each.type for each in program.resources}
    for check in RESOURCE_CHECKS:
        assert there & set(check.types), check.name


def test_every_type_is_one_of_the_providers() -> None:
    known = Path(pulumi_aws.__file__).read_text(encoding="utf-8")
    for check in RESOURCE_CHECKS:
        for type_ in check.types:
            assert f'"{type_}"' in known, type_


@pytest.mark.parametrize("key", ["kms:CallerAccount", "aws:PrincipalOrgID"])
def test_everybody_of_an_account_is_not_everybody(key: str) -> None:
    condition = {"StringEquals": {key: "123456789012"}}
    policy = _policy(Principal={"AWS": "*"}, Condition=condition)
    assert list(_CHECKS["public-resources"].problems(policy)) == []


def _policy(**statement: Any) -> dict[str, str]:
    whole = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/k"} | statement
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": [whole]})}


def _trust(principal: Any) -> dict[str, str]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"assumeRolePolicy": json.dumps({"Statement": statement})}


_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
_ATTACHED: dict[str, dict[str, Any]] = {
    "PolicyAttachment": {"policyArn": _ADMINISTRATOR},
    "UserPolicyAttachment": {"policyArn": _ADMINISTRATOR},
    "GroupPolicyAttachment": {"policyArn": _ADMINISTRATOR},
    "UserPolicyAttachmentsExclusive": {"policyArns": [_ADMINISTRATOR]},
    "GroupPolicyAttachmentsExclusive": {"policyArns": [_ADMINISTRATOR]},
}
_OPENED: dict[str, dict[str, Any]] = {
    "aws:ecr/registryPolicy:RegistryPolicy": {},
    "aws:secretsmanager/secret:Secret": {},
    "aws:secretsmanager/secretPolicy:SecretPolicy": {},
    "aws:kms/key:Key": {
        "Action": "kms:*",
        "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
    },
    "aws:kms/keyPolicy:KeyPolicy": {"Condition": {"StringEquals": {"kms:CallerAccount": "*"}}},
    "aws:sns/topicPolicy:TopicPolicy": {},
    "aws:sqs/queuePolicy:QueuePolicy": {},
    "aws:s3/bucketPolicy:BucketPolicy": {},
}
_ARN_WITHOUT = "name it by its whole ARN."
_BROKEN: list[tuple[str, str, dict[str, Any], str]] = [
    (
        "policy-actions",
        _ROLE_POLICY,
        _policy(Action="*"),
        "Action '*' allows more than is known: write out the actions that are needed.",
    ),
    (
        "policy-actions",
        _ROLE_POLICY,
        _policy(Action=["s3:GetObject", "s3:*"]),
        "Action 's3:*' allows more than is known: write out the actions that are needed.",
    ),
    (
        "policy-actions",
        _ROLE_POLICY,
        _policy(NotAction="iam:*"),
        "NotAction allows all actions but some: write out the needed ones in Action.",
    ),
    *(
        (
            "policy-resources",
            _ROLE_POLICY,
            _policy(Resource=resource),
            f"Resource {resource!r} of s3:GetObject is more than one thing: {_ARN_WITHOUT}",
        )
        for resource in (
            "*",
            "arn:*:s3:::b/k",
            "arn:aws:*:::b/k",
            "arn:aws:s3:*:123456789012:b",
            "arn:aws:sqs:us-east-1:*:queue",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:*",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:chat-??????",
            # A group's streams may be all; the group may not.
            "arn:aws:logs:us-east-1:123456789012:log-group:*:log-stream:*",
            "arn:aws:logs:us-east-1:123456789012:*",
            "arn:aws:s3:::b/k:log-stream:*",
        )
    ),
    (
        "policy-resources",
        _ROLE_POLICY,
        _policy(Action=["xray:PutTraceSegments", "xray:GetTraceSummaries"], Resource="*"),
        f"Resource '*' of xray:PutTraceSegments, xray:GetTraceSummaries is more than one thing: {_ARN_WITHOUT}",
    ),
    (
        "policy-resources",
        _ROLE_POLICY,
        _policy(NotResource="arn:aws:s3:::b"),
        "NotResource allows everything but some: write out the ARNs in Resource.",
    ),
    (
        "role-trust",
        _ROLE,
        _trust("*"),
        "The role may be taken by '*' (AWS): a function's role is for lambda.amazonaws.com alone.",
    ),
    (
        "role-trust",
        _ROLE,
        _trust({"Service": ["lambda.amazonaws.com"], "AWS": "210987654321"}),
        "The role may be taken by '210987654321' (AWS): a function's role is for lambda.amazonaws.com alone.",
    ),
    (
        "managed-policies",
        _ATTACHMENT,
        {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
        (
            "AdministratorAccess is AWS's own policy, for all resources: write what is needed "
            "into an aws.iam.RolePolicy, "
            "with ARNs."
        ),
    ),
    (
        "managed-policies",
        _ROLE,
        {"managedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]},
        (
            "AWSLambdaBasicExecutionRole is AWS's own policy, for all resources: write what is needed into an "
            "aws.iam.RolePolicy, with ARNs."
        ),
    ),
    (
        "inline-policies",
        _ROLE,
        {"inlinePolicies": [{"name": "all", "policy": "{}"}]},
        "inlinePolicies is set: make each an aws.iam.RolePolicy of its own.",
    ),
    (
        "public-resources",
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        _policy(Principal={"AWS": ["*"]}),
        "The policy allows everybody (Principal *): name the service or the accounts.",
    ),
    *(
        (
            "managed-policies",
            f"aws:iam/{kind[0].lower()}{kind[1:]}:{kind}",
            change,
            (
                "AdministratorAccess is AWS's own policy, for all resources: write what is needed into an "
                "aws.iam.RolePolicy, with ARNs."
            ),
        )
        for kind, change in _ATTACHED.items()
    ),
    *(
        (
            "public-resources",
            type_,
            _policy(Principal="*", **more),
            "The policy allows everybody (Principal *): name the service or the accounts.",
        )
        for type_, more in _OPENED.items()
    ),
    *(
        (
            "named-callers",
            _PERMISSION,
            {"principal": principal},
            (
                f"Whoever the administrators of the account {principal} let may call the function: name the roles or "
                "users in invokers."
            ),
        )
        for principal in ("210987654321", "arn:aws:iam::210987654321:root")
    ),
    (
        "cors-methods",
        _URL,
        {"cors": {"allowMethods": ["GET", "OPTIONS"]}},
        (
            "CORS allows the method 'OPTIONS', which AWS refuses: only *, DELETE, GET, HEAD, "
            "PATCH, POST, PUT; AWS answers "
            "OPTIONS itself."
        ),
    ),
    (
        "cors-credentials",
        _URL,
        {"cors": {"allowOrigins": ["*"], "allowCredentials": True}},
        "CORS allows credentials from any origin: name each origin, or allow no credentials.",
    ),
    (
        "cors-origins",
        _URL,
        {"cors": {"allowOrigins": ["*"]}},
        "CORS allows pages of any origin to call: name each origin, as corsAllowOrigins takes them.",
    ),
    *(
        (
            "image-digest",
            _FUNCTION,
            {"imageUri": uri},
            f"imageUri is {uri!r}, which is not one image for ever: name it by its digest, REPOSITORY@sha256:….",
        )
        for uri in ("r.example/chat:latest", "r.example/chat", f"r.example/chat:1@sha256:{'0' * 64}")
    ),
    (
        "repository-tags",
        _REPOSITORY,
        {"imageTagMutability": "MUTABLE"},
        "Tags can be moved to other images: set image_tag_mutability to IMMUTABLE.",
    ),
    (
        "repository-scan",
        _REPOSITORY,
        {"imageScanningConfiguration": {"scanOnPush": False}},
        "Images are not scanned: set image_scanning_configuration to scan_on_push.",
    ),
    (
        "repository-encryption",
        _REPOSITORY,
        {"encryptionConfigurations": []},
        "Nothing says how images are encrypted: set encryption_configurations to AES256 or KMS.",
    ),
    *(
        ("log-retention", _LOG_GROUP, days, "Logs are kept for ever: set retention_in_days.")
        for days in ({"retentionInDays": 0}, {"retentionInDays": None})
    ),
    *(
        (
            "plain-variables",
            _FUNCTION,
            {"environment": {"variables": {name: value}}},
            (
                f"The variable {name} is, or looks like, a secret: put it in Secrets Manager, and "
                f"the secret's ARN in the "
                "variable."
            ),
        )
        for name, value in {"OPENAI_API_KEY": "x", "CHAT_MODEL": "sk-proj-0123456789abcdef"}.items()
    ),
    *(
        (
            "function-timeout",
            _FUNCTION,
            {"timeout": seconds},
            f"timeout is {seconds or 'not set'}: set it, from 10 to 900 seconds.",
        )
        for seconds in (None, 3, 901)
    ),
]


@pytest.mark.parametrize(("name", "type_", "change", "message"), _BROKEN)
def test_a_resource_that_breaks_a_rule(name: str, type_: str, change: dict[str, Any], message: str) -> None:
    """The program's own resource with one property as it must not be."""
    check = _CHECKS[name]
    assert type_ in check.types
    good = next(
        (each.inputs for each in run_program(CONFIGURATIONS["dev"]).resources if each.type == type_), {}
    )
    assert list(check.problems(good)) == []
    assert list(check.problems({**good, **change})) == [message]


def test_every_check_of_a_resource_has_been_red() -> None:
    assert {case[0] for case in _BROKEN} == set(_CHECKS)


@pytest.mark.parametrize("check", RESOURCE_CHECKS, ids=lambda check: check.name)
@pytest.mark.parametrize("type_", [_FUNCTION, _URL, _LOG_GROUP, _ROLE, _ROLE_POLICY, _REPOSITORY])
def test_what_a_preview_does_not_know_breaks_no_rule(check: Any, type_: str) -> None:
    """Of each resource one property after another is not known yet."""
    if type_ not in check.types:
        return
    for each in program_with("dev").all(type_):
        for key in each.inputs:
            found = list(check.problems({**each.inputs, key: UNKNOWN}))
            # What says so in plain words must be known: these two are never made by the cloud.
            assert not found or (check.name, key) in {
                ("repository-tags", "imageTagMutability"),
                ("repository-scan", "imageScanningConfiguration"),
                ("repository-encryption", "encryptionConfigurations"),
            }


def _signed() -> list[Seen]:
    program = program_with("IAM")
    return [Seen(each.type, each.name, each.urn, copy.deepcopy(each.outputs)) for each in program.resources]


def _public() -> list[Seen]:
    program = program_with("bare")
    root = Seen("pulumi:pulumi:Stack", "stack", "urn:stack", dict(program.outputs))
    return [
        root,
        *(Seen(each.type, each.name, each.urn, copy.deepcopy(each.outputs)) for each in program.resources),
    ]


def _first(stack: list[Seen], type_: str, **having: Any) -> Any:
    return next(
        each.properties
        for each in stack
        if each.type == type_ and all(each.properties.get(key) == value for key, value in having.items())
    )


def _variables(stack: list[Seen]) -> Any:
    return _first(stack, _FUNCTION)["environment"]["variables"]


def _without(stack: list[Seen], **having: Any) -> None:
    found = next(
        each
        for each in stack
        if each.type == _PERMISSION
        and all(each.properties.get(key) == value for key, value in having.items())
    )
    stack.remove(found)


def _drop(stack: list[Seen], type_: str) -> None:
    stack[:] = [each for each in stack if each.type != type_]


_NO_FUNCTION_GRANT = "has no grant of lambda:InvokeFunction on what the URL calls"
_NO_URL_GRANT = "has no grant of lambda:InvokeFunctionUrl on what the URL calls"
_BROKEN_STACKS: list[tuple[str, Callable[[], list[Seen]], Callable[[list[Seen]], object], list[str]]] = [
    (
        "url-grants",
        _signed,
        lambda stack: _without(stack, action="lambda:InvokeFunction", principal="210987654321"),
        [f"210987654321 {_NO_FUNCTION_GRANT}"],
    ),
    (
        "url-grants",
        _public,
        lambda stack: _without(stack, action="lambda:InvokeFunctionUrl"),
        [f"* {_NO_URL_GRANT}"],
    ),
    (
        "url-grants",
        _signed,
        lambda stack: _without(stack, action="lambda:InvokeFunction", principal="cloudfront.amazonaws.com"),
        [f"distribution/E1EXAMPLE {_NO_FUNCTION_GRANT}"],
    ),
    (
        "url-grants",
        _signed,
        lambda stack: [
            each.properties.pop("sourceArn", None)  # type: ignore[attr-defined] # a dict, as made above
            for each in stack
            if each.type == _PERMISSION
        ],
        ["A grant to cloudfront.amazonaws.com without sourceArn lets in whatever anybody makes"] * 4,
    ),
    (
        "url-grants",
        _signed,
        lambda stack: _drop(stack, _PERMISSION),
        ["Nobody may call the URL", "Nobody may call the URL"],
    ),
    (
        "url-grants",
        _signed,
        lambda stack: _drop(stack, _URL),
        ["A grant for a URL that is not there: take it away."] * 12,
    ),
    (
        "url-grants",
        _signed,
        # On the function, while the URL is on its alias.
        lambda stack: _first(stack, _PERMISSION, action="lambda:InvokeFunction").pop("qualifier"),
        ["A grant for a URL that is not there: take it away.", _NO_FUNCTION_GRANT],
    ),
    (
        "url-grants",
        _signed,
        lambda stack: [
            each.properties.update(principal="*")  # type: ignore[attr-defined] # a dict, as made above
            for each in stack
            if each.type == _PERMISSION and each.properties["principal"] == "210987654321"
        ],
        ["everybody with any AWS account may sign one"] * 4,
    ),
    (
        "url-grants",
        _public,
        lambda stack: [
            each.properties.update(principal="210987654321")  # type: ignore[attr-defined] # a dict, as made above
            for each in stack
            if each.type == _PERMISSION
        ],
        ["The URL is public, so a grant to 210987654321 bounds nothing"] * 2,
    ),
    (
        "url-grants",
        _signed,
        lambda stack: _first(stack, _PERMISSION, action="lambda:InvokeFunctionUrl").update(
            functionUrlAuthType="NONE"
        ),
        ["functionUrlAuthType must be AWS_IAM"],
    ),
    (
        "url-grants",
        _public,
        lambda stack: _first(stack, _PERMISSION, action="lambda:InvokeFunctionUrl").update(
            statementId="FunctionURLAllowPublicAccess"
        ),
        ["The provider makes FunctionURLAllowPublicAccess itself"],
    ),
    (
        "url-grants",
        _public,
        # Else anybody with an account could call the function directly, around the URL.
        lambda stack: _first(stack, _PERMISSION, action="lambda:InvokeFunction").pop("invokedViaFunctionUrl"),
        ["Without invokedViaFunctionUrl the grant is good for every way to call the function"],
    ),
    (
        "url-grants",
        _public,
        lambda stack: _first(stack, _PERMISSION, action="lambda:InvokeFunction").update(action="lambda:*"),
        ["lambda:* is more than calling the URL asks for", f"* {_NO_FUNCTION_GRANT}"],
    ),
    (
        "function-logs",
        _public,
        lambda stack: _first(stack, _FUNCTION)["loggingConfig"].update(logGroup="/aws/lambda/other"),
        ["The function logs to /aws/lambda/other, which is none of the stack's"],
    ),
    (
        "function-logs",
        _public,
        lambda stack: _first(stack, _FUNCTION).pop("loggingConfig"),
        ["The function logs to a group that Lambda chooses, which is none of the stack's"],
    ),
    (
        "plain-outputs",
        _public,
        lambda stack: _first(stack, "pulumi:pulumi:Stack").update(openaiApiKey="x"),
        ["The output openaiApiKey is, or looks like, a secret"],
    ),
    (
        "plain-outputs",
        _public,
        lambda stack: _first(stack, "pulumi:pulumi:Stack").update(
            function={"variables": ["sk-proj-0123456789abcdef"]}
        ),
        ["The output function.variables.0 is, or looks like, a secret"],
    ),
    (
        "public-concurrency",
        _public,
        lambda stack: _first(stack, _FUNCTION).pop("reservedConcurrentExecutions"),
        ["Anybody may call the function, as often at a time as the account allows"],
    ),
    *(
        (
            "public-answers",
            _public,
            break_,
            ["Anybody may call the function, and its answers are as long as the model likes"],
        )
        for break_ in (
            lambda stack: _variables(stack).pop("CHAT_MAX_OUTPUT_TOKENS"),
            lambda stack: _variables(stack).update(CHAT_MAX_OUTPUT_TOKENS="0"),
            lambda stack: _first(stack, _FUNCTION).pop("environment"),
        )
    ),
]


@pytest.mark.parametrize(("name", "make", "break_", "parts"), _BROKEN_STACKS)
def test_a_stack_that_breaks_a_rule(
    name: str,
    make: Callable[[], list[Seen]],
    break_: Callable[[list[Seen]], object],
    parts: list[str],
) -> None:
    check, stack = _STACK_CHECKS[name], make()
    assert list(check.violations(stack)) == []
    break_(stack)
    found = list(check.violations(stack))
    assert len(found) == len(parts), found
    for violation, part in zip(found, parts, strict=True):
        assert part in violation.message
        assert violation.urn


def test_every_check_of_a_stack_has_been_red() -> None:
    assert {case[0] for case in _BROKEN_STACKS} == set(_STACK_CHECKS)


def test_a_first_preview_breaks_no_rule() -> None:
    """No function has a name yet, so that grants are told apart from each other by number alone."""
    for name in ("bare", "IAM", "buffered", "provisioned"):
        program = program_with(name)
        stack = [
            Seen(each.type, each.name, each.urn, _with_unknown_functions(each.outputs))
            for each in program.resources
        ]
        for check in STACK_CHECKS:
            assert list(check.violations(stack)) == [], (name, check.name)


def test_a_first_preview_shows_a_missing_grant() -> None:
    stack = [
        Seen(each.type, each.name, each.urn, _with_unknown_functions(each.properties)) for each in _signed()
    ]
    _without(stack, action="lambda:InvokeFunction", principal="210987654321")
    (violation,) = _STACK_CHECKS["url-grants"].violations(stack)
    assert f"210987654321 {_NO_FUNCTION_GRANT}" in violation.message


def _with_unknown_functions(properties: Any) -> dict[str, Any]:
    return {
        key: UNKNOWN if key in ("functionName", "function") else value
        for key, value in dict(properties).items()
    }


@pytest.mark.parametrize("check", [*RESOURCE_CHECKS, *STACK_CHECKS], ids=lambda check: check.name)
def test_a_check_says_what_it_asks_for(check: Any) -> None:
    assert check.description.endswith(".")
    assert check.name == check.name.lower()
