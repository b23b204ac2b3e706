"""What the dashboard and the alarms look at is what is really told: by the function, and by Lambda."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from chat.settings import Settings as FunctionSettings
from infra import metrics
from infra.metrics import Metric
from tests.chat.function.endings import emitted_metrics
from tests.fakes.pulumi_program import run_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.pulumi_program import Program

# Lambda's guide, "Types of metrics for Lambda functions" and "Monitoring Lambda function URLs": all that it tells under
# the dimension FunctionName, which adds up a function's versions and aliases. AWS's CDK has the first two rows in
# aws-lambda/lib/lambda-canned-metrics.generated.
AWS_LAMBDA: Final = {
    *("Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions"),
    *("PostRuntimeExtensionsDuration", "ProvisionedConcurrencyInvocations"),
    *("ProvisionedConcurrencySpilloverInvocations", "ProvisionedConcurrencyUtilization"),
    *("ProvisionedConcurrentExecutions", "RecursiveInvocationsDropped"),
    *("UrlRequestCount", "Url4xxCount", "Url5xxCount", "UrlRequestLatency"),
}

EVERYTHING: Final = {"bufferedFunction": True, "alias": "live", "provisionedConcurrency": 1}


def looked_at(program: Program) -> Iterator[Metric]:
    """Every metric that an alarm or a widget names."""
    for alarm in program.all("aws:cloudwatch/metricAlarm:MetricAlarm"):
        queried = [each["metric"] for each in alarm.inputs.get("metricQueries", ()) if "metric" in each]
        for metric in queried or [alarm.inputs]:
            yield Metric(metric["namespace"], metric["metricName"], tuple(metric["dimensions"]))
    body = json.loads(program.one("aws:cloudwatch/dashboard:Dashboard").inputs["dashboardBody"])
    for widget in body["widgets"]:
        for namespace, *rest in widget["properties"].get("metrics", ()):
            if rest:
                name, *dimensions, _ = rest
                yield Metric(namespace, name, tuple(dimensions[::2]))
            elif search := re.match(r"SEARCH\('\{(.*)\} MetricName=\"(\w+)\" ", namespace["expression"]):
                schema = search[1].split(",")
                yield Metric(schema[0], search[2], tuple(schema[1:]))


async def test_the_function_tells_what_is_looked_at_and_nothing_that_is_not() -> None:
    """Each metric costs $0.30 a month: one that nobody looks at is as wrong as a graph without a line."""
    emitted = {(each.name, each.dimensions) for each in await emitted_metrics()}
    looked = {
        (each.name, frozenset(each.dimensions))
        for each in looked_at(run_program(EVERYTHING))
        if each.namespace == metrics.NAMESPACE
    }
    assert looked == emitted


def test_lambda_tells_what_is_looked_at() -> None:
    looked = {each for each in looked_at(run_program(EVERYTHING)) if each.namespace != metrics.NAMESPACE}
    assert {each.namespace for each in looked} == {"AWS/Lambda"}
    assert {each.dimensions for each in looked} == {("FunctionName",)}
    names = {each.name for each in looked}
    assert "ProvisionedConcurrencySpilloverInvocations" in names
    assert names <= AWS_LAMBDA


def test_every_name_is_looked_at() -> None:
    named = {each for each in vars(metrics).values() if isinstance(each, Metric)}
    assert set(looked_at(run_program(EVERYTHING))) == named


def test_the_functions_put_their_metrics_where_they_are_looked_for() -> None:
    functions = run_program(EVERYTHING).all("aws:lambda/function:Function")
    assert len(functions) == 2
    for function in functions:
        variables = function.inputs["environment"]["variables"]
        assert variables["CHAT_METRICS_NAMESPACE"] == metrics.NAMESPACE
        assert FunctionSettings.from_environment(variables).metrics_namespace == metrics.NAMESPACE
