"""Tools that a client declares, in both forms, and the choice among them."""

from __future__ import annotations

from typing import Any

import pytest

from chat.failures import RequestError
from chat.tools import MAX_TOOLS, read_needs_approval, read_tool_choice, read_tools

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


@pytest.mark.parametrize("name", ["parameters", "inputSchema"])
def test_a_schema_of_the_sdk_s_form(name: str) -> None:
    """ai@4 names it `parameters`; the SDK's `jsonSchema()` and `zodSchema()` have it inside, beside what is no JSON."""
    schema = {"type": "object", "properties": {"at": {"type": "string"}}}
    made = [function("a", parameters=schema, strict=True)]
    assert read_tools({"a": {name: schema, "strict": True}}) == made
    assert read_tools({"a": {name: {"jsonSchema": schema}, "strict": True, "type": "dynamic"}}) == made
    assert read_tools({"a": {name: None}}) == [function("a")]
    own = {"type": "object", "jsonSchema": 1}
    assert read_tools({"a": {name: own, "type": "function"}}) == [function("a", parameters=own)]


def test_input_schema_goes_before_parameters() -> None:
    assert read_tools({"a": {"inputSchema": {"x": 1}, "parameters": {"x": 2}}}) == [
        function("a", parameters={"x": 1})
    ]


def test_the_name_in_the_sdk_s_form_is_the_key() -> None:
    assert read_tools({"a": {"name": "b"}}) == [function("a")]


def test_which_tools_need_approval() -> None:
    assert read_needs_approval(None) == read_needs_approval([]) == read_needs_approval({}) == frozenset()
    assert read_needs_approval({"a": {"needsApproval": True}, "b": {"needsApproval": False}, "c": {}}) == {
        "a"
    }
    array = [function("a") | {"needsApproval": True}, function("b") | {"needsApproval": None}, function("c")]
    assert read_needs_approval(array) == {"a"}
    assert read_tools(array) == [function("a"), function("b"), function("c")]


@pytest.mark.parametrize(
    ("tools", "where"),
    [
        ({"a": {"needsApproval": "yes"}}, "tools['a']"),
        ([function("a"), function("b") | {"needsApproval": "yes"}], "tools[1]"),
    ],
)
def test_approval_is_needed_or_not(tools: Any, where: str) -> None:
    with pytest.raises(RequestError) as caught:
        read_needs_approval(tools)
    assert caught.value.message == f"{where}.needsApproval must be a boolean, not a string."


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
        ({"a": {"inputSchema": 1}}, "tools['a'].inputSchema must be an object, not a number."),
        ({"a": {"parameters": []}}, "tools['a'].parameters must be an object, not an array."),
        (
            {"a": {"inputSchema": {"jsonSchema": {"\ud800": 1}}}},
            "tools['a'].inputSchema.jsonSchema has a lone surrogate, which is not text.",
        ),
        (
            {"a": {"type": "provider-defined", "id": "openai.web_search"}},
            "tools['a'].type is 'provider-defined'; only tools that the page runs can be declared",
        ),
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


def test_a_choice_in_the_sdk_s_words() -> None:
    assert read_tool_choice({"type": "tool", "toolName": "weather"}, [WEATHER]) == NAMED


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
        ({"type": "any"}, "not an object."),
        ({"type": ["tool"]}, "not an object."),
        ({"type": "tool"}, "tool_choice.toolName must be a string, not null."),
        ({"type": "tool", "toolName": "x"}, "tool_choice.toolName is 'x', which tools does not name."),
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
