"""What stands between two marks is replaced, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.generated_block import rewritten, with_block

if TYPE_CHECKING:
    from pathlib import Path

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="<>"))


@given(_TEXT, _TEXT, _TEXT, _TEXT)
def test_nothing_outside_the_marks_changes(before: str, old: str, new: str, after: str) -> None:
    def document(block: str) -> str:
        return f"{before}<!-- a:begin -->\n{block}<!-- a:end -->\n{after}"

    assert with_block(document(old), "a", new) == document(new)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "no marks\n",
        "<!-- a:begin -->\n",
        "<!-- a:end -->\n<!-- a:begin -->\n",
        "<!-- a:begin -->\n<!-- a:end -->\n<!-- a:begin -->\n<!-- a:end -->\n",
        "<!-- b:begin -->\n<!-- b:end -->\n",
    ],
)
def test_marks_that_are_no_pair_are_refused(document: str) -> None:
    with pytest.raises(ValueError, match=r"a:begin.* once"):
        with_block(document, "a", "new\n")


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    stale, good = tmp_path / "stale.md", tmp_path / "good.md"
    stale.write_text("old")
    good.write_text("as it is")
    good.chmod(0o444)
    fresh = {stale: "new", good: "as it is"}
    assert rewritten(fresh, check=True) == [stale]
    assert stale.read_text() == "old"
    assert rewritten(fresh, check=False) == [stale]
    assert stale.read_text() == "new"
    assert rewritten(fresh, check=True) == []
