"""The dashboard as the program asks for it, held against CloudWatch's rules for a dashboard's body.

The rules are those of its API reference, "Dashboard Body Structure and Syntax".
"""

from __future__ import annotations

import functools
import itertools
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from chat.metrics import ERROR_KINDS
from infra import metrics
from infra.dashboard import console_address
from infra.dashboard_widgets import ShownFunction
from tests.fakes.pulumi_program import ACCOUNT, UNKNOWN, run_program

if TYPE_CHECKING:
    from tests.fakes.pulumi_program import Program

DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
FUNCTION = "aws:lambda/function:Function"
BOTH = {"bufferedFunction": True, "alias": "live", "provisionedConcurrency": 1}

WIDGET = {"type", "x", "y", "width", "height", "properties"}
# What a widget of each type may have (and must), of what the reference lists.
REQUIRED = {
    "metric": {"metrics", "region"},
    "log": {"query", "region"},
    "alarm": {"alarms"},
    "text": {"markdown"},
}
ALLOWED = {
    "metric": {"title", "view", "stacked", "period", "yAxis", "annotations", "stat", "legend", "liveData"},
    "log": {"title", "view", "stacked"},
    "alarm": {"title", "sortBy", "states"},
    "text": {"background"},
}
VIEWS = {
    "metric": {"timeSeries", "singleValue", "bar", "pie", "gauge", "table"},
    "log": {"table", "timeSeries", "bar", "pie"},
}
DRAWN = {"stat", "label", "id", "visible", "yAxis", "period", "color", "region"}
CALCULATED = {"expression", "label", "id", "visible", "yAxis", "period", "color", "region"}
STATISTIC = re.compile(r"SampleCount|Average|Sum|Minimum|Maximum|p(\d{1,2}(\.\d+)?|100)")
ID = re.compile(r"[a-z][a-zA-Z0-9_]*")


@functools.cache
def _program(config: str) -> Program:
    return run_program(json.loads(config))


def program(**config: Any) -> Program:
    return _program(json.dumps(config))


def widgets(**config: Any) -> list[dict[str, Any]]:
    body = json.loads(program(**config).one(DASHBOARD).inputs["dashboardBody"])
    assert body.keys() == {"widgets"}
    assert isinstance(body["widgets"], list)
    return body["widgets"]


