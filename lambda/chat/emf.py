"""CloudWatch's embedded metric format: a log line whose members CloudWatch makes metrics of, without an API call.

Facts (CloudWatch's user guide, "Specification: Embedded metric format"; its API reference, MetricDatum, Dimension):

- A log event is one JSON object and nothing around it. `_aws.Timestamp` is a whole number of milliseconds since 1970;
  each of `_aws.CloudWatchMetrics` has Namespace, Dimensions (lists of names) and Metrics ({Name, Unit}).
- Names refer to members of the root: of a metric to a number (or at most 100 of them), of a dimension to a string.
  Every reference must have its member. Further members are free, and cost nothing but their bytes in the log.
- At most 100 metrics in one directive, 30 dimensions in one set. Names have 255 characters at most.
- Values lie within ±2^360; NaN and the infinities are refused, and JSON has no form for them.
- A dimension's value is ASCII without control characters, not blank, 1,024 characters at most.
- What is wrong with a document is told in the AWS/Logs metrics EMFParsingErrors and EMFValidationErrors alone, and
  none of its metrics are taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LARGEST: Final = 2**360
_LONGEST_DIMENSION: Final = 1024


class Metric(NamedTuple):
    """A metric's name and its unit, one of CloudWatch's (`Count`, `Milliseconds`, `Count/Second`, …)."""

    name: str
    unit: str


class Directive(NamedTuple):
    """Metrics that CloudWatch keeps under one set of dimensions, given by their names."""

    dimensions: tuple[str, ...]
    metrics: tuple[Metric, ...]


def document(
    namespace: str, directives: Sequence[Directive], members: Mapping[str, Any], timestamp: int
) -> dict[str, Any]:
    """The object to log: all `members`, and of the directives what there are members for.

    Args:
        namespace: the metrics' namespace, 1 to 255 characters.
        directives: what may be told; a metric without a sound value is left out, and so is a directive without
            any metric or without one of its dimensions.
        members: values of metrics and dimensions, and what stands beside them, by name: text, numbers, booleans.
            A number that CloudWatch would refuse is left out.
        timestamp: milliseconds since 1970 of the time that the metrics count for.
    """
    sound = {name: value for name, value in members.items() if not _is_number(value) or _fits(value)}
    told: list[dict[str, Any]] = []
    for directive in directives:
        metrics = [metric for metric in directive.metrics if _is_number(sound.get(metric.name))]
        if metrics and all(_is_dimension(sound.get(name)) for name in directive.dimensions):
            told.append(
                {
                    "Namespace": namespace,
                    "Dimensions": [list(directive.dimensions)],
                    "Metrics": [{"Name": metric.name, "Unit": metric.unit} for metric in metrics],
                }
            )
    return {"_aws": {"Timestamp": timestamp, "CloudWatchMetrics": told}, **sound}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fits(value: float) -> bool:
    return -_LARGEST <= value <= _LARGEST  # NaN and the infinities do not


def _is_dimension(value: Any) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= _LONGEST_DIMENSION
        and value.isascii()
        and value.isprintable()
        and not value.isspace()
    )
