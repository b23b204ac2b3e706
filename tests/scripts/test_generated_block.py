"""What stands between two marks is replaced, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.generated_block import with_block

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
        "<!-- a:begin -->\n",
        "<!-- a:end -->\n<!-- a:begin -->\n",
        "<!-- a:begin -->\n<!-- a:end -->\n<!-- a:begin -->\n<!-- a:end -->\n",
        "<!-- b:begin -->\n<!-- b:end -->\n",
    ],
)
def test_marks_that_are_no_pair_are_refused(document: str) -> None:
    with pytest.raises(ValueError, match="once"):
        with_block(document, "a", "new\n")
