"""The role's credentials: where they come from, and that they are shown nowhere."""

from __future__ import annotations

import pytest

from chat.aws.credentials import Credentials, CredentialsError, credentials_from

ENVIRON = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret-access-key",
    "AWS_SESSION_TOKEN": "session-token",
}


def test_they_are_read_at_each_use() -> None:
    environ = dict(ENVIRON)
    assert credentials_from(environ) == ("AKIAIOSFODNN7EXAMPLE", "secret-access-key", "session-token")
    environ["AWS_SESSION_TOKEN"] = " renewed\n"
    assert credentials_from(environ).session_token == "renewed"


def test_a_user_s_key_has_no_token() -> None:
    without = {name: value for name, value in ENVIRON.items() if name != "AWS_SESSION_TOKEN"}
    assert credentials_from(without).session_token == ""


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
@pytest.mark.parametrize("value", ["", " "])
def test_what_is_missing_is_named(name: str, value: str) -> None:
    with pytest.raises(CredentialsError, match=f"^{name} is not set. On Lambda the function's role gives it"):
        credentials_from(ENVIRON | {name: value})


@pytest.mark.parametrize("name", list(ENVIRON))
@pytest.mark.parametrize("value", ["two words", "a\r\nHost: b", "schlüssel"])
def test_what_no_header_can_carry_is_refused_and_not_shown(name: str, value: str) -> None:
    with pytest.raises(CredentialsError, match=f"^{name} has a blank") as raised:
        credentials_from(ENVIRON | {name: value})
    assert value not in str(raised.value)


def test_the_repr_shows_the_id_alone() -> None:
    shown = repr(Credentials("AKID", "secret-access-key", "session-token"))
    assert shown == "Credentials(access_key_id='AKID')"


def test_they_are_hidden_in_words() -> None:
    credentials = Credentials("AKID", "secret-access-key", "session-token")
    words = credentials.hidden_in("x-amz-security-token:session-token and secret-access-key of AKID")
    assert words == "x-amz-security-token:[AWS_SESSION_TOKEN] and [AWS_SECRET_ACCESS_KEY] of AKID"
