"""The CloudWatch alarms on one function, as `alarm_rules` has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from infra.alarm_rules import FEWEST, alarm_rules
from infra.metrics import ANSWERS, FUNCTION_NAME

if TYPE_CHECKING:
    from infra.alarm_rules import AlarmRule
    from infra.function import ChatFunction
    from infra.metrics import Metric
    from infra.settings import Settings


class Alarms(pulumi.ComponentResource):
    """The alarms on one function; they tell `alarmActions` when they go off and when it is over.

    Args:
        name: What the alarms' names begin with.
        function: What they watch.
        settings: The stack's configuration.
    """

    arns: list[pulumi.Output[str]]

    def __init__(
        self,
        name: str,
        *,
        function: ChatFunction,
        settings: Settings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("lambda-token-streaming:infra:Alarms", name, None, opts)
        dimensions = {FUNCTION_NAME: function.name}
        self.arns = []
        for rule in alarm_rules(settings):
            alarm = aws.cloudwatch.MetricAlarm(
                f"{name}-{rule.name}",
                alarm_description=rule.description,
                comparison_operator="GreaterThanOrEqualToThreshold",
                threshold=rule.threshold,
                datapoints_to_alarm=rule.of[0],
                evaluation_periods=rule.of[1],
                # Every metric here is told only when something was asked of the function: silence is no failure.
                treat_missing_data="notBreaching",
                alarm_actions=settings.alarm_actions,
                ok_actions=settings.alarm_actions,
                **_watched(rule, dimensions),
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.arns.append(alarm.arn)
        self.register_outputs({"arns": self.arns})


def _watched(rule: AlarmRule, dimensions: dict[str, pulumi.Output[str]]) -> dict[str, Any]:
    """What of an alarm's arguments says which number it looks at."""
    if rule.statistic == "share":
        return {"metric_queries": _share(rule, dimensions)}
    watched = {
        "namespace": rule.metric.namespace,
        "metric_name": rule.metric.name,
        "dimensions": dimensions,
        "period": rule.period,
    }
    if rule.statistic != "p90":
        return watched | {"statistic": rule.statistic}
    # Also of a few answers: with `ignore` the alarm would be mute wherever there are fewer than 100 in its time.
    return watched | {"extended_statistic": "p90", "evaluate_low_sample_count_percentiles": "evaluate"}


def _share(
    rule: AlarmRule, dimensions: dict[str, pulumi.Output[str]]
) -> list[aws.cloudwatch.MetricAlarmMetricQueryArgsDict]:
    def count(id_: str, metric: Metric) -> aws.cloudwatch.MetricAlarmMetricQueryArgsDict:
        return {
            "id": id_,
            "metric": {
                "namespace": metric.namespace,
                "metric_name": metric.name,
                "dimensions": dimensions,
                "period": rule.period,
                "stat": "Sum",
            },
            "return_data": False,
        }

    return [
        {
            "id": "share",
            "expression": f"IF(part >= {FEWEST}, 100 * part / answers, 0)",
            "label": f"{rule.metric.name} in % of the answers",
            "return_data": True,
        },
        count("part", rule.metric),
        count("answers", ANSWERS),
    ]
