"""CloudWatch: log groups, alarms, dashboards.

Facts (API references): a log group is kept for the days that PutRetentionPolicy lists and for no other number; a name
is taken once; an alarm looks at one metric or at metrics and mathematics, with a statistic or a percentile.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from tests.fakes.cloud.api_model import AwsError, check_call
from tests.fakes.cloud.parameters import Table, parameters
from tests.fakes.cloud.provider import AutoName, Kind, Values, removed_from

if TYPE_CHECKING:
    from collections.abc import Iterator

_RETENTION: Final = {
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
}
_GROUP: Final[Table] = {
    "name": "logGroupName",
    "kmsKeyId": "kmsKeyId",
    "retentionInDays": None,
    "skipDestroy": None,
    "tags": None,
}
_METRIC: Final[Table] = {
    "metricName": "MetricName",
    "namespace": "Namespace",
    "dimensions": None,
    "period": None,
    "stat": None,
    "unit": None,
}
_QUERY: Final[Table] = {
    "id": "Id",
    "expression": "Expression",
    "label": "Label",
    "returnData": "ReturnData",
    "period": "Period",
    "accountId": "AccountId",
    "metric": None,
}
_ALARM: Final[Table] = {
    "name": "AlarmName",
    "alarmDescription": "AlarmDescription",
    "actionsEnabled": "ActionsEnabled",
    "alarmActions": "AlarmActions",
    "okActions": "OKActions",
    "insufficientDataActions": "InsufficientDataActions",
    "metricName": "MetricName",
    "namespace": "Namespace",
    "statistic": "Statistic",
    "extendedStatistic": "ExtendedStatistic",
    "dimensions": None,
    "period": "Period",
    "unit": "Unit",
    "evaluationPeriods": "EvaluationPeriods",
    "datapointsToAlarm": "DatapointsToAlarm",
    "threshold": "Threshold",
    "comparisonOperator": "ComparisonOperator",
    "treatMissingData": "TreatMissingData",
    "evaluateLowSampleCountPercentiles": "EvaluateLowSampleCountPercentile",
    "metricQueries": None,
    "thresholdMetricId": "ThresholdMetricId",
    "tags": None,
}


class Watching:
    """The account's log groups, alarms and dashboards."""

    def __init__(self, account: str) -> None:
        self._account = account
        self.region = ""
        self.log_groups: dict[str, int] = {}
        """Days that each is kept; 0 is for ever."""
        self.alarms: dict[str, dict[str, Any]] = {}
        self.dashboards: dict[str, str] = {}

    def kinds(self) -> dict[str, Kind]:
        """What programs make."""
        return {
            "aws:cloudwatch/logGroup:LogGroup": Kind(
                self._create_group,
                removed_from(self.log_groups),
                self._update_group,
                outputs=frozenset({"arn"}),
                replaces=frozenset({"name"}),
                name=AutoName(longest=512),
            ),
            "aws:cloudwatch/metricAlarm:MetricAlarm": Kind(
                self._put_alarm,
                removed_from(self.alarms),
                lambda _id, _olds, news: self._put_alarm(news)[1],
                outputs=frozenset({"arn"}),
                replaces=frozenset({"name"}),
                name=AutoName(longest=255),
            ),
            "aws:cloudwatch/dashboard:Dashboard": Kind(
                self._put_dashboard,
                removed_from(self.dashboards),
                lambda _id, _olds, news: self._put_dashboard(news)[1],
                outputs=frozenset({"dashboardArn"}),
                replaces=frozenset({"dashboardName"}),
                name=AutoName("dashboardName"),
            ),
        }

    def _create_group(self, inputs: Values) -> tuple[str, Values]:
        check_call("logs", "CreateLogGroup", parameters(inputs, _GROUP))
        name = inputs["name"]
        if name in self.log_groups:
            raise AwsError("ResourceAlreadyExistsException", "The specified log group already exists")
        self._retain(name, inputs)
        return name, {"arn": f"arn:aws:logs:{self.region}:{self._account}:log-group:{name}"}

    def _update_group(self, id_: str, _olds: Values, news: Values) -> Values:
        self._retain(id_, news)
        return {}

    def _retain(self, name: str, inputs: Values) -> None:
        days = inputs.get("retentionInDays", 0)
        if days:
            check_call("logs", "PutRetentionPolicy", {"logGroupName": name, "retentionInDays": days})
            if days not in _RETENTION:
                raise AwsError(
                    "InvalidParameterException", f"retentionInDays {days} is none of {sorted(_RETENTION)}"
                )
        self.log_groups[name] = days

    def _put_alarm(self, inputs: Values) -> tuple[str, Values]:
        sent = parameters(inputs, _ALARM)
        if inputs.get("dimensions"):
            sent["Dimensions"] = _dimensions(inputs["dimensions"])
        if inputs.get("metricQueries"):
            sent["Metrics"] = [_query(each) for each in inputs["metricQueries"]]
        check_call("cloudwatch", "PutMetricAlarm", sent)
        _check_alarm(sent)
        name = inputs["name"]
        self.alarms[name] = sent
        return name, {"arn": f"arn:aws:cloudwatch:{self.region}:{self._account}:alarm:{name}"}

    def _put_dashboard(self, inputs: Values) -> tuple[str, Values]:
        name, body = inputs["dashboardName"], inputs["dashboardBody"]
        check_call("cloudwatch", "PutDashboard", {"DashboardName": name, "DashboardBody": body})
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name):
            raise AwsError("InvalidParameterInput", f"The dashboard name {name} has invalid characters")
        try:
            widgets = json.loads(body)["widgets"]
        except (ValueError, KeyError, TypeError):
            raise AwsError(
                "InvalidParameterInput", "The field DashboardBody must be a valid JSON object"
            ) from None
        for widget in widgets:
            if widget["type"] in ("metric", "log") and not widget["properties"].get("region"):
                raise AwsError("InvalidParameterInput", 'Should have required property "region"')
        self.dashboards[name] = body
        return name, {"dashboardArn": f"arn:aws:cloudwatch::{self._account}:dashboard/{name}"}


