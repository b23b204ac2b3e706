"""The embedded metric format, held against CloudWatch's rules."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.emf import Directive, Metric, document
from tests.fakes.emf import Identity, read_emf

COUNT, TIME = Metric("Count", "Count"), Metric("Time", "Milliseconds")
DIRECTIVES = (Directive(("Name",), (COUNT, TIME)), Directive(("Name", "Kind"), (COUNT,)))
NAME = frozenset({"Name"})


def made(members: dict[str, Any]) -> dict[str, Any]:
    return document("Chat", DIRECTIVES, members, time.time_ns() // 1_000_000)


def test_a_document_is_what_the_specification_says() -> None:
    members = {"Name": "f", "Kind": "k", "Count": 1, "Time": 1.5, "beside": True}
    assert document("Chat", DIRECTIVES, members, 1_700_000_000_000) == {
        "_aws": {
            "Timestamp": 1_700_000_000_000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Chat",
                    "Dimensions": [["Name"]],
                    "Metrics": [{"Name": "Count", "Unit": "Count"}, {"Name": "Time", "Unit": "Milliseconds"}],
                },
                {
                    "Namespace": "Chat",
                    "Dimensions": [["Name", "Kind"]],
                    "Metrics": [{"Name": "Count", "Unit": "Count"}],
                },
            ],
        },
        **members,
    }


def test_what_has_no_member_is_not_told() -> None:
    """A reference without its member would cost all metrics of the document."""
    told = read_emf(json.dumps(made({"Name": "f", "Time": 0})))
    assert told.metrics == {Identity("Chat", "Time", "Milliseconds", NAME): 0}
    assert read_emf(json.dumps(made({"Name": "f"}))).metrics == {}
    assert read_emf(json.dumps(made({"Count": 1}))).metrics == {}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 2.0**361, 2**361, -(2**361)])
def test_a_number_that_cloudwatch_refuses_is_left_out(value: float) -> None:
    document = made({"Name": "f", "Count": value, "Time": 1, "beside": value})
    assert not {"Count", "beside"} & document.keys()
    assert read_emf(json.dumps(document)).value("Time", "Name") == 1


@pytest.mark.parametrize("value", [True, "1", None, [1]])
def test_what_is_no_number_is_no_metric(value: Any) -> None:
    assert read_emf(json.dumps(made({"Name": "f", "Count": value, "Time": 1}))).value("Count", "Name") is None


@pytest.mark.parametrize("value", ["", "  ", "é", "a\nb", "a\x7f", "x" * 1025, 7, None])
def test_a_value_that_is_no_dimension_keeps_its_directive_back(value: Any) -> None:
    told = read_emf(json.dumps(made({"Name": "f", "Kind": value, "Count": 1})))
    assert (told.value("Count", "Name"), told.value("Count", "Name", "Kind")) == (1, None)


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@given(st.dictionaries(st.sampled_from(["Name", "Kind", "Count", "Time", "beside", "x"]), VALUES))
def test_whatever_the_members_it_is_one_valid_document(members: dict[str, Any]) -> None:
    line = json.dumps(made(members), allow_nan=False)
    assert "\n" not in line
    read_emf(line)


@pytest.mark.parametrize(
    ("broken", "where"),
    [
        ({"Name": ""}, "Name"),
        ({"Count": "1"}, "Count"),
        ({"_aws": {"Timestamp": 1.5, "CloudWatchMetrics": []}}, "_aws"),
        ({"_aws": {"Timestamp": 5, "CloudWatchMetrics": []}}, "_aws"),
    ],
)
def test_the_reader_refuses_what_cloudwatch_would(broken: dict[str, Any], where: str) -> None:
    """The check can fail."""
    sound = made({"Name": "f", "Count": 1})
    read_emf(json.dumps(sound))
    assert where in sound
    with pytest.raises(AssertionError):
        read_emf(json.dumps(sound | broken))
    with pytest.raises(ValueError, match="JSON"):
        read_emf(json.dumps(sound | {"Count": float("nan")}))
