"""The forms that a CloudWatch dashboard is made of: graphs, tables of logs, alarms, text, and their places.

Facts (CloudWatch's API reference, "Dashboard Body Structure and Syntax"): the grid has 24 columns; a metric is a list
of namespace, name, dimensions in pairs, and how it is drawn; an expression is such a list with an object alone; ids
begin with a small letter. A log query begins with its log groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from infra.metrics import FUNCTION_NAME, Metric

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLUMNS: Final = 24
THIRD: Final = _COLUMNS // 3
PERIOD: Final = 300
"""Seconds that a point stands for, unless so long a time is shown that CloudWatch takes more."""

Widget = dict[str, Any]


@dataclass(frozen=True)
class ShownFunction:
    """A function as the dashboard shows it, and the lines and tables that can be drawn of it."""

    heading: str
    name: str
    log_group: str
    region: str

    def line(self, metric: Metric, statistic: str, label: str, **drawn: Any) -> list[Any]:
        """A line in a graph.

        Raises:
            ValueError: the function's name alone does not make it one line.
        """
        if metric.dimensions != (FUNCTION_NAME,):
            raise ValueError(f"{metric.name} has the dimensions {metric.dimensions}")
        drawn = {"stat": statistic, "label": label, **drawn}
        return [metric.namespace, metric.name, FUNCTION_NAME, self.name, drawn]

    def percentiles(self, metric: Metric, *percentiles: str) -> list[list[Any]]:
        """A line for each percentile, such as `p90`."""
        return [self.line(metric, each, each) for each in percentiles]

    def lines_by(self, metric: Metric, statistic: str) -> list[Any]:
        """A line for each value of a metric's second dimension, also of values that are yet to come.

        SEARCH finds what was told in the last two weeks.
        """
        first, second = metric.dimensions
        search = f'{{{metric.namespace},{first},{second}}} MetricName="{metric.name}" {first}="{self.name}"'
        return calculated(
            f"SEARCH('{search}', '{statistic}', {PERIOD})", f"${{PROP('Dim.{second}')}}", id_="found"
        )

    def graph(
        self,
        title: str,
        *lines: list[Any],
        unit: str,
        stacked: bool = False,
        mark: tuple[str, float] | None = None,
    ) -> Widget:
        """Lines over time; `unit` names the left axis, `mark` is a labelled level across it."""
        level = {"annotations": {"horizontal": [{"label": mark[0], "value": mark[1]}]}} if mark else {}
        return _widget(
            "metric",
            THIRD,
            6,
            title=title,
            region=self.region,
            view="timeSeries",
            stacked=stacked,
            period=PERIOD,
            metrics=list(lines),
            yAxis={"left": {"min": 0, "label": unit, "showUnits": False}, "right": {"min": 0}},
            **level,
        )

    def log(self, title: str, query: str, *, view: Literal["table", "timeSeries"]) -> Widget:
        """What a query of the function's log gives."""
        source = f"SOURCE '{self.log_group}' | {query}"
        return _widget("log", THIRD, 6, title=title, region=self.region, view=view, query=source)


def calculated(expression: str, label: str, *, id_: str) -> list[Any]:
    """A line that metric math makes of other lines, which it names by their ids."""
    return [{"expression": expression, "label": label, "id": id_}]


def alarm_states(title: str, alarms: Sequence[str]) -> Widget:
    """The states of up to 100 alarms, given by their ARNs."""
    return _widget("alarm", _COLUMNS, 4, title=title, alarms=list(alarms))


def text(markdown: str) -> Widget:
    """A line or two across the dashboard."""
    return _widget("text", _COLUMNS, 2, markdown=markdown)


def whole_width(widget: Widget) -> Widget:
    """The widget, across the dashboard."""
    return widget | {"width": _COLUMNS}


def laid_out(rows: Sequence[Sequence[Widget]]) -> list[Widget]:
    """Each widget at its place: those of a row side by side, rows one below the other."""
    placed, y = [], 0
    for row in rows:
        x = 0
        for widget in row:
            placed.append({"x": x, "y": y, **widget})
            x += widget["width"]
        y += max(widget["height"] for widget in row)
    return placed


def _widget(kind: str, width: int, height: int, **properties: Any) -> Widget:
    return {"type": kind, "width": width, "height": height, "properties": properties}
