"""Whose requests to AWS these are: the credentials of the function's role, as Lambda puts them into the environment.

Lambda sets the three variables when an environment starts and ends the environment before they expire (Lambda's
guide, "Defined runtime environment variables"); nothing renews them in between. They are read at each use, so that
no copy outlives what the environment has. SnapStart, which hands out credentials over HTTP instead, does not exist
for images.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from chat.sources.log_words import without_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping


class CredentialsError(Exception):
    """There are no usable credentials; the message is a sentence for the operator, without any of them."""


class Credentials(NamedTuple):
    """An access key; `session_token` is empty for one that is not temporary."""

    access_key_id: str
    secret_access_key: str
    session_token: str

    def __repr__(self) -> str:
        """Without the two that are secret, for logs and tracebacks."""
        return f"Credentials(access_key_id={self.access_key_id!r})"

    def hidden_in(self, words: str) -> str:
        """Words without the two that are secret."""
        return without_secrets(
            words,
            (("AWS_SESSION_TOKEN", self.session_token), ("AWS_SECRET_ACCESS_KEY", self.secret_access_key)),
        )


def credentials_from(environ: Mapping[str, str] = os.environ) -> Credentials:
    """The credentials that the environment has now.

    Raises:
        CredentialsError: one is missing, or cannot be sent as a header.
    """
    found = {}
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        value = environ.get(name, "").strip()
        if not value and name != "AWS_SESSION_TOKEN":
            raise CredentialsError(
                f"{name} is not set. On Lambda the function's role gives it; elsewhere pass the AWS_… variables of "
                "someone who may read the secret."
            )
        if not all("!" <= character <= "~" for character in value):
            raise CredentialsError(f"{name} has a blank or a character outside ASCII in it; copy it again.")
        found[name] = value
    return Credentials(*found.values())
