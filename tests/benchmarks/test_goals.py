from __future__ import annotations

import pytest

from benchmarks.goals import GOALS, Goal
from benchmarks.report import ROWS


@pytest.mark.parametrize(
    ("goal", "ours", "reached"),
    [
        (Goal("row", "a", 1 / 4, equal=True), 25.0, True),
        (Goal("row", "a", 1 / 4, equal=True), 25.1, False),
        (Goal("row", "a", 1), 99.9, True),
        (Goal("row", "a", 1), 100.0, False),
        (Goal("row", None, 2), 1.9, True),
        (Goal("row", None, 2), 2.0, False),
    ],
)
def test_a_goal_compares_with_its_peer_or_its_bound(goal: Goal, ours: float, reached: bool) -> None:  # noqa: FBT001 - a table's column
    verdict = goal.judge({"ours": {"row": ours}, "a": {"row": 100.0}})
    assert verdict is not None
    assert verdict.reached is reached


@pytest.mark.parametrize(
    "medians", [{}, {"ours": {"row": 1.0}}, {"a": {"row": 1.0}}, {"ours": {}, "a": {"row": 1.0}}]
)
def test_what_was_not_measured_is_not_judged(medians: dict[str, dict[str, float]]) -> None:
    assert Goal("row", "a", 1).judge(medians) is None


def test_every_goal_is_about_a_row_that_is_shown() -> None:
    assert {goal.row for goal in GOALS} <= ROWS.keys()
