"""The arithmetic, against sums done by hand, and against what the program really makes."""

from __future__ import annotations

import pytest

from scripts.costs import bill, chat
from tests.fakes import program_fixtures
from tests.fakes.pulumi_program import run_program

docker_works = program_fixtures.docker_works


def _dollars(items: list[bill.Item], name: str) -> float:
    return next(item.dollars for item in items if item.name == name)


def test_a_thousand_chats_by_hand() -> None:
    items = bill.thousand_chats()
    # 8,000 s x 0.5 GB = 4,000 GB-s; ten starts of a second are 5 GB-s.
    assert _dollars(items, "Lambda, answering") == pytest.approx(0.0533336)
    assert _dollars(items, "Lambda, cold starts") == pytest.approx(0.0000666670)
    assert _dollars(items, "Lambda, requests") == pytest.approx(0.0002)
    assert _dollars(items, "Reading the key") == pytest.approx(0.00005)
    assert _dollars(items, "Logs") == pytest.approx(chat.logged_bytes() * 1000 / 1e9 * 0.5)


def test_no_byte_of_such_an_answer_is_charged_for_streaming() -> None:
    assert chat.MEASURED.answer_bytes_per_token * chat.TOKENS_OUT < 6e6
    assert _dollars(bill.thousand_chats(), "Lambda, streamed bytes") == 0


def test_the_models_part_by_hand() -> None:
    # 0.5 M tokens read, 0.4 M written.
    assert bill.total(bill.thousand_answers_of_the_model()) == pytest.approx(0.5 * 0.15 + 0.4 * 0.60)


def test_the_worst_hour_by_hand() -> None:
    lambda_, requests, logs, written, read = (item.dollars for item in bill.worst_hour())
    assert lambda_ == pytest.approx(10 * 3600 * 0.5 * 0.0000133334)
    assert requests == pytest.approx(0.36 * 0.20)  # 100 a second are 0.36 M
    assert logs == pytest.approx(360_000 * chat.refused_logged_bytes() / 1e9 * 0.5)
    assert written == pytest.approx(1.8 * 0.60)  # 1.8 M tokens
    assert read == pytest.approx(4608 * 0.15)  # 4,608 M tokens


def test_with_a_bound_of_bytes_each_byte_is_a_token() -> None:
    assert bill.bounded_requests().dollars == pytest.approx(36_000 * 16_384 * 0.15 / 1e6)


def test_the_fixed_part_is_that_of_a_stack_as_it_is_made() -> None:
    """Each thing that the table charges for is there as often as it says."""
    program = run_program()
    looked_at = 0
    for alarm in program.all("aws:cloudwatch/metricAlarm:MetricAlarm"):
        queries = alarm.inputs.get("metricQueries")
        looked_at += sum("metric" in query for query in queries) if queries else 1
    assert looked_at == bill.ALARM_METRICS
    assert len(program.all("aws:cloudwatch/dashboard:Dashboard")) == 1
    assert len(program.all("aws:secretsmanager/secret:Secret")) == 1
    names = [item.name for item in bill.month()]
    assert names == ["Metrics of the function", "Dashboard", "Alarms", "Secret", "Images"]


def test_memory_is_a_price() -> None:
    item = bill.provisioned_environment()
    assert item.dollars == pytest.approx(730 * 3600 * 0.5 * 0.0000033334)
    assert f"{bill.memory_mb() / 1024:g} GB" in item.arithmetic
