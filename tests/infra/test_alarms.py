"""The alarms as the program asks for them, held against the settings and against AWS's own model of the request."""

from __future__ import annotations

import ast
import functools
import json
import re
from typing import TYPE_CHECKING, Any

import botocore.session  # type: ignore[import-untyped] # it has no types
import pytest

from chat.metrics import ERROR_KINDS
from infra import alarm_rules
from infra.settings import Settings
from tests.fakes.pulumi_program import run_program

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakes.pulumi_program import Program

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
TOPIC = "arn:aws:sns:us-east-1:123456789012:on-call"
AWS_ALONE = {"crashes", "throttles", "concurrency"}
ALL = AWS_ALONE | {"errors", "cut-answers", "first-token"}
STREAMING = "lambda-token-streaming-dev-streaming-"


def alarms(program: Program, prefix: str = STREAMING) -> dict[str, dict[str, Any]]:
    """What is asked for each alarm of a function, by the end of its name."""
    return {
        each.name.removeprefix(prefix): each.inputs
        for each in program.all(ALARM)
        if each.name.startswith(prefix)
    }


def of_stack(**config: Any) -> dict[str, dict[str, Any]]:
    return _of_stack(json.dumps(config))


@functools.cache
def _of_stack(config: str) -> dict[str, dict[str, Any]]:
    return alarms(run_program(json.loads(config)))


def test_each_alarm_follows_the_settings() -> None:
    """What it looks at, from where on, for how long: (metric, statistic, threshold, period, of periods)."""
    found = of_stack(alarmFirstTokenMs=1500, alarmErrorPercent=7, reservedConcurrency=50, timeout=60)
    assert {name: _watched(alarm) for name, alarm in found.items()} == {
        "crashes": ("AWS/Lambda Errors", "Sum", 1, 300, (2, 4)),
        "throttles": ("AWS/Lambda Throttles", "Sum", 1, 300, (2, 3)),
        "concurrency": ("AWS/Lambda ConcurrentExecutions", "Maximum", 40, 300, (2, 3)),
        "errors": ("LambdaTokenStreaming Errors / Answers", "Sum", 7, 300, (2, 3)),
        "cut-answers": ("LambdaTokenStreaming DeadlineCuts / Answers", "Sum", 1, 3600, (1, 1)),
        "first-token": ("LambdaTokenStreaming TimeToFirstToken", "p90", 1500, 300, (3, 3)),
    }
    assert {alarm["comparisonOperator"] for alarm in found.values()} == {"GreaterThanOrEqualToThreshold"}


def _watched(alarm: Mapping[str, Any]) -> tuple[str, str, float, int, tuple[int, int]]:
    of = (alarm["datapointsToAlarm"], alarm["evaluationPeriods"])
    if "metricQueries" not in alarm:
        statistic = alarm.get("statistic") or alarm["extendedStatistic"]
        metric = f"{alarm['namespace']} {alarm['metricName']}"
        return metric, statistic, alarm["threshold"], alarm["period"], of
    part, whole = (_query(alarm, id_)["metric"] for id_ in ("part", "answers"))
    assert (part["namespace"], part["stat"], part["period"]) == (
        whole["namespace"],
        whole["stat"],
        whole["period"],
    )
    metric = f"{part['namespace']} {part['metricName']} / {whole['metricName']}"
    return metric, part["stat"], alarm["threshold"], part["period"], of


def _query(alarm: Mapping[str, Any], id_: str) -> dict[str, Any]:
    (query,) = (each for each in alarm["metricQueries"] if each["id"] == id_)
    assert isinstance(query, dict)
    return query


def test_each_alarm_watches_the_function_of_its_name() -> None:
    program = run_program({"bufferedFunction": True})
    functions = {each.name: each.outputs["name"] for each in program.all("aws:lambda/function:Function")}
    assert len(functions) == 2
    for name, function in functions.items():
        found = alarms(program, f"{name}-")
        assert found.keys() == ALL
        for alarm in found.values():
            queried = [query["metric"] for query in alarm.get("metricQueries", ()) if "metric" in query]
            assert {json.dumps(each["dimensions"]) for each in queried or [alarm]} == {
                json.dumps({"FunctionName": function})
            }


