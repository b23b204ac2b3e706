"""What the text of a secret says: a JSON object of environment variables, or OpenAI's key alone."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import msgspec

OPENAI: Final = "OPENAI_API_KEY"

# How variables with a secret in them are named. Only these are taken from the secret, so that whoever may write it
# can replace keys, but not lead the function elsewhere: an address is no secret and belongs into the environment.
SECRET_ENDINGS: Final = ("_KEY", "_APIKEY", "_TOKEN", "_SECRET", "_PASSWORD")
# The role's credentials, the runtime's variables and this function's own settings.
_NOT_TO_SET: Final = ("AWS_", "LAMBDA_", "CHAT_", "_")
# Shown in the log; anything else may be a key in the wrong place.
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


class SecretTextError(ValueError):
    """The text can be neither; the message is the end of a sentence and shows nothing of it."""


class SecretKeys(NamedTuple):
    """Keys by variable, and what was wrong with others, as sentences without anything secret in them."""

    keys: dict[str, str]
    complaints: list[str]

    def __repr__(self) -> str:
        """Without the keys, for logs and tracebacks."""
        return f"SecretKeys({', '.join(self.keys)})"


def sendable(key: str) -> bool:
    """Whether a key can stand in a header: printable ASCII without blanks."""
    return all("!" <= character <= "~" for character in key)


def read_secret_text(text: str) -> SecretKeys:
    """Read a secret's text. Blanks around it and around each value are dropped; an empty value is as good as none.

    Raises:
        SecretTextError: it is empty, or neither JSON nor a key.
    """
    text = text.strip()
    if not text:
        raise SecretTextError("it is empty")
    if text[0] != "{":
        if text[0] in '["' or not sendable(text):
            raise SecretTextError(
                'it is neither a JSON object of variables ({"OPENAI_API_KEY": "…"}) nor a key without blanks'
            )
        return SecretKeys({OPENAI: text}, [])
    try:
        variables = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        raise SecretTextError("it begins as a JSON object, but is not valid JSON") from None
    found = SecretKeys({}, [])
    strange = 0
    for name, value in variables.items():
        if not _VARIABLE.fullmatch(name):
            strange += 1
        elif complaint := _complaint(name, value):
            found.complaints.append(f"{name} is ignored: {complaint}")
        elif key := value.strip():
            found.keys[name] = key
    if strange:
        found.complaints.append(f"{strange} of its names are ignored: variables have names such as {OPENAI}.")
    return found


def _complaint(name: str, value: object) -> str:
    if name.startswith(_NOT_TO_SET) or not name.endswith(SECRET_ENDINGS):
        return (
            f"of a secret, variables that end in {', '.join(SECRET_ENDINGS)} are taken, and none that begin with "
            f"{', '.join(_NOT_TO_SET)}."
        )
    if not isinstance(value, str):
        return "its value is not text."
    if not sendable(value.strip()):
        return "it has a blank or a character outside ASCII in it, so it cannot be sent as a header; copy it again."
    return ""
