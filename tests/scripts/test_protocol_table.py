"""The table of docs/protocols.md."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from scripts.protocol_table import PAGE, ROWS, VERSIONS, main, table
from tests.clients.pages import VERSIONS as CLIENTS
from tests.conformance.rows import Rows

if TYPE_CHECKING:
    from pathlib import Path

EMPTY = "Before\n<!-- protocols:begin -->\n<!-- protocols:end -->\nAfter\n"


def row(text: str, what: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {what} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_mark_stands_where_a_test_has_passed_and_nowhere_else() -> None:
    marks = row(table({"text": ["5.0.0", "7.0.173"]}), "text")[3:]
    assert [version for version, mark in zip(VERSIONS, marks, strict=True) if mark] == ["5.0.0", "7.0.173"]
    assert set(row(table({}), "text")[3:]) == {""}


def test_every_line_has_the_same_cells() -> None:
    """A bar in a cell would be one more column."""
    assert {line.count("|") for line in table({}).splitlines()} == {4 + len(VERSIONS)}


def test_the_columns_are_the_clients_of_the_tests() -> None:
    assert VERSIONS == CLIENTS


def test_a_record_of_rows_that_are_not_here_is_refused() -> None:
    with pytest.raises(ValueError, match="telepathy"):
        table({"telepathy": ["5.0.0"]})


def test_a_stale_page_is_told_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, record = tmp_path / "protocols.md", tmp_path / "carried.json"
    page.write_text(EMPTY)
    record.write_text(json.dumps({"text": ["5.0.0"]}))
    assert main(["--check"], page, record) == 1
    assert "make docs" in capsys.readouterr().err
    assert page.read_text() == EMPTY
    assert main([], page, record) == 0
    assert main(["--check"], page, record) == 0
    assert page.read_text().startswith("Before\n")


def test_other_arguments_are_told_how(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--write"]) == 2
    assert "--check" in capsys.readouterr().err


def test_the_page_is_fresh() -> None:
    assert main(["--check"]) == 0, f"{PAGE.name} is stale"


def test_a_record_holds_what_passed_in_the_tables_order(tmp_path: Path) -> None:
    rows = Rows()
    rows.passed([("text", "7.0.0"), ("text", "5.0.0")])
    rows.write(tmp_path / "carried.json")
    carried = json.loads((tmp_path / "carried.json").read_text())
    assert list(carried) == list(ROWS)
    assert carried["text"] == ["5.0.0", "7.0.0"]
    assert carried["error"] == []


@pytest.mark.parametrize("claim", [("telepathy", "5.0.0"), ("text", "3.0.0")])
def test_a_misspelt_claim_fails(claim: tuple[str, str]) -> None:
    with pytest.raises(AssertionError, match="docs/protocols"):
        Rows().check(*claim)
