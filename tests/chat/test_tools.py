"""Tools that a client declares, in both forms, and the choice among them."""

from __future__ import annotations

from typing import Any

import pytest

from chat.failures import RequestError
from chat.tools import MAX_TOOLS, read_tool_choice, read_tools

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather somewhere.",
        "parameters": {"type": "object", "properties": {"at": {"type": "string"}}},
        "strict": True,
    },
}


def function(name: Any, **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **more}}


def test_openai_form() -> None:
    assert read_tools([WEATHER]) == [WEATHER]
    assert read_tools([function("a")]) == [function("a")]


def test_fields_that_the_api_does_not_know_are_dropped() -> None:
    assert read_tools([{**function("a", extra=1), "id": 7}]) == [function("a")]
    assert read_tools([function("a", description=None, parameters=None, strict=None)]) == [function("a")]


def test_the_sdk_s_form() -> None:
    tools = {"a": {"description": "A.", "parameters": {"type": "object"}}, "b": {}}
    assert read_tools(tools) == [
        function("a", description="A.", parameters={"type": "object"}),
        function("b"),
    ]


@pytest.mark.parametrize("none", [None, [], {}])
def test_no_tools_are_none(none: Any) -> None:
    """The API refuses an empty list."""
    assert read_tools(none) is None


@pytest.mark.parametrize(
    ("tools", "sentence"),
    [
        ("weather", "tools must be an array or an object, not a string."),
        ([1], "tools[0] must be an object, not a number."),
        ([{"type": "web_search"}], "tools[0].type must be \"function\", not 'web_search'."),
        ([WEATHER, {"type": "function"}], "tools[1].function must be an object, not null."),
        ([function(None)], "tools[0].function.name must be a string, not null."),
        (
            [function("a b")],
            "tools[0].function.name is 'a b'; a tool's name has 1 to 64 letters, digits, - or _.",
        ),
        ([function("x" * 65)], "a tool's name has 1 to 64"),
        ([function("a\n")], "a tool's name has 1 to 64"),
        ([function("a", description=1)], "tools[0].function.description must be a string, not a number."),
        ([function("a", parameters=[])], "tools[0].function.parameters must be an object, not an array."),
        (
            [function("a", parameters={"\ud800": 1})],
            "tools[0].function.parameters has a lone surrogate, which is not text.",
        ),
        ([function("a", strict="yes")], "tools[0].function.strict must be a boolean, not a string."),
        ([WEATHER, WEATHER], "tools names 'weather' twice."),
        ({"a": 1}, "tools['a'] must be an object, not a number."),
        ({"ä": {}}, "tools['ä'].name is 'ä'; a tool's name has"),
        (
            [function(f"t{n}") for n in range(MAX_TOOLS + 1)],
            "tools has 129 entries; at most 128 are accepted.",
        ),
    ],
)
def test_a_wrong_tool_is_named(tools: Any, sentence: str) -> None:
    with pytest.raises(RequestError) as caught:
        read_tools(tools)
    assert sentence in caught.value.message


NAMED = {"type": "function", "function": {"name": "weather"}}


@pytest.mark.parametrize("choice", [None, "auto", "none", "required", NAMED])
def test_choices(choice: Any) -> None:
    assert read_tool_choice(choice, [WEATHER]) == choice


@pytest.mark.parametrize("choice", [None, "auto", "none"])
def test_choices_that_say_nothing_without_tools(choice: Any) -> None:
    """The API refuses `tool_choice` where there are no tools."""
    assert read_tool_choice(choice, None) is None


@pytest.mark.parametrize("choice", ["required", NAMED])
def test_a_choice_of_a_tool_needs_tools(choice: Any) -> None:
    with pytest.raises(RequestError, match="tool_choice asks for a tool, but tools names none"):
        read_tool_choice(choice, None)


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ("always", "not 'always'."),
        (1, "not a number."),
        ([], "not an array."),
        ({"type": "tool", "toolName": "weather"}, "not an object."),
        ({"type": "function"}, "tool_choice.function must be an object, not null."),
        ({"type": "function", "function": {}}, "tool_choice.function.name must be a string, not null."),
        (
            {"type": "function", "function": {"name": "x"}},
            "tool_choice.function.name is 'x', which tools does not name.",
        ),
    ],
)
def test_a_wrong_choice(choice: Any, sentence: str) -> None:
    with pytest.raises(RequestError) as caught:
        read_tool_choice(choice, [WEATHER])
    assert caught.value.message.endswith(sentence)
