"""The pack knows the same forms of keys as the stack's settings, which refuse them first."""

from __future__ import annotations

import pytest

from infra import key_shapes as of_the_settings
from policy import key_shapes
from policy.secrecy import is_secret
from tests.fakes.pulumi_program import refusal


def test_the_forms_are_the_same() -> None:
    for name in ("_SHAPE", "_HEXADECIMAL", "_ADDRESS"):
        ours, theirs = getattr(key_shapes, name), getattr(of_the_settings, name)
        assert (ours.pattern, ours.flags) == (theirs.pattern, theirs.flags), name


@pytest.mark.parametrize(
    "name",
    [
        "A_KEY",
        "A_APIKEY",
        "AZENAPIKEY",
        "A_TOKEN",
        "A_SECRET",
        "A_PASSWORD",
        "A_PASSWD",
        "A_CREDENTIALS",
        "TOKEN",
    ],
)
def test_what_the_pack_refuses_by_its_name_the_settings_refuse_first(name: str) -> None:
    assert is_secret(name, "x")
    assert "no place for secrets" in refusal({"environment": {name: "x"}})
