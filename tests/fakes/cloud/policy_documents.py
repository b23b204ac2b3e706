"""Policy documents as IAM reads them: enough of the grammar to refuse what it refuses, and to answer who may.

Facts: the IAM JSON policy elements reference; a role's inline policies have 10,240 characters in all without blanks
(IAM quotas).
"""

from __future__ import annotations

import fnmatch
import json
from typing import TYPE_CHECKING, Any

from tests.fakes.cloud.api_model import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterator

_STATEMENT = {
    *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource"),
    "Condition",
}


def statements(text: str, *, attached_to: str) -> list[dict[str, Any]]:
    """The statements of a policy.

    Args:
        text: The document.
        attached_to: `identity` (needs Resource), `resource` (needs Principal; Resource is optional where the
            service lets it be: ECR), or `trust` (needs Principal, has no Resource).

    Raises:
        AwsError: MalformedPolicyDocument.
    """
    try:
        document = json.loads(text)
    except ValueError:
        raise AwsError("MalformedPolicyDocument", "Syntax errors in policy.") from None
    if not isinstance(document, dict) or document.keys() - {"Version", "Id", "Statement"}:
        raise AwsError("MalformedPolicyDocument", "Syntax errors in policy.")
    if document.get("Version") not in ("2012-10-17", "2008-10-17"):
        raise AwsError("MalformedPolicyDocument", "The policy must contain a valid version string")
    found = document.get("Statement")
    found = [found] if isinstance(found, dict) else found
    if not found:
        raise AwsError("MalformedPolicyDocument", "Policy statement must contain statements.")
    for each in found:
        _check(each, attached_to)
    return list(found)


def _check(statement: dict[str, Any], attached_to: str) -> None:
    for wrong, sentence in (*_wrong_in_any(statement), *_wrong_by_place(statement, attached_to)):
        if wrong:
            raise AwsError("MalformedPolicyDocument", sentence)


def _wrong_in_any(statement: dict[str, Any]) -> Iterator[tuple[bool, str]]:
    yield bool(statement.keys() - _STATEMENT), "Syntax errors in policy."
    yield statement.get("Effect") not in ("Allow", "Deny"), "Syntax errors in policy."
    actions = _listed(statement.get("Action", statement.get("NotAction", [])))
    yield not actions, "Policy statement must contain actions."
    unprefixed = any(each != "*" and ":" not in each for each in actions)
    yield unprefixed, "Actions/Conditions must be prefaced by a vendor, e.g., iam"


def _wrong_by_place(statement: dict[str, Any], attached_to: str) -> Iterator[tuple[bool, str]]:
    principal = bool({"Principal", "NotPrincipal"} & statement.keys())
    resources = _listed(statement.get("Resource", statement.get("NotResource", [])))
    if attached_to == "identity":
        yield not resources, "Policy statement must contain resources."
        no_arn = any(each != "*" and not each.startswith("arn:") for each in resources)
        yield no_arn, 'Resource must be in ARN format or "*".'
        yield principal, "Policy document should not specify a principal."
    else:
        yield not principal, "Missing required field Principal"
    if attached_to == "trust":
        yield bool(resources), "Has prohibited field Resource"


def service_may(found: list[dict[str, Any]], service: str, actions: set[str], source: dict[str, str]) -> bool:
    """Whether a service may do all of some actions by a resource's or a role's policy.

    Args:
        found: The policy's statements.
        service: Its principal, such as `lambda.amazonaws.com`.
        actions: What it wants to do.
        source: Values of the condition keys `aws:SourceArn` and `aws:SourceAccount`.
    """
    allowed: set[str] = set()
    for statement in found:
        principal = statement.get("Principal", {})
        services = _listed(principal.get("Service", [])) if isinstance(principal, dict) else []
        if statement["Effect"] != "Allow" or service not in services or not _holds(statement, source):
            continue
        allowed |= {
            action
            for action in actions
            if any(fnmatch.fnmatchcase(action, each) for each in _listed(statement["Action"]))
        }
    return allowed == actions


def _holds(statement: dict[str, Any], source: dict[str, str]) -> bool:
    for operator, tests in statement.get("Condition", {}).items():
        for key, wanted in tests.items():
            value = source[key]
            if operator in ("StringEquals", "ArnEquals"):
                fits = value in _listed(wanted)
            elif operator in ("StringLike", "ArnLike"):
                fits = any(fnmatch.fnmatchcase(value, each) for each in _listed(wanted))
            else:
                raise NotImplementedError(operator)
            if not fits:
                return False
    return True


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
