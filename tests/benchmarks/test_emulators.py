"""The emulators that the benchmark compares run the same function, and what buffers is seen to buffer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import streams
from benchmarks.answer import Question
from benchmarks.emulators import CARGO_LAMBDA, OURS, RIE, Emulator


@pytest.mark.parametrize("emulator", [OURS, CARGO_LAMBDA, RIE], ids=lambda emulator: emulator.name)
def test_its_answer_is_timed(emulator: Emulator) -> None:
    if (reason := emulator.missing()) is not None:
        pytest.skip(reason)
    question = Question(events=5, pace=0.01)
    with emulator.run(Path(sys.executable), 1) as local:
        [answer] = streams.read(local.url, emulator.body(question), question, 1)
    assert all(answer.sent < made < arrived for made, arrived in answer.tokens)
    first_arrived, last_made = answer.tokens[0][1], answer.tokens[-1][0]
    assert (first_arrived > last_made) is (emulator is RIE), (
        "RIE hands answers on whole, the others as they come"
    )


@pytest.mark.parametrize("emulator", [OURS, CARGO_LAMBDA], ids=lambda emulator: emulator.name)
def test_its_streams_run_at_the_same_time(emulator: Emulator) -> None:
    if (reason := emulator.missing()) is not None:
        pytest.skip(reason)
    question = Question(events=40, pace=0.05)
    with emulator.run(Path(sys.executable), 3) as local:
        answers = streams.read(local.url, emulator.body(question), question, 3)
    assert max(answer.tokens[0][1] for answer in answers) < min(answer.tokens[-1][0] for answer in answers)
