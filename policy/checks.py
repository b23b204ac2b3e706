"""All checks, each with its name, what it asks for, and whether it stops a deployment.

Mandatory is what is wrong in every account. Advisory is what a stack may decide to do: this project's settings have a
key for it, and the reviewer is told.

Looked at are functions, their URLs and permissions, log groups, ECR's repositories; of IAM roles, policies of roles,
users and groups, and attachments to them; and the resource policies of ECR, Secrets Manager, KMS, SNS, SQS and S3
(the exact types are in policy/iam.py and beside each check). Nothing else is: a stack that makes other things needs
checks of its own.

Two things have no check because AWS leaves no choice: Secrets Manager encrypts every secret, and CloudWatch every log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from policy import iam, images, logs, secrecy, spending, urls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from policy.seen import Seen, Violation

Level: TypeAlias = Literal["mandatory", "advisory"]


@dataclass(frozen=True)
class ResourceCheck:
    """Looks at one resource of certain types, before it is created or changed."""

    name: str
    level: Level
    description: str
    types: tuple[str, ...]
    problems: Callable[[Mapping[str, Any]], Iterator[str]]
    """From properties in camelCase, as inputs, to sentences."""


@dataclass(frozen=True)
class StackCheck:
    """Looks at all resources of a stack together."""

    name: str
    level: Level
    description: str
    violations: Callable[[Sequence[Seen]], Iterator[Violation]]


_FUNCTION: Final = (spending.FUNCTION,)
_URL: Final = (urls.URL,)
_REPOSITORY: Final = (images.REPOSITORY,)

RESOURCE_CHECKS: Final = (
    ResourceCheck(
        "policy-actions", "mandatory", "A policy writes out every action.", iam.POLICIES, iam.actions
    ),
    ResourceCheck(
        "policy-resources",
        "mandatory",
        "A policy names every resource by its ARN.",
        iam.POLICIES,
        iam.resources,
    ),
    ResourceCheck("role-trust", "mandatory", "A role is taken by AWS services alone.", iam.ROLES, iam.trust),
    ResourceCheck(
        "managed-policies",
        "mandatory",
        "No policy of AWS's own is attached.",
        (*iam.ATTACHMENTS, *iam.ROLES),
        iam.attached,
    ),
    ResourceCheck("inline-policies", "mandatory", "No policy hides inside a role.", iam.ROLES, iam.inline),
    ResourceCheck(
        "public-resources",
        "mandatory",
        "No resource is opened to everybody.",
        iam.RESOURCE_POLICIES,
        iam.public,
    ),
    ResourceCheck("cors-methods", "mandatory", "CORS names methods that AWS takes.", _URL, urls.methods),
    ResourceCheck(
        "cors-credentials", "mandatory", "CORS allows no credentials from any origin.", _URL, urls.credentials
    ),
    ResourceCheck("cors-origins", "advisory", "CORS names the pages that may call.", _URL, urls.origins),
    ResourceCheck("image-digest", "mandatory", "An image is named by its digest.", _FUNCTION, images.pinned),
    ResourceCheck("repository-tags", "mandatory", "A tag stays what it is.", _REPOSITORY, images.immutable),
    ResourceCheck("repository-scan", "mandatory", "Images are scanned.", _REPOSITORY, images.scanned),
    ResourceCheck(
        "repository-encryption", "mandatory", "Images are encrypted.", _REPOSITORY, images.encrypted
    ),
    ResourceCheck(
        "log-retention", "mandatory", "Logs are not kept for ever.", (logs.LOG_GROUP,), logs.retained
    ),
    ResourceCheck(
        "plain-variables",
        "mandatory",
        "No secret is in a function's variables.",
        _FUNCTION,
        secrecy.variables,
    ),
    # It lets in whoever that account's administrators do.
    ResourceCheck("named-callers", "advisory", "A URL's callers are named.", (urls.PERMISSION,), urls.named),
    ResourceCheck("function-timeout", "mandatory", "A function's time is stated.", _FUNCTION, spending.timed),
)

STACK_CHECKS: Final = (
    StackCheck(
        "url-grants", "mandatory", "Who may call a URL has both grants, nobody else has one.", urls.grants
    ),
    StackCheck("function-logs", "mandatory", "Functions log to groups of the stack.", logs.grouped),
    StackCheck("plain-outputs", "mandatory", "No secret is in the stack's outputs.", secrecy.outputs),
    # A new account cannot reserve any, and a stack behind its own gateway need not.
    StackCheck("public-concurrency", "advisory", "What strangers can spend is bounded.", spending.bounded),
    StackCheck("public-answers", "advisory", "What a stranger's answer costs is bounded.", spending.short),
)
