"""The stack's dashboard in CloudWatch, and where the console shows it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pulumi
import pulumi_aws as aws

from infra.dashboard_body import dashboard_body
from infra.dashboard_widgets import ShownFunction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra.function import ChatFunction
    from infra.settings import Settings

# The isolated partitions' consoles have no public address.
_CONSOLES: Final = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-eusc": "console.amazonaws-eusc.eu",
}


class Dashboard(pulumi.ComponentResource):
    """One dashboard: what an operator of a chat backend asks, function by function.

    It costs $3 a month; an account's first three, with up to 50 metrics each, are free (CloudWatch's pricing page,
    us-east-1, February 2026). One function's part shows fewer than that even if every kind of error has occurred. Its
    tables of logs are queried when it is looked at, for $0.005 a GB of the logs in the time shown.

    Args:
        name: What its name begins with. Dashboards belong to no region, so that its name ends with the stack's.
        functions: What it shows, by heading.
        alarms: ARNs of the alarms whose states it shows first.
        settings: The stack's configuration.
    """

    address: pulumi.Output[str]
    """Where the console shows it; in a partition whose console is not public, its name."""

    def __init__(
        self,
        name: str,
        *,
        functions: Mapping[str, ChatFunction],
        alarms: Sequence[pulumi.Output[str]],
        settings: Settings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("lambda-token-streaming:infra:Dashboard", name, None, opts)
        arn = next(iter(functions.values())).log_group_arn
        shown = [_shown(heading, function) for heading, function in functions.items()]
        body = pulumi.Output.all(functions=shown, alarms=list(alarms)).apply(
            lambda known: json.dumps(dashboard_body(name, **known, settings=settings))
        )
        dashboard = aws.cloudwatch.Dashboard(
            name,
            dashboard_name=arn.apply(lambda arn: f"{name}-{_region(arn)}"),
            dashboard_body=body,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.address = pulumi.Output.all(arn, dashboard.dashboard_name).apply(
            lambda known: console_address(*known)
        )
        self.register_outputs({"address": self.address})


def _shown(heading: str, function: ChatFunction) -> pulumi.Output[ShownFunction]:
    return pulumi.Output.all(function.name, function.log_group, function.log_group_arn).apply(
        lambda known: ShownFunction(heading, known[0], known[1], _region(known[2]))
    )


def console_address(arn: str, dashboard: str) -> str:
    """Where the console of an ARN's partition and region shows a dashboard; its name if no public console does."""
    partition, region = arn.split(":")[1], _region(arn)
    if partition not in _CONSOLES:
        return dashboard
    return f"https://{region}.{_CONSOLES[partition]}/cloudwatch/home?region={region}#dashboards/dashboard/{dashboard}"


def _region(arn: str) -> str:
    return arn.split(":")[3]
