"""An upstream's words made fit for the log: no secret in them, no line break, and not too many."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# LiteLLM's own bound. Local servers take any key; "x", which people set for them, is in every second word.
SHORTEST_SECRET: Final = 8
# Characters in a line; the log is no place for a web page.
MAX_WORDS: Final = 2000
# Characters that are looked at: an event with an error in it may have megabytes.
_MAX_READ: Final = 64 * 1024


def for_log(words: str, hide: Callable[[str], str]) -> str:
    """Words on one line of MAX_WORDS characters at most, without what `hide` takes out of them.

    They are cut last, for a secret that is cut is none that could be found.
    """
    line = on_one_line(hide(words[:_MAX_READ]))
    return line if len(line) <= MAX_WORDS else line[: MAX_WORDS - 1] + "…"


def without_secrets(words: str, secrets: Iterable[tuple[str, str]]) -> str:
    r"""Put `[name]` where a secret stands, or its first SHORTEST_SECRET characters or more: something may have cut it.

    A character may also stand as JSON, as URLs and as strings' literals escape it: `\/`, `\u002f`, `%2F`.

    Args:
        words: An upstream's.
        secrets: Names and values, in any order; shorter values than SHORTEST_SECRET are none.
    """
    # All are looked for in the same words: the rest of one must not stay because another begins like it.
    places = sorted(
        (start, end, name)
        for name, secret in secrets
        if len(secret) >= SHORTEST_SECRET
        for start, end in _places(words, secret)
    )
    pieces: list[str] = []
    done = longest = 0
    for start, end, name in places:
        if start >= done:
            pieces += words[done:start], f"[{name}]"
            longest = end - start
        elif end - start > longest:
            pieces[-1] = f"[{name}]"
            longest = end - start
        done = max(done, end)
    return "".join(pieces) + words[done:]


def on_one_line(words: str) -> str:
    r"""Write control characters, line breaks and half surrogates as `\n`, `\x1b`, `\ud83d`.

    Raw they could make a line that looks like one of this process's own, or steer the reader's terminal.
    """
    if words.isprintable():
        return words
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in words
    )


def _places(words: str, secret: str) -> Iterator[tuple[int, int]]:
    """Where the secret stands or begins, overlaps included, and as far as it goes there."""
    forms = [_forms(character) for character in secret]
    beginning = "".join(f"(?:{'|'.join(ways)})" for ways in forms[:SHORTEST_SECRET])
    for found in re.finditer(f"(?={beginning})", words):
        # More than one end: a backslash may be itself, or escape what is behind it.
        ends = {found.start()}
        end = found.start()
        for ways in forms:
            matches = [re.compile(way).match(words, at) for way in ways for at in ends]
            ends = {match.end() for match in matches if match is not None}
            if not ends:
                break
            end = max(ends)
        yield found.start(), end


def _forms(character: str) -> list[str]:
    """Patterns of the ways in which a character may be written."""
    forms = [re.escape(character), rf"\\u(?i:{ord(character):04x})"]
    if character in string.punctuation:
        forms += rf"\\{re.escape(character)}", f"%(?i:{ord(character):02x})"
    return forms
