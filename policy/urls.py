"""Function URLs: which pages may call, and that whoever may call has both grants that AWS asks for."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

from policy.seen import UNKNOWN, Seen, Violation, given, several

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

URL: Final = "aws:lambda/functionUrl:FunctionUrl"
PERMISSION: Final = "aws:lambda/permission:Permission"
# Lambda's API reference, `Cors`: AWS answers the preflight itself and refuses OPTIONS.
_METHODS: Final = frozenset({"GET", "PUT", "HEAD", "POST", "PATCH", "DELETE", "*"})
# Those that the AWS provider makes itself with a public URL (pulumi-aws 7, aws.lambda.FunctionUrl).
_PROVIDERS_OWN: Final = frozenset({"FunctionURLAllowPublicAccess", "FunctionURLAllowInvokeAction"})
# AWS: "Security and auth model for Lambda function URLs", both needed since October 2025.
_ACTIONS: Final = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")

# A whole account, in both of the forms that AWS takes.
_ACCOUNT: Final = re.compile(r"\d{12}|arn:aws[a-z-]*:iam::\d{12}:root")


def methods(properties: Mapping[str, Any]) -> Iterator[str]:
    """CORS names only methods that AWS takes."""
    for method in several(given(_cors(properties).get("allowMethods"))):
        if method not in _METHODS and method is not UNKNOWN:
            yield (
                f"CORS allows the method {method!r}, which AWS refuses: only {', '.join(sorted(_METHODS))}; AWS "
                "answers OPTIONS itself."
            )


def credentials(properties: Mapping[str, Any]) -> Iterator[str]:
    """No page of any origin may call with its visitor's cookies."""
    cors = _cors(properties)
    if given(cors.get("allowCredentials")) and "*" in several(given(cors.get("allowOrigins"))):
        yield "CORS allows credentials from any origin: name each origin, or allow no credentials."


def origins(properties: Mapping[str, Any]) -> Iterator[str]:
    """CORS names the pages that may call."""
    if "*" in several(given(_cors(properties).get("allowOrigins"))):
        yield "CORS allows pages of any origin to call: name each origin, as corsAllowOrigins takes them."


def _cors(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return given(properties.get("cors")) or {}


def named(properties: Mapping[str, Any]) -> Iterator[str]:
    """A grant names a role or a user, and no whole account."""
    principal = given(properties.get("principal"))
    if principal is not None and _ACCOUNT.fullmatch(str(principal)):
        yield (
            f"Whoever the administrators of the account {principal} let may call the function: name the roles or "
            "users in invokers."
        )


def grants(resources: Sequence[Seen]) -> Iterator[Violation]:
    """Each caller of a URL has both grants, on what the URL calls and for its authorization; nobody else has one.

    In a stack's first preview no function has a name yet. Then all of them are looked at together, by number.
    """
    urls, permissions = defaultdict(list), defaultdict(list)
    for each in resources:
        if each.type == URL:
            urls[_target(each, "functionName")].append(each)
        elif each.type == PERMISSION and _is_for_url(each):
            permissions[_target(each, "function")].append(each)
    for target, made in permissions.items():
        if target not in urls:
            for each in made:
                yield Violation(each.urn, "A grant for a URL that is not there: take it away.")
    for target, ours in urls.items():
        yield from _of_one(ours, permissions.get(target, []))


def _target(seen: Seen, function: str) -> tuple[Any, Any]:
    return seen.properties.get(function), seen.properties.get("qualifier") or None


def _is_for_url(permission: Seen) -> bool:
    """Whether it lets somebody call the URL; a service that calls the function itself has its own conditions."""
    of = permission.properties
    return not _is_service(of) or bool(of.get("functionUrlAuthType") or of.get("invokedViaFunctionUrl"))


def _is_service(grant: Mapping[str, Any]) -> bool:
    return str(grant.get("principal")).endswith((".amazonaws.com", ".amazonaws.com.cn"))


def _caller(grant: Mapping[str, Any]) -> Any:
    """Who is let in: a principal, or of a service the one resource that it may act for."""
    return grant.get("sourceArn") or grant.get("principal")


def _of_one(urls: list[Seen], permissions: list[Seen]) -> Iterator[Violation]:
    url = urls[0]
    authorization = url.properties.get("authorizationType")
    by_principal: dict[Any, Counter[str]] = defaultdict(Counter)
    for each in permissions:
        action = each.properties.get("action")
        by_principal[_caller(each.properties)][str(action)] += 1
        for wrong in _in_itself(each, authorization):
            yield Violation(each.urn, wrong)
    for principal, found in by_principal.items():
        for action in _ACTIONS:
            if found[action] < len(urls):
                yield Violation(
                    url.urn,
                    f"{principal} has no grant of {action} on what the URL calls, so AWS refuses each call: a URL "
                    f"needs {_ACTIONS[0]} with functionUrlAuthType, and {_ACTIONS[1]} with invokedViaFunctionUrl.",
                )
    if authorization == "AWS_IAM" and not by_principal:
        yield Violation(url.urn, "Nobody may call the URL: grant both actions to who should.")


def _in_itself(permission: Seen, authorization: Any) -> Iterator[str]:
    of = permission.properties
    if of.get("action") not in _ACTIONS:
        yield (
            f"{of.get('action')} is more than calling the URL asks for: grant {' and '.join(_ACTIONS)}, each by itself."
        )
    if authorization == "AWS_IAM" and of.get("principal") == "*":
        yield "The URL asks for signed requests, but everybody with any AWS account may sign one: name the principals."
    if _is_service(of) and not of.get("sourceArn"):
        yield (
            f"A grant to {of.get('principal')} without sourceArn lets in whatever anybody makes of that service: name "
            "the one resource, such as the distribution."
        )
    if authorization == "NONE" and of.get("principal") != "*":
        yield f"The URL is public, so a grant to {of.get('principal')} bounds nothing: set AWS_IAM, or take it away."
    if of.get("action") == _ACTIONS[0] and of.get("functionUrlAuthType") != authorization:
        yield f"functionUrlAuthType must be {authorization}, as the URL's authorization is."
    if of.get("action") == _ACTIONS[1] and of.get("invokedViaFunctionUrl") is not True:
        yield "Without invokedViaFunctionUrl the grant is good for every way to call the function: set it to true."
    if of.get("statementId") in _PROVIDERS_OWN:
        yield f"The provider makes {of['statementId']} itself: give the statement another id, or none."
