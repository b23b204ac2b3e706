"""The usage of a whole answer is known only if that of each call of the model is."""

from __future__ import annotations

from chat.parts import Finish, StepFinish, Usage
from chat.protocols.totals import TotalUsage


def test_the_sum_of_all_steps() -> None:
    total = TotalUsage()
    total.add(StepFinish("tool-calls", Usage(1, 2)))
    total.add(Finish("stop", Usage(3, 4)))
    assert total.known == Usage(4, 6)


def test_nothing_is_known_before_the_first_step_has_ended() -> None:
    assert TotalUsage().known is None


def test_one_unknown_step_makes_the_sum_unknown_for_good() -> None:
    total = TotalUsage()
    total.add(StepFinish("tool-calls"))
    total.add(Finish("stop", Usage(3, 4)))
    assert total.known is None


def test_a_step_may_cost_nothing() -> None:
    total = TotalUsage()
    total.add(Finish("stop", Usage(0, 0)))
    assert total.known == Usage(0, 0)
