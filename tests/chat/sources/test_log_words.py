"""An upstream's words in the log: on one line whatever they are, and without secrets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.sources.log_words import MAX_WORDS, SHORTEST_SECRET, for_log, on_one_line, without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable


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


SECRET = "sk-proj-Ab/Cd+Ef=0123456789"


def test_secrets() -> None:
    secret = "s" * SHORTEST_SECRET
    named = [("NAME", secret)]
    assert without_secrets(f"a {secret} b {secret}", named) == "a [NAME] b [NAME]"
    assert without_secrets("a sss b", [("NAME", secret[1:])]) == "a sss b"
    assert without_secrets(f"a {secret} b", [("NAME", secret[1:])]) == f"a {secret} b"
    assert without_secrets("a b", [("NAME", "")]) == "a b"
    assert without_secrets("a b", []) == "a b"


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        SECRET.replace("/", r"\/"),
        json.dumps(SECRET).replace("+", r"\u002B").replace("=", r"\u003d"),
        "".join(f"\\u{ord(character):04x}" for character in SECRET),
        quote(SECRET, safe=""),
        quote(SECRET, safe="")
        .lower()
        .replace("sk-proj-ab", "sk-proj-Ab")
        .replace("cd", "Cd")
        .replace("ef", "Ef"),
    ],
)
def test_a_secret_as_something_has_escaped_it(written: str) -> None:
    assert without_secrets(f"<{written}>", [("NAME", SECRET)]).strip('<">') == "[NAME]"


def test_a_secret_that_something_has_cut() -> None:
    assert without_secrets(f"{SECRET[:12]}… {SECRET[:7]}", [("NAME", SECRET)]) == "[NAME]… sk-proj"


def test_the_longest_of_those_that_begin_alike_is_named_and_goes_whole() -> None:
    """Keys of one provider do; the rest of one must not stay because another was found in its beginning."""
    one, other = SECRET, "sk-proj-" + "z" * 40
    for order in ([("ONE", one), ("OTHER", other)], [("OTHER", other), ("ONE", one)]):
        assert without_secrets(f"{one} {other}.", order) == "[ONE] [OTHER]."
    assert without_secrets(f"a{one}", [("SHORT", one[:10]), ("LONG", one)]) == "a[LONG]"


secrets = st.text(st.sampled_from('aab-/\\"+%'), min_size=SHORTEST_SECRET, max_size=24)
noise = st.text(st.sampled_from('aab-/\\"+% \n'), max_size=30)


@given(secrets, secrets, noise, noise, st.integers(0, 24), st.sampled_from([str, json.dumps, quote]))
def test_nothing_of_a_secret_stays_wherever_it_stands(
    secret: str, other: str, before: str, after: str, cut: int, form: Callable[[str], str]
) -> None:
    """Behind anything, before anything, cut anywhere, escaped or not: a mark stands where it stood."""
    written = form(secret)[: max(cut, len(form(secret[:SHORTEST_SECRET])))] + after
    found = without_secrets(f"{before}{written}", [("OTHER", other), ("NAME", secret)])
    assert secret[:SHORTEST_SECRET] not in found
    assert "[NAME]" in found or "[OTHER]" in found


def test_a_secret_that_begins_like_what_stands_before_it_goes_whole() -> None:
    secret = "a" * SHORTEST_SECRET + "b0123456789"
    assert without_secrets(f"<aaa{secret}>", [("NAME", secret)]) == "<[NAME]>"


@given(st.integers(0, MAX_WORDS + 40), st.sampled_from(["", "x" * 200_000]))
def test_no_piece_of_a_secret_is_left_by_the_cut(offset: int, after: str) -> None:
    secret = "Kq7" + "".join(chr(33 + number % 90) for number in range(60))
    shown = for_log(
        f"{'.' * offset}{secret}{after}", lambda words: without_secrets(words, [("NAME", secret)])
    )
    assert len(shown) <= MAX_WORDS
    assert not [at for at in range(len(secret) - 7) if secret[at : at + 8] in shown]


def test_what_is_cut_off_is_told() -> None:
    assert for_log("x" * MAX_WORDS, str) == "x" * MAX_WORDS
    assert for_log("x" * (MAX_WORDS + 1), str) == "x" * (MAX_WORDS - 1) + "…"
    assert len(for_log("\n" * MAX_WORDS, str)) == MAX_WORDS
