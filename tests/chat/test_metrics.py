"""What is measured of one answer, by a clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chat.failures import FailureKind, RequestError
from chat.generation import AnswerError
from chat.metrics import DIRECTIVES, ERROR_KINDS, MEANINGS, Measurement
from chat.parts import (
    Annotation,
    File,
    Finish,
    Part,
    ReasoningDelta,
    Source,
    StepFinish,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
    Usage,
)
from chat.requests import ChatRequest
from lambda_runtime import StreamClosed

if TYPE_CHECKING:
    from collections.abc import Callable

REQUEST = ChatRequest([{"role": "user", "content": "Hi"}], "gpt-4o-mini")


class Clock:
    """Seconds, as a test sets them."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def measure(*steps: tuple[float, list[Part]]) -> dict[str, Any]:
    """The members of an answer whose batches came so many seconds after its event."""
    clock = Clock()
    measured = Measurement(clock=clock)
    measured.begin(REQUEST)
    for seconds, parts in steps:
        clock.now = 100 + seconds
        measured.took(parts)
    members = measured.members()
    assert members is not None
    return members


def test_times_and_tokens_of_a_good_answer() -> None:
    members = measure(
        (0.5, [TextDelta("a")]),
        (1.0, [TextDelta("b"), TextDelta("c")]),
        (2.5, [TextDelta("d")]),
        (3.25, [Finish("stop", Usage(10, 21))]),
    )
    assert members == {
        "Answers": 1,
        "Errors": 0,
        "DeadlineCuts": 0,
        "RejectedRequests": 0,
        "Duration": 3250.0,
        "TimeToFirstToken": 500.0,
        "InputTokens": 10,
        "OutputTokens": 21,
        "TokensPerSecond": 10.0,  # 20 behind the first, in the 2 s from the first to the last
        "model": "gpt-4o-mini",
        "finishReason": "stop",
    }


@pytest.mark.parametrize(
    "token",
    [
        TextDelta("a"),
        ReasoningDelta("a"),
        ToolCallStart("c", "t"),
        ToolCallDelta("c", "{"),
        File("AA==", "image/png"),
    ],
)
def test_the_first_token_may_be_of_any_kind(token: Part) -> None:
    """A source or an annotation is not made of tokens, and does not stop the clock."""
    early: list[Part] = [Source("s", "https://example.com"), Annotation(1)]
    members = measure((0.1, early), (0.5, [*early, token]), (0.9, early))
    assert members["TimeToFirstToken"] == 500.0


def test_tokens_are_those_of_all_steps() -> None:
    members = measure(
        (0.0, [TextDelta("a"), StepFinish("tool-calls", Usage(10, 5))]),
        (1.0, [TextDelta("b"), Finish("stop", Usage(20, 6))]),
    )
    assert (members["InputTokens"], members["OutputTokens"], members["TokensPerSecond"]) == (30, 11, 10.0)


@pytest.mark.parametrize(
    "batches",
    [
        [[TextDelta("a"), Finish("stop")]],
        [[TextDelta("a"), StepFinish("tool-calls")], [TextDelta("b"), Finish("stop", Usage(1, 2))]],
        [[TextDelta("a"), StepFinish("tool-calls", Usage(1, 2))], [TextDelta("b"), Finish("stop")]],
        [[TextDelta("a"), StepFinish("tool-calls", Usage(1, 2))], [TextDelta("b")]],
    ],
)
def test_tokens_that_the_model_did_not_tell_of_every_step_are_not_guessed(batches: list[list[Part]]) -> None:
    members = measure(*((float(number), batch) for number, batch in enumerate(batches)))
    assert not {"InputTokens", "OutputTokens", "TokensPerSecond"} & members.keys()


@pytest.mark.parametrize(
    ("last", "tokens"),
    [(0.0, 7), (0.09, 7), (5.0, 1), (5.0, 0)],
)
def test_a_rate_needs_time_and_tokens(last: float, tokens: int) -> None:
    """What came in one packet or two says nothing of the model's speed."""
    members = measure((0.0, [TextDelta("a")]), (last, [TextDelta("b"), Finish("stop", Usage(1, tokens))]))
    assert "TokensPerSecond" not in members
    assert members["OutputTokens"] == tokens


def test_an_answer_without_a_token_has_no_time_to_the_first() -> None:
    members = measure((1.0, [Finish("stop", Usage(3, 0))]))
    assert "TimeToFirstToken" not in members
    assert (members["Duration"], members["OutputTokens"]) == (1000.0, 0)


