"""The benchmark's own servers, held with this project's function: they must see what goes wrong, or time nothing."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from benchmarks.answer import Question
from benchmarks.run import SCENARIOS
from benchmarks.stand import Stand, WrongAnswerError, stand
from benchmarks.subjects import FLOOR, OURS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.subjects import Subject

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None,
    reason="the openssl program is not installed (Debian: apt-get install openssl)",
)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("environments")
    python = folder / "function" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    with stand(tmp_path_factory.mktemp("stand"), folder, None) as ready:
        yield ready


@pytest.mark.parametrize("subject", [OURS, FLOOR], ids=lambda subject: subject.name)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_times_follow_each_other(ready: Stand, subject: Subject, scheme: str) -> None:
    question = Question(events=5, delay=0.01, pace=0.001)
    with ready.start(subject, "https" if scheme == "https" else "http") as running:
        seen = ready.ask(running, question)
        assert len(seen.cpu) == 1
        assert 0 < seen.cpu[0] <= running.cpu()[0]
    assert running.started < seen.sent < seen.first <= seen.end
    for _, made, received, arrived in seen.tokens:
        assert seen.sent < received < made < arrived <= seen.end
    _, made, received, _ = seen.tokens[0]
    assert made - received >= question.delay * 1e9


@pytest.mark.parametrize("subject", [OURS, FLOOR], ids=lambda subject: subject.name)
def test_a_burst_arrives_whole(ready: Stand, subject: Subject) -> None:
    with ready.start(subject, "https") as running:
        ready.ask(running, Question(events=3000, size=8))
        ready.ask(running, Question(events=2000, size=100), bytes_per_second=2_000_000)


def test_an_answer_of_other_text_is_refused(ready: Stand) -> None:
    with ready.start(OURS, "http") as running:
        ready.offer(Question(events=10, size=8))
        ready.watch(running)
        with pytest.raises(WrongAnswerError, match="not the model's"):
            ready.collect(Question(events=11, size=8))


def test_an_answer_with_a_token_less_is_refused(ready: Stand) -> None:
    with ready.start(OURS, "http") as running:
        ready.offer(Question(events=10))
        ready.watch(running)
        with pytest.raises(WrongAnswerError, match="not the model's"):
            ready.collect(Question(events=11))


def test_a_function_that_cannot_be_loaded_is_refused(ready: Stand) -> None:
    broken = replace(OURS, command=("-m", "lambda_runtime", "chat.app.missing"))
    question = Question(events=1)
    ready.offer(question)
    with ready.start(broken, "http"), pytest.raises(WrongAnswerError, match=r"Runtime\.HandlerNotFound"):
        ready.collect(question)


def test_every_scenario_has_its_own_name() -> None:
    names = [scenario.name for scenario in SCENARIOS]
    assert len(set(names)) == len(names)
