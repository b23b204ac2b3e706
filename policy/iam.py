"""Least privilege: what a role may do, to what, and who may take it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.seen import given, several, statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Identity policies, by resource type.
POLICIES: Final = (
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/policy:Policy",
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/groupPolicy:GroupPolicy",
)
ROLES: Final = ("aws:iam/role:Role",)
ATTACHMENTS: Final = (
    "aws:iam/policyAttachment:PolicyAttachment",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment",
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive",
    "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive",
)
# Those with a resource policy in their property `policy`.
RESOURCE_POLICIES: Final = (
    "aws:ecr/repositoryPolicy:RepositoryPolicy",
    "aws:ecr/registryPolicy:RegistryPolicy",
    "aws:secretsmanager/secret:Secret",
    "aws:secretsmanager/secretPolicy:SecretPolicy",
    "aws:kms/key:Key",
    "aws:kms/keyPolicy:KeyPolicy",
    "aws:sns/topic:Topic",
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:sqs/queue:Queue",
    "aws:sqs/queuePolicy:QueuePolicy",
    "aws:s3/bucketPolicy:BucketPolicy",
)
# Conditions that bound "everybody" to an account or an organization; AWS's own key policies are written with the first.
_BOUNDS: Final = frozenset(
    {
        "kms:calleraccount",
        "aws:principalaccount",
        "aws:principalorgid",
        "aws:sourceaccount",
        "aws:sourceowner",
    }
)
# Actions that have no resource which could be named (Service Authorization Reference, AWS X-Ray).
WITHOUT_RESOURCE: Final = frozenset({"xray:PutTraceSegments", "xray:PutTelemetryRecords"})
_STREAMS: Final = ":log-stream:*"  # a group's streams have names that Lambda makes
_ARN_PARTS: Final = 6
_WILD: Final = frozenset("*?")


def actions(properties: Mapping[str, Any]) -> Iterator[str]:
    """Every action is written out."""
    for statement in statements(properties.get("policy")):
        if "NotAction" in statement:
            yield "NotAction allows all actions but some: write out the needed ones in Action."
        for action in several(statement.get("Action")):
            if _WILD & set(action):
                yield f"Action {action!r} allows more than is known: write out the actions that are needed."


def resources(properties: Mapping[str, Any]) -> Iterator[str]:
    """Every resource is named by its whole ARN."""
    for statement in statements(properties.get("policy")):
        if "NotResource" in statement:
            yield "NotResource allows everything but some: write out the ARNs in Resource."
        if set(several(statement.get("Action"))) <= WITHOUT_RESOURCE:
            continue
        for resource in several(statement.get("Resource")):
            if _is_wild(resource):
                yield (
                    f"Resource {resource!r} of {', '.join(several(statement.get('Action')))} is more than one thing: "
                    "name it by its whole ARN."
                )


def _is_wild(resource: str) -> bool:
    parts = resource.split(":", _ARN_PARTS - 1)
    if len(parts) < _ARN_PARTS:
        return bool(_WILD & set(resource))
    service = parts[2]
    name = parts[-1].removesuffix(_STREAMS) if service == "logs" else parts[-1]
    return bool(_WILD & set("".join((*parts[:-1], name))))


def trust(properties: Mapping[str, Any]) -> Iterator[str]:
    """A role is taken by AWS services alone, each named."""
    for statement in statements(properties.get("assumeRolePolicy")):
        principal = statement.get("Principal", "*")
        kinds = principal if isinstance(principal, dict) else {"AWS": principal}
        for kind, names in kinds.items():
            for name in several(names):
                if kind != "Service" or "*" in name:
                    yield (
                        f"The role may be taken by {name!r} ({kind}): a function's role is for lambda.amazonaws.com "
                        "alone."
                    )


def attached(properties: Mapping[str, Any]) -> Iterator[str]:
    """Nothing of AWS's own is attached: those policies allow on all resources, most of them far more than is used."""
    arns = [properties.get("policyArn"), *several(given(properties.get("policyArns")))]
    arns += several(given(properties.get("managedPolicyArns")))
    for arn in arns:
        if (text := given(arn)) and ":iam::aws:policy/" in text:
            yield (
                f"{text.rpartition('/')[2]} is AWS's own policy, for all resources: write what is needed into an "
                "aws.iam.RolePolicy, with ARNs."
            )


def inline(properties: Mapping[str, Any]) -> Iterator[str]:
    """No policy hides inside a role, where the checks above do not look."""
    if several(given(properties.get("inlinePolicies"))):
        yield "inlinePolicies is set: make each an aws.iam.RolePolicy of its own."


def public(properties: Mapping[str, Any]) -> Iterator[str]:
    """A resource is not opened to everybody."""
    for statement in statements(properties.get("policy")):
        principal = statement.get("Principal", "*")
        names = principal.values() if isinstance(principal, dict) else [principal]
        if any("*" in several(each) for each in names) and not _is_bounded(statement):
            yield "The policy allows everybody (Principal *): name the service or the accounts."


def _is_bounded(statement: Mapping[str, Any]) -> bool:
    """Whether a condition names the account, or the organization, that everybody has to be of."""
    equal = (statement.get("Condition") or {}).get("StringEquals") or {}
    return any(
        key.lower() in _BOUNDS and not any(_WILD & set(each) for each in several(value))
        for key, value in equal.items()
    )
