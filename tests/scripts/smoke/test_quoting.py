from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scripts.smoke.quoting import LONGEST, quoted


@given(st.text())
def test_any_text_becomes_one_line_that_drives_no_terminal(text: str) -> None:
    line = quoted(text)
    assert line.isprintable()
    assert len(line) <= LONGEST + 1


def test_what_can_be_read_stays() -> None:
    assert quoted(" It broke:\n\x1b[2Jé “x” ") == "It broke:  [2Jé “x”"
    assert quoted("x" * (LONGEST + 1)) == "x" * LONGEST + "…"
