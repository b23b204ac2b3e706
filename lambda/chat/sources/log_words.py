"""An upstream's words made fit for the log: no secret in them, and no line break."""

from __future__ import annotations

from typing import Final

# LiteLLM's own bound. Local servers take any key; "x", which people set for them, is in every second word.
SHORTEST_SECRET: Final = 8


def without_secret(words: str, secret: str, name: str) -> str:
    """Put `[name]` where the secret stands, if it is long enough to be one."""
    return words.replace(secret, f"[{name}]") if len(secret) >= SHORTEST_SECRET else words


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
