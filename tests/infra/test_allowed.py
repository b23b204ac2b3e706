"""What a type allows, in words."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr

from infra.allowed import Words, allowed_values
from infra.settings import Settings


class _Fields(BaseModel):
    bounded: int = Field(1, ge=1, le=9)
    from_below: int = Field(1, ge=1)
    number: int = 1
    switch: bool = True
    text: str = ""
    secret: SecretStr = SecretStr("")
    choice: Literal["a", "b", "c"] = "a"
    worded: Annotated[str, Words("a colour")] = ""
    some: list[Annotated[str, Words("a colour")]] = Field([], max_length=3)
    any_number: list[int] = []
    named: dict[Annotated[str, Words("a colour")], Annotated[int, Field(ge=0, le=5)]] = {}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bounded", "a whole number from 1 to 9"),
        ("from_below", "a whole number of at least 1"),
        ("number", "a whole number"),
        ("switch", "true or false"),
        ("text", "text"),
        ("secret", "text"),
        ("choice", "a, b or c"),
        ("worded", "a colour"),
        ("some", "a list of at most 3, each a colour"),
        ("any_number", "a list, each a whole number"),
        ("named", "an object; each name a colour, each value a whole number from 0 to 5"),
    ],
)
def test_words(name: str, words: str) -> None:
    field = _Fields.model_fields[name]
    assert allowed_values(field.annotation, field.metadata) == words


def test_a_type_without_words_is_an_error_of_ours() -> None:
    with pytest.raises(TypeError, match="give it some with Words"):
        allowed_values(float)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_key_of_the_stack_has_words(name: str) -> None:
    field: Any = Settings.model_fields[name]
    assert allowed_values(field.annotation, field.metadata)