REFUSED = RequestError("no", 413)
FAILURES: list[tuple[list[BaseException], dict[str, Any]]] = [
    ([ZeroDivisionError("a fault")], {"ErrorKind": "internal"}),
    ([StreamClosed("gone")], {"ErrorKind": "stream_closed"}),
    ([asyncio.CancelledError()], {"ErrorKind": "interrupted"}),
    ([SystemExit(0)], {"ErrorKind": "interrupted"}),
    ([AnswerError(FailureKind.TIMEOUT, "e1")], {"ErrorKind": "timeout", "errorId": "e1"}),
    # The first reason counts: what fails behind it fails because of it.
    (
        [AnswerError(FailureKind.DEADLINE, "e1"), StreamClosed("gone")],
        {"ErrorKind": "deadline", "errorId": "e1"},
    ),
    ([REFUSED, StreamClosed("gone")], {"status": 413}),
    # But an interruption may be how the answer learns that the platform is gone.
    (
        [AnswerError(FailureKind.INTERRUPTED, "e1"), StreamClosed("gone")],
        {"ErrorKind": "stream_closed", "errorId": "e1"},
    ),
]


@pytest.mark.parametrize(("errors", "told"), FAILURES, ids=repr)
def test_each_failure_has_one_kind(errors: list[BaseException], told: dict[str, Any]) -> None:
    measured = Measurement()
    measured.begin(REQUEST)
    for error in errors:
        measured.fail(error)
    members = measured.members()
    assert members is not None
    assert {name: members[name] for name in ("ErrorKind", "errorId", "status") if name in members} == told
    assert members["Errors"] == int("ErrorKind" in told)
    assert members["RejectedRequests"] == int("status" in told)
    assert members["DeadlineCuts"] == int(told.get("ErrorKind") == "deadline")
    assert told.get("ErrorKind", "internal") in ERROR_KINDS


@pytest.mark.parametrize("kind", FailureKind)
def test_every_kind_of_failure_is_a_kind_of_error(kind: FailureKind) -> None:
    measured = Measurement()
    measured.fail(AnswerError(kind, "e1"))
    members = measured.members()
    assert members is not None
    assert members["ErrorKind"] in ERROR_KINDS


def reporting() -> tuple[list[dict[str, Any]], Callable[[dict[str, Any]], None]]:
    told: list[dict[str, Any]] = []
    return told, told.append


@pytest.mark.parametrize("error", [ZeroDivisionError(), SystemExit(1), asyncio.CancelledError()])
def test_what_leaves_the_block_is_told_once_and_goes_on(error: BaseException) -> None:
    told, report = reporting()
    with pytest.raises(type(error)), Measurement(report):
        raise error
    (members,) = told
    assert members["Errors"] == 1


def test_a_block_without_an_answer_tells_nothing() -> None:
    told, report = reporting()
    with Measurement(report):
        pass
    assert told == []


def test_a_report_that_fails_is_logged_and_nothing_more(caplog: pytest.LogCaptureFixture) -> None:
    def report(members: dict[str, Any]) -> None:
        raise OSError("the log is full")

    with Measurement(report) as measured:
        measured.begin(REQUEST)
    assert "the log is full" in caplog.text


DOCUMENT = Path(__file__).parents[2] / "docs" / "streaming-implementation.md"


def test_the_documentation_has_every_metric_and_every_kind_of_error() -> None:
    section = DOCUMENT.read_text().partition("## Watching it\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([A-Z]\w+)` \| (\S+) \| (.+) \|$", section, re.MULTILINE) == [
        (metric.name, metric.unit, meaning) for metric, meaning in MEANINGS.items()
    ]
    rows = re.findall(r"^\| (`[a-z_]+`(?:, `[a-z_]+`)*) \|", section, re.MULTILINE)
    kinds = [kind for row in rows for kind in re.findall(r"[a-z_]+", row)]
    assert sorted(kinds) == sorted(ERROR_KINDS)
    fields = set(re.findall(r"(?:ispresent|sum|pct)\((\w+)", section))
    assert fields <= {metric.name for metric in MEANINGS}


def test_each_metric_has_a_meaning_and_its_directive() -> None:
    """At most 100 metrics in a directive and 30 dimensions are taken; each metric costs money."""
    under_the_function, by_kind = DIRECTIVES
    assert under_the_function.metrics == tuple(MEANINGS)
    assert len({metric.name for metric in MEANINGS}) == len(MEANINGS) == 9
    assert [metric.name for metric in by_kind.metrics] == ["Errors"]
