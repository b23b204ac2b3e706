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
        (Goal("row", None, 2, beyond="a"), 101.9, True),
        (Goal("row", None, 2, beyond="a"), 102.0, False),
    ],
)
def test_a_goal_compares_with_its_peer_or_its_bound(goal: Goal, ours: float, reached: bool) -> None:  # noqa: FBT001 - a table's column
    verdict = goal.judge({"ours": {"row": ours}, "a": {"row": 100.0}})
    assert verdict is not None
    assert verdict.reached is reached


def test_a_goal_may_be_about_another_column() -> None:
    """A bundle's size has no "ours": each page is a column of its own."""
    verdict = Goal("row", None, 2, of="page").judge({"ours": {"row": 1.0}, "page": {"row": 3.0}})
    assert verdict is not None
    assert not verdict.reached


@pytest.mark.parametrize(
    "medians", [{}, {"ours": {"row": 1.0}}, {"a": {"row": 1.0}}, {"ours": {}, "a": {"row": 1.0}}]
)
def test_what_was_not_measured_is_not_judged(medians: dict[str, dict[str, float]]) -> None:
    assert Goal("row", "a", 1).judge(medians) is None


def test_every_goal_is_about_a_row_that_is_shown() -> None:
    assert {goal.row for goal in GOALS} <= ROWS.keys()


def test_every_goal_compares_columns_of_one_table() -> None:
    for goal in GOALS:
        section, _ = ROWS[goal.row]
        assert set(goal.columns) <= {column.name for column in section.columns}
