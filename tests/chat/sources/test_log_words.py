"""An upstream's words in the log: on one line whatever they are, and without secrets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chat.sources.log_words import SHORTEST_SECRET, on_one_line, without_secret


@given(st.text(st.characters()))
def test_any_words_fit_on_one_line(words: str) -> None:
    shown = on_one_line(words)
    assert shown.isprintable()
    assert len((shown + "x").splitlines()) == 1
    assert (shown == words) == words.isprintable()


def test_what_is_escaped() -> None:
    assert on_one_line("a\nb\tc\x00\x7f\x9b\u2028\u202e\ud83d é 🦜") == (
        r"a\nb\tc\x00\x7f\x9b\u2028\u202e\ud83d é 🦜"
    )


def test_secrets() -> None:
    secret = "s" * SHORTEST_SECRET
    assert without_secret(f"a {secret} b {secret}", secret, "NAME") == "a [NAME] b [NAME]"
    assert without_secret("a sss b", secret[1:], "NAME") == "a sss b"
    assert without_secret(f"a {secret} b", secret[1:], "NAME") == f"a {secret} b"
    assert without_secret("a b", "", "NAME") == "a b"