def titled(title: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    """The properties of the first widget of that title."""
    properties: dict[str, Any] = next(
        each["properties"] for each in found if each["properties"].get("title") == title
    )
    return properties


CONFIGS = [{}, BOTH, {"alarms": False}, {"logFormat": "Text"}, {"reservedConcurrency": -1}]


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_cloudwatch_takes_the_body(config: dict[str, Any]) -> None:
    found = widgets(**config)
    assert len(found) <= 500
    for widget in found:
        assert widget.keys() == WIDGET
        kind, properties = widget["type"], widget["properties"]
        assert REQUIRED[kind] <= properties.keys() <= REQUIRED[kind] | ALLOWED[kind], properties
        assert properties.get("region", "us-east-1") == "us-east-1"
        if "view" in properties:
            assert properties["view"] in VIEWS[kind]
        if kind == "metric":
            _check_graph(properties)
        if kind == "alarm":
            assert 1 <= len(properties["alarms"]) <= 100


def _check_graph(properties: dict[str, Any]) -> None:
    lines = properties["metrics"]
    assert 0 < len(lines) <= 500
    drawn = [line[-1] for line in lines]
    ids = [each["id"] for each in drawn if "id" in each]
    assert len(set(ids)) == len(ids)
    assert all(ID.fullmatch(each) for each in ids)
    for line in lines:
        if len(line) == 1:
            assert {"expression", "id"} <= line[0].keys() <= CALCULATED
            names = set(re.findall(r"\b[a-z]\w*\b", re.sub(r"'[^']*'", "", line[0]["expression"])))
            assert names <= set(ids) - {line[0]["id"]}, line
            continue
        *identity, how = line
        assert all(isinstance(each, str) for each in identity)
        assert len(identity) >= 2
        assert len(identity) % 2 == 0, "dimensions come in pairs"
        assert how.keys() <= DRAWN
        assert STATISTIC.fullmatch(how["stat"])
        assert how.get("yAxis", "left") in ("left", "right")
    assert properties["period"] % 60 == 0
    assert properties["yAxis"].keys() <= {"left", "right"}
    for mark in properties.get("annotations", {"horizontal": []})["horizontal"]:
        assert mark.keys() == {"label", "value"}
        assert isinstance(mark["value"], int | float)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_widgets_stand_in_the_grid_and_none_on_another(config: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for widget in widgets(**config):
        cells = set(
            itertools.product(
                range(widget["x"], widget["x"] + widget["width"]),
                range(widget["y"], widget["y"] + widget["height"]),
            )
        )
        assert cells
        assert {x for x, _ in cells} <= set(range(24))
        assert not cells & taken
        taken |= cells
    rows = max(y for _, y in taken) + 1
    assert len(taken) == 24 * rows, "a row has a hole"


def test_every_widget_answers_a_question() -> None:
    titles = [each["properties"]["title"] for each in widgets() if each["type"] != "text"]
    assert all(re.fullmatch(r"[A-Z][^?]+\?", title) for title in titles)
    assert len(set(titles)) == len(titles)


def test_each_function_has_its_part() -> None:
    """With its own name and its own log in every line and query."""
    found = widgets(**BOTH)
    names = {each.name: each.outputs["name"] for each in program(**BOTH).all(FUNCTION)}
    logs = {
        each.name: each.outputs["name"] for each in program(**BOTH).all("aws:cloudwatch/logGroup:LogGroup")
    }
    starts = [
        number
        for number, each in enumerate(found)
        if each["properties"].get("markdown", "").startswith("## ")
    ]
    parts = [found[begin:end] for begin, end in itertools.pairwise([*starts, len(found)])]
    assert len(parts) == 2
    kinds = [("Streaming", "streaming"), ("Buffered", "buffered")]
    for part, (heading, kind) in zip(parts, kinds, strict=True):
        name = f"lambda-token-streaming-dev-{kind}"
        assert part[0]["properties"]["markdown"] == f"## {heading}\n`{names[name]}`"
        text = json.dumps(part)
        other = next(each for each in names if each != name)
        assert names[other] not in text
        assert logs[other] not in text
        for widget in part[1:]:
            shown = json.dumps(widget)
            assert names[name] in shown or f"SOURCE '{logs[name]}' | " in shown
    assert len({tuple(each["properties"].get("title", "") for each in part) for part in parts}) == 1


def test_the_alarms_states_stand_first_and_their_levels_in_the_graphs() -> None:
    config = {"alarmFirstTokenMs": 1500, "alarmErrorPercent": 7}
    found, asked = widgets(**config), program(**config)
    arns = {each.outputs["arn"] for each in asked.all("aws:cloudwatch/metricAlarm:MetricAlarm")}
    assert [each["type"] for each in found[:3]] == ["text", "alarm", "text"]
    assert set(found[1]["properties"]["alarms"]) == arns
    assert titled("How long until the first token?", found)["annotations"]["horizontal"][0]["value"] == 1500
    assert titled("What share of the answers fails?", found)["annotations"]["horizontal"][0]["value"] == 7


def test_without_alarms_nothing_is_said_of_them() -> None:
    found = widgets(alarms=False)
    assert "alarm" not in json.dumps(found)
    assert [each["type"] for each in found].count("text") == 2


def test_levels_are_those_of_the_settings() -> None:
    found = widgets(timeout=60, reservedConcurrency=7)
    assert titled("Are answers cut off?", found)["annotations"]["horizontal"] == [
        {"label": "timeout", "value": 60_000}
    ]
    assert titled("Is anybody turned away?", found)["annotations"]["horizontal"] == [
        {"label": "reservedConcurrency", "value": 7}
    ]
    assert titled("Is anybody turned away?", widgets(reservedConcurrency=-1)).get("annotations") is None


def test_what_is_billed_is_the_duration_times_the_memory() -> None:
    """GB-seconds, as Lambda bills them: 2,000 ms of 3,072 MB are 6."""
    (line,) = titled("How much Lambda do we pay for?", widgets(memorySize=3072))["metrics"][0]
    assert eval(line["expression"], {}, {"duration": 2000}) == 6


def test_the_share_is_that_of_the_answers() -> None:
    properties = titled("What share of the answers fails?", widgets())
    assert eval(properties["metrics"][0][0]["expression"], {}, {"errors": 3, "answers": 60}) == 5
    by_id = {line[-1]["id"]: (line[0], line[1]) for line in properties["metrics"][1:]}
    assert by_id == {"errors": metrics.ERRORS[:2], "answers": metrics.ANSWERS[:2]}


def test_spillover_is_shown_where_environments_are_kept_started() -> None:
    assert "Spillover" in json.dumps(widgets(**BOTH))
    assert "Spillover" not in json.dumps(widgets())


def test_new_kinds_of_errors_show_up_by_themselves() -> None:
    function = program().one(FUNCTION).outputs["name"]
    (line,) = titled("What fails, and how?", widgets())["metrics"]
    assert line[0]["expression"] == (
        "SEARCH('{LambdaTokenStreaming,FunctionName,ErrorKind} "
        f'MetricName="Errors" FunctionName="{function}"\', \'Sum\', 300)'
    )
    assert line[0]["label"] == "${PROP('Dim.ErrorKind')}"


def test_one_function_fits_into_a_free_dashboard() -> None:
    """Free are dashboards of up to 50 metrics, here with every kind of error having occurred."""
    shown = {
        tuple(line[:-1])
        for widget in widgets(alias="live", provisionedConcurrency=1)
        for line in widget["properties"].get("metrics", ())
        if len(line) > 1
    }
    assert len(shown) + len(ERROR_KINDS) <= 50


def test_a_line_is_of_one_metric() -> None:
    """A metric by kind drawn as one line would be empty for ever: CloudWatch adds up no dimensions."""
    function = ShownFunction("Streaming", "f", "/aws/lambda/f", "us-east-1")
    with pytest.raises(ValueError, match="ErrorKind"):
        function.line(metrics.ERRORS_BY_KIND, "Sum", "errors")


@pytest.mark.parametrize(
    ("log_format", "wanted", "unwanted"),
    [("JSON", "platform.report", "@type"), ("Text", "@type", "platform.report")],
)
def test_queries_are_for_the_log_s_format(log_format: str, wanted: str, unwanted: str) -> None:
    queries = [each["properties"]["query"] for each in widgets(logFormat=log_format) if each["type"] == "log"]
    assert len(queries) == 3
    for query in queries:
        assert wanted in query
        assert unwanted not in query


def test_its_name_has_the_region_because_dashboards_have_none() -> None:
    dashboard = program().one(DASHBOARD)
    assert dashboard.inputs["dashboardName"] == "lambda-token-streaming-dev-us-east-1"
    assert program().by_urn(dashboard.parent).type == "lambda-token-streaming:infra:Dashboard"


def test_without_metrics_there_is_no_dashboard() -> None:
    asked = program(metrics=False)
    assert not asked.all(DASHBOARD)
    assert "dashboard" not in asked.outputs
    assert "CHAT_METRICS_NAMESPACE" not in asked.one(FUNCTION).inputs["environment"]["variables"]


def test_a_preview_knows_neither_its_body_nor_its_address() -> None:
    preview = run_program(preview=True)
    assert preview.one(DASHBOARD).inputs["dashboardBody"] == UNKNOWN
    assert preview.outputs["dashboard"] == UNKNOWN


def test_the_address_is_an_output() -> None:
    assert program().outputs["dashboard"] == (
        "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1"
        "#dashboards/dashboard/lambda-token-streaming-dev-us-east-1"
    )


@pytest.mark.parametrize(
    ("partition", "region", "address"),
    [
        (
            "aws",
            "eu-central-1",
            "https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1",
        ),
        ("aws-cn", "cn-north-1", "https://cn-north-1.console.amazonaws.cn/cloudwatch/home?region=cn-north-1"),
        (
            "aws-us-gov",
            "us-gov-west-1",
            "https://us-gov-west-1.console.amazonaws-us-gov.com/cloudwatch/home?region=us-gov-west-1",
        ),
        (
            "aws-eusc",
            "eusc-de-east-1",
            "https://eusc-de-east-1.console.amazonaws-eusc.eu/cloudwatch/home?region=eusc-de-east-1",
        ),
    ],
)
def test_each_partition_has_its_console(partition: str, region: str, address: str) -> None:
    arn = f"arn:{partition}:logs:{region}:{ACCOUNT}:log-group:/aws/lambda/f"
    assert console_address(arn, "chat") == f"{address}#dashboards/dashboard/chat"


def test_a_partition_without_a_public_console_gets_the_name() -> None:
    assert console_address(f"arn:aws-iso:logs:us-iso-east-1:{ACCOUNT}:log-group:f", "chat") == "chat"