def _dimensions(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in values.items()]


def _query(query: Values) -> Values:
    sent = parameters(query, _QUERY)
    if metric := query.get("metric"):
        looked_at = parameters(metric, _METRIC)
        if metric.get("dimensions"):
            looked_at["Dimensions"] = _dimensions(metric["dimensions"])
        sent["MetricStat"] = {"Metric": looked_at, "Period": metric["period"], "Stat": metric["stat"]}
        if metric.get("unit"):
            sent["MetricStat"]["Unit"] = metric["unit"]
    return sent


def _check_alarm(sent: Values) -> None:
    for wrong, sentence in _wrong_with(sent):
        if wrong:
            raise AwsError("ValidationError", sentence)


def _wrong_with(sent: Values) -> Iterator[tuple[bool, str]]:
    """What PutMetricAlarm says in words, not in its description."""
    single = {
        "MetricName",
        "Namespace",
        "Dimensions",
        "Statistic",
        "ExtendedStatistic",
        "Period",
    } & sent.keys()
    yield bool(single) == ("Metrics" in sent), "Either a single metric or Metrics must be given, and not both"
    if "Metrics" in sent:
        returned = sum(bool(each.get("ReturnData")) for each in sent["Metrics"])
        yield returned != 1, "Exactly one element of the metrics list should return data."
    else:
        both_or_none = ("Statistic" in sent) == ("ExtendedStatistic" in sent)
        yield both_or_none, "Either Statistic or ExtendedStatistic must be given, and not both"
    extended = sent.get("ExtendedStatistic", "p90")
    yield (
        not re.fullmatch(r"p(\d{1,2}(\.\d+)?|100)|(tm|wm|tc|ts|pr)\S+|iqm", extended),
        f"The value {extended} for ExtendedStatistic is not supported.",
    )
    periods = sent["EvaluationPeriods"]
    too_many = sent.get("DatapointsToAlarm", 0) > periods
    yield too_many, "DatapointsToAlarm must be less than or equal to EvaluationPeriods"
    missing = sent.get("TreatMissingData", "missing")
    yield (
        missing not in ("breaching", "notBreaching", "ignore", "missing"),
        f"The value {missing} for TreatMissingData is not supported.",
    )
    seconds = [each["MetricStat"]["Period"] for each in sent.get("Metrics", ()) if "MetricStat" in each]
    period = max(seconds, default=sent.get("Period", 60))
    yield period not in (10, 20, 30) and bool(period % 60), "Period must be 10, 20, 30 or a multiple of 60"
    longest = 604_800 if period >= 3600 else 86_400  # a week, a day
    yield (
        period * periods > longest,
        "Metrics cannot be checked across more than a day (EvaluationPeriods * Period)",
    )
