"""Reading untyped JSON field by field, so that every error names the path of what is wrong."""

from __future__ import annotations

from typing import Any

from chat.failures import RequestError

SHOWN = 60
"""Characters of a client's own words that an error repeats, at most."""

_KINDS: dict[type, str] = {
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


def kind(value: Any) -> str:
    """JSON's name for what a value is, with its article."""
    return _KINDS.get(type(value), type(value).__name__)


def shown(text: str) -> str:
    """A client's string as an error may repeat it: quoted, escaped, cut short."""
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")


def text(value: Any, where: str) -> str:
    """A string of Unicode text.

    U+0000 and lone surrogates are refused: the first ends a string in C and has no place in a Postgres
    `text`, the second has no UTF-8 form, so neither could be stored or sent on as the client wrote it.

    Raises:
        RequestError: not a string, or not text.
    """
    if not isinstance(value, str):
        raise RequestError(f"{where} must be a string, not {kind(value)}.")
    if "\0" in value:
        raise RequestError(f"{where} has a NUL character (U+0000) at position {value.index(chr(0))}.")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            code = ord(value[error.start])
            raise RequestError(
                f"{where} has a lone surrogate (U+{code:04X}) at position {error.start}, which is not text."
            ) from None
    return value


def optional_text(value: Any, where: str) -> str | None:
    """A string of text, or None where the field is absent or null."""
    return None if value is None else text(value, where)


def flag(value: Any, where: str) -> bool | None:
    """A boolean, or None where the field is absent or null.

    Raises:
        RequestError: anything else.
    """
    if value is not None and not isinstance(value, bool):
        raise RequestError(f"{where} must be a boolean, not {kind(value)}.")
    return value


def mapping(value: Any, where: str) -> dict[str, Any]:
    """A JSON object.

    Raises:
        RequestError: anything else.
    """
    if not isinstance(value, dict):
        raise RequestError(f"{where} must be an object, not {kind(value)}.")
    return value


def array(value: Any, where: str) -> list[Any]:
    """A JSON array.

    Raises:
        RequestError: anything else.
    """
    if not isinstance(value, list):
        raise RequestError(f"{where} must be an array, not {kind(value)}.")
    return value
