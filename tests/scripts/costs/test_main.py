"""The command: it writes the tables, and says which document is not what the prices say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.costs import bill
from scripts.costs.__main__ import ROOT, main, page, summary

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

_EMPTY = "# Costs\n\n<!-- costs:begin -->\n<!-- costs:end -->\n\nEnd.\n"


def test_the_documents_are_what_the_prices_say() -> None:
    assert main(["--check"]) == 0


def test_a_document_that_is_stale_is_named_and_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    documents = {tmp_path / "a.md": page, tmp_path / "b.md": summary}
    for document in documents:
        document.write_text(_EMPTY)
    assert main(["--check"], documents) == 1
    assert "a.md and b.md" in capsys.readouterr().err
    assert main([], documents) == 0
    assert main(["--check"], documents) == 0
    written = (tmp_path / "b.md").read_text()
    assert written.startswith("# Costs\n\n<!-- costs:begin -->\nA thousand chats")
    assert written.endswith("<!-- costs:end -->\n\nEnd.\n")


def test_every_item_of_the_bills_is_in_the_page() -> None:
    text = page()
    bills = [bill.thousand_chats(), bill.thousand_answers_of_the_model(), bill.month(), bill.worst_hour()]
    for item in (item for items in bills for item in items):
        assert f"| {item.name} | {item.arithmetic} | " in text
    for items in bills[:3]:
        assert any(f"**{bill.total(items):,.{places}f}**" in text for places in (2, 4))


def test_what_the_checklists_bound_leaves_is_in_the_page() -> None:
    """It is the bound that the checklist sets, and its hour and its day are computed."""
    bounded = bill.bounded_requests()
    assert f"${bounded.dollars:,.2f} an hour, ${bounded.dollars * 24:,.0f} a day" in page()
    checklist = (ROOT / "docs" / "deploying.md").read_text().partition("## Production checklist")[2]
    assert f'CHAT_MAX_BODY_BYTES: "{bill.BOUNDED_BODY}"' in checklist


def test_anything_else_is_told_how_to_be_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--chekc"]) == 2
    assert "--check" in capsys.readouterr().err
