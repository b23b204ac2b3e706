"""The checks as policies of Pulumi's SDK."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from policy.checks import RESOURCE_CHECKS, STACK_CHECKS, ResourceCheck, StackCheck
from policy.seen import UNKNOWN, Seen

_LEVELS: Final = {"mandatory": EnforcementLevel.MANDATORY, "advisory": EnforcementLevel.ADVISORY}


def plain(value: Any) -> Any:
    """The SDK's view of properties as plain values.

    The view raises where a value is not known in a preview, which would end a whole check; here that one value is
    UNKNOWN, and the check looks at all others.
    """
    if isinstance(value, Mapping):
        return {key: _item(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_item(value, at) for at in range(len(value))]
    return value


def _item(of: Any, key: Any) -> Any:
    try:
        return plain(of[key])
    except UnknownValueError:
        return UNKNOWN


def _for_resource(check: ResourceCheck) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if args.resource_type in check.types:
            for problem in check.problems(plain(args.props)):
                report(problem, None)

    return ResourceValidationPolicy(
        check.name, check.description, validate, enforcement_level=_LEVELS[check.level]
    )


def _for_stack(check: StackCheck) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        seen = [Seen(each.resource_type, each.name, each.urn, plain(each.props)) for each in args.resources]
        for violation in check.violations(seen):
            report(violation.message, violation.urn)

    return StackValidationPolicy(
        check.name, check.description, validate, enforcement_level=_LEVELS[check.level]
    )


POLICIES: Final = (*map(_for_resource, RESOURCE_CHECKS), *map(_for_stack, STACK_CHECKS))