def test_only_the_share_itself_is_compared() -> None:
    """CloudWatch wants one result of an expression's queries."""
    for name in ("errors", "cut-answers"):
        queries = of_stack()[name]["metricQueries"]
        assert [query["id"] for query in queries if query["returnData"]] == ["share"]


@pytest.mark.parametrize(
    ("failed", "answers", "breaches"),
    [(0, 0, False), (0, 9, False), (1, 1, False), (2, 2, False), (3, 3, True), (3, 60, True), (3, 61, False)],
)
def test_one_failure_at_night_wakes_nobody_up(failed: int, answers: int, breaches: bool) -> None:  # noqa: FBT001 - of the table
    """The share counts from three failures on; with none there is nothing to divide by."""
    alarm = of_stack(alarmErrorPercent=5)["errors"]
    share = _calculated(_query(alarm, "share")["expression"], {"part": failed, "answers": answers})
    assert (share >= alarm["threshold"]) == breaches


def _calculated(expression: str, values: dict[str, int]) -> float:
    """CloudWatch's IF(condition, then, else) with numbers and the four operations, by Python's own grammar."""
    call = ast.parse(expression, mode="eval").body
    assert isinstance(call, ast.Call)
    assert ast.unparse(call.func) == "IF"
    condition, then, otherwise = (
        compile(ast.Expression(argument), "<expression>", "eval") for argument in call.args
    )
    return float(eval(then if eval(condition, {}, values) else otherwise, {}, values))


@pytest.mark.parametrize(("timeout", "periods"), [(10, 4), (300, 4), (301, 5), (900, 6)])
def test_a_crash_is_seen_although_it_is_counted_when_the_invocation_began(timeout: int, periods: int) -> None:
    """Lambda puts the error at its invocation's beginning, which the periods looked at must still hold."""
    alarm = of_stack(timeout=timeout)["crashes"]
    assert alarm["evaluationPeriods"] == periods
    assert alarm["evaluationPeriods"] * alarm["period"] >= timeout + 900


def test_silence_is_no_failure() -> None:
    """Nothing is told where nothing is asked; a stack that nobody uses is well."""
    assert {alarm["treatMissingData"] for alarm in of_stack().values()} == {"notBreaching"}


def test_the_percentile_speaks_of_few_answers_too() -> None:
    alarm = of_stack()["first-token"]
    assert alarm["evaluateLowSampleCountPercentiles"] == "evaluate"
    assert "statistic" not in alarm


def test_the_actions_are_told_of_the_beginning_and_of_the_end() -> None:
    for alarm in of_stack(alarmActions=[TOPIC]).values():
        assert (alarm["alarmActions"], alarm["okActions"]) == ([TOPIC], [TOPIC])
        assert "insufficientDataActions" not in alarm


@pytest.mark.parametrize(
    ("config", "names"),
    [
        ({}, ALL),
        ({"metrics": False}, AWS_ALONE),
        ({"alarms": False}, set()),
        ({"reservedConcurrency": -1}, ALL - {"concurrency"}),
        ({"reservedConcurrency": 1}, ALL - {"concurrency"}),
        ({"reservedConcurrency": 2}, ALL),
        ({"reservedConcurrency": 0}, ALL - {"throttles", "concurrency"}),
    ],
    ids=str,
)
def test_there_are_those_alarms_that_can_mean_something(config: dict[str, Any], names: set[str]) -> None:
    """None on metrics that are not told, on a bound that is not there or is one, on what is switched off."""
    assert of_stack(**config).keys() == names


def test_an_alarm_belongs_to_its_function_s_alarms() -> None:
    program = run_program()
    for alarm in program.all(ALARM):
        parent = program.by_urn(alarm.parent)
        assert parent.type == "lambda-token-streaming:infra:Alarms"
        assert parent.parent.endswith("::pulumi:pulumi:Stack::lambda-token-streaming-dev")


LARGEST = {"timeout": 900, "memorySize": 10240, "reservedConcurrency": 100_000, "alarmFirstTokenMs": 900_000}


@pytest.mark.parametrize(
    "config", [{}, LARGEST, {"reservedConcurrency": -1}], ids=["default", "largest", "unbounded"]
)
def test_a_description_asks_and_says_what_to_do_first(config: dict[str, Any]) -> None:
    for name, alarm in of_stack(**config).items():
        question, then, what = alarm["alarmDescription"].partition(" First: ")
        assert re.match(r"[A-Z][^?.]+\? [A-Z]", question), name
        assert then, name
        assert what.endswith("."), name


