"""The table of the function's variables beside the function's own settings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.settings import Settings, SettingsError, allowed_values, environment_name
from infra.function_variables import VARIABLES, wrong_value
from infra.values import FUNCTION_READS
from tests.fakes.pulumi_program import refusal, run_program

_FIELDS = {environment_name(field): field for field in Settings.__struct_fields__}
_TEXTS = (
    *(
        "",
        " ",
        "0",
        "1",
        "2",
        "2.5",
        "5",
        "9",
        "9.5",
        "60",
        "60.5",
        "900",
        "901",
        "-1",
        "1e3",
        "1E-3",
        "1e400",
    ),
    *("1.0", "5.", ".5", "+5", "05", "5 ", "0x10", "1_000", "٣", "nan", "inf", "-inf", "abc"),
    *("true", "False", "tRuE", "yes", "on"),
    *("data", "https,data", "ftp", "data,,", ",", "image/png, text/*", "/", "/,/api/chat"),
)
_ANY_TEXT = st.one_of(
    st.integers(-10, 10_000).map(str),
    st.floats(-10, 1000, allow_nan=False).map(str),
    st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=6),
)


def test_the_table_has_every_variable_that_is_the_functions_own() -> None:
    assert set(VARIABLES) == {name for name in FUNCTION_READS if name in _FIELDS}


@pytest.mark.parametrize("name", VARIABLES)
def test_it_says_what_the_function_would_say(name: str) -> None:
    assert VARIABLES[name].words == allowed_values(_FIELDS[name])


def _function_takes(name: str, text: str) -> bool:
    try:
        Settings.from_environment({name: text})
    except SettingsError:
        return False
    return True


@pytest.mark.parametrize("text", _TEXTS)
@pytest.mark.parametrize("name", VARIABLES)
def test_it_takes_what_the_function_takes(name: str, text: str) -> None:
    assert (wrong_value(name, text) is None) == _function_takes(name, text)


@given(name=st.sampled_from(sorted(VARIABLES)), text=_ANY_TEXT)
def test_it_takes_what_the_function_takes_whatever_it_is(name: str, text: str) -> None:
    assert (wrong_value(name, text) is None) == _function_takes(name, text)


def test_a_wrong_value_stops_the_preview() -> None:
    """Else the function would fail at init, and each request with 502."""
    assert refusal({"environment": {"CHAT_KEEPALIVE": "abc", "CHAT_PATHS": ","}}).splitlines() == [
        'environment.CHAT_KEEPALIVE is "abc"; it must be a number > 0 and <= 900.',
        'environment.CHAT_PATHS is ","; it must be a comma-separated list of text, at least 1.',
    ]


def test_an_answer_must_have_time_before_its_deadline() -> None:
    assert refusal({"timeout": 10, "environment": {"CHAT_DEADLINE_MARGIN": "60"}}) == (
        "environment.CHAT_DEADLINE_MARGIN is 60 s, and timeout is 10 s, so no answer would have any time: "
        "`pulumi config set timeout 120`, or a smaller margin."
    )
    run_program({"timeout": 61, "environment": {"CHAT_DEADLINE_MARGIN": "60"}})
