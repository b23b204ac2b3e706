"""CloudWatch's side of the embedded metric format: the metrics that it would take from a log, refusing what it refuses.

The rules are those of CloudWatch's user guide, "Specification: Embedded metric format", and of its API reference
(MetricDatum, Dimension). Where the two differ in a limit, or have differed, the stricter one holds here.
"""

from __future__ import annotations

import json
import math
import re
import time
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

_UNITS = {
    *("Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "Count/Second", "None"),
    *(
        f"{scale}{what}{per}"
        for what in ("bytes", "bits")
        for scale in ("Kilo", "Mega", "Giga", "Tera")
        for per in ("", "/Second")
    ),
    *(f"{what}{per}" for what in ("Bytes", "Bits") for per in ("", "/Second")),
}
_NAMESPACE = re.compile(r"[0-9A-Za-z._#/-][0-9A-Za-z._#:/-]{0,254}")
_LARGEST_EVENT = 256 * 1024
_LARGEST_VALUE = 2**360
_TWO_WEEKS, _TWO_HOURS = 14 * 86_400_000, 7_200_000


class Identity(NamedTuple):
    """What makes a metric the one that it is, but for the dimensions' values."""

    namespace: str
    name: str
    unit: str
    dimensions: frozenset[str]


@dataclass(frozen=True)
class EmfLine:
    """One log event: its members, and the value of each metric under each set of its dimensions."""

    members: dict[str, Any]
    metrics: dict[Identity, float]

    def value(self, name: str, *dimensions: str) -> float | None:
        """The value of a metric under these dimensions (FunctionName alone, if none is named)."""
        wanted = frozenset(dimensions or ("FunctionName",))
        return next(
            (v for key, v in self.metrics.items() if (key.name, key.dimensions) == (name, wanted)), None
        )


def emf_lines(log: str) -> list[EmfLine]:
    """The log's events in embedded metric format, in order; any other line is passed over."""
    return [read_emf(line) for line in log.splitlines() if '"_aws"' in line]


def read_emf(line: str) -> EmfLine:
    """One event.

    Raises:
        AssertionError, ValueError: CloudWatch would take none of its metrics.
    """
    assert len(line.encode()) <= _LARGEST_EVENT
    root = json.loads(line, parse_constant=_no_number, object_pairs_hook=_once)
    assert isinstance(root, dict)
    metadata = root["_aws"]
    assert metadata.keys() == {"Timestamp", "CloudWatchMetrics"}
    age = time.time() * 1000 - metadata["Timestamp"]
    assert isinstance(metadata["Timestamp"], int), metadata
    assert -_TWO_HOURS < age < _TWO_WEEKS, metadata
    metrics: dict[Identity, float] = {}
    for directive in metadata["CloudWatchMetrics"]:
        assert directive.keys() == {"Namespace", "Dimensions", "Metrics"}
        assert _NAMESPACE.fullmatch(directive["Namespace"]), directive
        assert not directive["Namespace"].startswith("AWS/")
        assert directive["Dimensions"]
        assert 0 < len(directive["Metrics"]) <= 100
        for names in directive["Dimensions"]:
            assert len(set(names)) == len(names) <= 30
            for name in names:
                _check_dimension(name, root[name])
            for metric in directive["Metrics"]:
                identity = Identity(directive["Namespace"], metric["Name"], metric["Unit"], frozenset(names))
                assert metric.keys() == {"Name", "Unit"}
                assert 0 < len(metric["Name"]) <= 255
                assert metric["Unit"] in _UNITS, metric
                assert identity not in metrics, f"{identity} is told twice"
                metrics[identity] = _number(root[metric["Name"]])
    return EmfLine(root, metrics)


def _number(value: Any) -> float:
    assert isinstance(value, int | float), value
    assert not isinstance(value, bool)
    assert math.isfinite(value)
    assert abs(value) <= _LARGEST_VALUE
    return value


def _check_dimension(name: str, value: Any) -> None:
    for text, longest in ((name, 255), (value, 1024)):
        assert isinstance(text, str)
        assert 0 < len(text) <= longest
        assert re.fullmatch(r"[ -~]*[!-~][ -~]*", text), (
            f"{text!r} is blank, not ASCII, or has control characters"
        )
    assert not name.startswith(":")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    assert len(members) == len(pairs), "a member stands there twice"
    return members