def test_what_a_description_names_is_there() -> None:
    """Kinds of errors, keys of the configuration, widgets of the dashboard."""
    program = run_program()
    text = " ".join(alarm["alarmDescription"] for alarm in alarms(program).values())
    kinds = set(re.findall(r"\b[a-z]+_[a-z_]+\b", text)) | set(
        re.findall(r"\b(timeout|unavailable)\b, broken", text)
    )
    assert kinds
    assert kinds <= set(ERROR_KINDS)
    keys = set(re.findall(r"\b[a-z]+[A-Z]\w+\b", text))
    assert {"reservedConcurrency", "memorySize", "maxOutputTokens"} <= keys
    assert keys <= {field.alias for field in Settings.model_fields.values()}
    body = json.loads(program.one("aws:cloudwatch/dashboard:Dashboard").inputs["dashboardBody"])
    titles = {widget["properties"].get("title") for widget in body["widgets"]}
    named = set(re.findall(r"'([A-Z][^']*\?)'", text))
    assert len(named) == 4
    assert named <= titles


def test_what_the_alarms_cost_is_said_right() -> None:
    """CloudWatch's price is for each metric that an alarm looks at."""
    counted, said = {}, " ".join((alarm_rules.__doc__ or "").split())
    for metrics in (True, False):
        found = of_stack(metrics=metrics).values()
        looked_at = [
            sum("metric" in query for query in alarm.get("metricQueries", ())) or 1 for alarm in found
        ]
        counted[metrics] = (len(looked_at), sum(looked_at))
        assert f"(${sum(looked_at) * 0.10:.2f})" in said
    assert counted == {True: (6, 8), False: (3, 3)}


@pytest.mark.parametrize(
    "config", [{}, LARGEST | {"alarmActions": [f"{TOPIC}-{n}" for n in range(5)]}], ids=["default", "largest"]
)
def test_aws_takes_the_request(config: dict[str, Any]) -> None:
    """Every argument is one of PutMetricAlarm's, within the bounds of AWS's service model."""
    model = botocore.session.get_session().get_service_model("cloudwatch").operation_model("PutMetricAlarm")
    for name, alarm in of_stack(**config).items():
        _check(_as_request(alarm) | {"AlarmName": f"{STREAMING}{name}-1234567"}, model.input_shape, name)


def _as_request(value: dict[str, Any]) -> dict[str, Any]:
    """The provider's arguments under the names that the API has for them."""
    names = {
        "metricQueries": "Metrics",
        "evaluateLowSampleCountPercentiles": "EvaluateLowSampleCountPercentile",
        "okActions": "OKActions",
    }
    request: dict[str, Any] = {}
    for key, each in value.items():
        if key == "dimensions":
            request["Dimensions"] = [{"Name": name, "Value": text} for name, text in each.items()]
        elif key == "metricQueries":
            request["Metrics"] = [_query_as_request(query) for query in each]
        else:
            request[names.get(key, key[0].upper() + key[1:])] = each
    return request


def _query_as_request(query: dict[str, Any]) -> dict[str, Any]:
    metric = query.get("metric")
    plain = _as_request({key: each for key, each in query.items() if key != "metric"})
    if metric is None:
        return plain
    of = _as_request({key: each for key, each in metric.items() if key not in ("period", "stat")})
    return plain | {"MetricStat": {"Metric": of, "Period": metric["period"], "Stat": metric["stat"]}}


def _check(value: Any, shape: Any, path: str) -> None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if shape.type_name == "structure":
        assert set(shape.required_members) <= value.keys() <= shape.members.keys(), path
        for key, each in value.items():
            _check(each, shape.members[key], f"{path}.{key}")
        return
    size = value
    if shape.type_name == "list":
        size = len(value)
        for each in value:
            _check(each, shape.member, path)
    elif shape.type_name == "string":
        size = len(value)
        assert not shape.enum or value in shape.enum, f"{path} is {value!r}"
    if least is not None:
        assert size >= least, f"{path} is {value!r}"
    if most is not None:
        assert size <= most, f"{path} is {value!r}"
