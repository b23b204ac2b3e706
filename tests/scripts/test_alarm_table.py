"""The table of alarms: every alarm that a stack has, in the page as the rules have it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from infra.alarm_rules import alarm_rules
from infra.settings import Settings
from scripts.alarm_table import PAGE, main, table
from tests.fakes import program_fixtures
from tests.fakes.pulumi_program import run_program

if TYPE_CHECKING:
    from pathlib import Path

docker_works = program_fixtures.docker_works

_RULES = list(alarm_rules(Settings.model_validate({"allowMissingKey": True})))


def test_the_page_is_what_the_rules_say() -> None:
    assert main(["--check"]) == 0


def test_every_alarm_of_a_stack_has_its_row() -> None:
    """By the name it has in CloudWatch, with all that its description says."""
    rows = (
        PAGE.read_text()
        .partition("<!-- alarms:begin -->")[2]
        .partition("<!-- alarms:end -->")[0]
        .splitlines()
    )
    alarms = run_program().all("aws:cloudwatch/metricAlarm:MetricAlarm")
    assert len(alarms) == len(rows) - 3 > 0  # an empty line and two of the head
    for alarm in alarms:
        name = alarm.name.partition("-streaming-dev-streaming-")[2]
        (row,) = (row for row in rows if row.startswith(f"| `{name}` |"))
        words = row.replace(" | ", " ").lower()
        for sentence in alarm.inputs["alarmDescription"].replace(" First: ", " ").split(". "):
            assert sentence.lower() in words


def test_a_page_that_is_stale_is_named_and_mended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Alarms\n\n<!-- alarms:begin -->\n<!-- alarms:end -->\n\nEnd.\n")
    assert main(["--check"], page) == 1
    assert "page.md" in capsys.readouterr().err
    assert main([], page) == 0
    assert main(["--check"], page) == 0
    assert page.read_text().endswith("<!-- alarms:end -->\n\nEnd.\n")


@pytest.mark.parametrize(
    "description", ["No question. First: this.", "A question? When.", "A question? When. First: "]
)
def test_a_description_of_another_form_is_an_error(description: str) -> None:
    with pytest.raises(ValueError, match=_RULES[0].name):
        table([dataclasses.replace(_RULES[0], description=description)])


def test_anything_else_is_told_how_to_be_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--chekc"]) == 2
    assert "--check" in capsys.readouterr().err
