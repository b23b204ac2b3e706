"""Logs: kept for as long as was decided, in groups of the stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.seen import UNKNOWN, Seen, Violation, given

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LOG_GROUP: Final = "aws:cloudwatch/logGroup:LogGroup"
FUNCTION: Final = "aws:lambda/function:Function"


def retained(properties: Mapping[str, Any]) -> Iterator[str]:
    """A group says for how many days it keeps its logs; without that, or with 0, for ever."""
    days = properties.get("retentionInDays")
    if days is not UNKNOWN and not days:
        yield "Logs are kept for ever: set retention_in_days."


def grouped(resources: Sequence[Seen]) -> Iterator[Violation]:
    """Each function logs to a group of the stack: how long any other keeps its lines is said nowhere here."""
    groups = [each.properties.get("name") for each in resources if each.type == LOG_GROUP]
    for each in resources:
        if each.type != FUNCTION:
            continue
        group = (given(each.properties.get("loggingConfig")) or {}).get("logGroup")
        if group is not UNKNOWN and UNKNOWN not in groups and group not in groups:
            yield Violation(
                each.urn,
                f"The function logs to {group or 'a group that Lambda chooses'}, which is none of the stack's: set "
                "logging_config's log_group to an aws.cloudwatch.LogGroup of the stack.",
            )
