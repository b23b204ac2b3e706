"""The tools that a client declares, checked and brought into the form of OpenAI's chat completions."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from chat import fields
from chat.failures import RequestError

MAX_TOOLS = 128
"""The most functions that OpenAI's chat completions take (API reference, `tools`)."""

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def read_tools(value: Any) -> list[dict[str, Any]] | None:
    """Read `tools`; None where there are none, since the API refuses an empty list.

    Two forms: OpenAI's array `[{"type": "function", "function": {"name", "description"?, "parameters"?,
    "strict"?}, "needsApproval"?}]`, and the AI SDK's object `{name: {"description"?, "inputSchema"?, "strict"?,
    "needsApproval"?}}`, whose schema ai@4 names `parameters`. A schema is a JSON Schema, or `{"jsonSchema": …}` as the
    SDK's `jsonSchema()` is serialised. `needsApproval` is `read_needs_approval`'s.

    Raises:
        RequestError: naming the first tool that is wrong.
    """
    if value is None:
        return None
    tools: list[dict[str, Any]] = []
    if isinstance(value, dict):
        for name, tool in value.items():
            where = f"tools[{fields.shown(name)}]"
            tools.append(_sdk_tool(name, fields.mapping(tool, where), where))
    elif isinstance(value, list):
        for index, tool in enumerate(value):
            where = f"tools[{index}]"
            if (kind := fields.mapping(tool, where).get("type")) != "function":
                raise RequestError(f'{where}.type must be "function", not {_say(kind)}.')
            where += ".function"
            tools.append(_function(fields.mapping(tool.get("function"), where), where))
    else:
        raise RequestError(f"tools must be an array or an object, not {fields.kind(value)}.")
    if len(tools) > MAX_TOOLS:
        raise RequestError(f"tools has {len(tools)} entries; at most {MAX_TOOLS} are accepted.")
    names: set[str] = set()
    for tool in tools:
        if (name := tool["function"]["name"]) in names:
            raise RequestError(f"tools names {name!r} twice.")
        names.add(name)
    return tools or None


def read_needs_approval(value: Any) -> frozenset[str]:
    """The names of the tools in a sound `tools` that the user must approve before the page runs them.

    Raises:
        RequestError: `needsApproval` is no boolean; a function, which the SDK's own server takes, is not JSON.
    """
    if isinstance(value, dict):
        declared = [(name, tool, f"tools[{fields.shown(name)}]") for name, tool in value.items()]
    else:
        declared = [(t["function"]["name"], t, f"tools[{index}]") for index, t in enumerate(value or ())]
    needing: set[str] = set()
    for name, tool, where in declared:
        if fields.flag(tool.get("needsApproval"), f"{where}.needsApproval"):
            needing.add(name)
    return frozenset(needing)


def read_tool_choice(value: Any, tools: list[dict[str, Any]] | None) -> str | dict[str, Any] | None:
    """Read `tool_choice`: `auto`, `none`, `required`, or one tool.

    One tool is `{"type": "function", "function": {"name"}}`, or `{"type": "tool", "toolName"}` as the AI SDK has it.
    Without tools `auto` and `none` say nothing and become None, since the API refuses a choice among none.

    Raises:
        RequestError: no such choice, or none of the tools.
    """
    if value is None:
        return None
    if value in ("auto", "none") and isinstance(value, str):
        return value if tools else None
    if not tools:
        raise RequestError("tool_choice asks for a tool, but tools names none.")
    if value == "required":
        return "required"
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "tool":
        name, where = value.get("toolName"), "tool_choice.toolName"
    elif kind == "function":
        function = fields.mapping(value.get("function"), "tool_choice.function")
        name, where = function.get("name"), "tool_choice.function.name"
    else:
        raise RequestError(
            'tool_choice must be "auto", "none", "required" or '
            f'{{"type": "function", "function": {{"name": "…"}}}}, not {_say(value)}.'
        )
    name = fields.text(name, where)
    if all(tool["function"]["name"] != name for tool in tools):
        raise RequestError(f"{where} is {fields.shown(name)}, which tools does not name.")
    return {"type": "function", "function": {"name": name}}


def _sdk_tool(name: str, tool: dict[str, Any], where: str) -> dict[str, Any]:
    """A tool of the SDK's object; of its own kinds, `function` and `dynamic` are ours to pass on."""
    if (kind := tool.get("type")) not in (None, "function", "dynamic"):
        raise RequestError(
            f'{where}.type is {_say(kind)}; only tools that the page runs can be declared: leave it out, or "function".'
        )
    field = "parameters" if tool.get("inputSchema") is None else "inputSchema"
    schema = tool.get(field)
    if isinstance(schema, dict) and isinstance(schema.get("jsonSchema"), dict):
        schema, field = schema["jsonSchema"], f"{field}.jsonSchema"
    if schema is not None:
        schema = _schema(schema, f"{where}.{field}")
    return _function({**tool, "name": name, "parameters": schema}, where)


def _function(function: dict[str, Any], where: str) -> dict[str, Any]:
    name = fields.text(function.get("name"), f"{where}.name")
    if not _NAME.fullmatch(name):
        raise RequestError(
            f"{where}.name is {fields.shown(name)}; a tool's name has 1 to 64 letters, digits, - or _."
        )
    checked: dict[str, Any] = {"name": name}
    if (description := fields.optional_text(function.get("description"), f"{where}.description")) is not None:
        checked["description"] = description
    if (parameters := function.get("parameters")) is not None:
        checked["parameters"] = _schema(parameters, f"{where}.parameters")
    if (strict := fields.flag(function.get("strict"), f"{where}.strict")) is not None:
        checked["strict"] = strict
    return {"type": "function", "function": checked}


def _schema(value: Any, where: str) -> dict[str, Any]:
    """A JSON Schema, which goes on as it is: the model's server checks it, but UTF-8 it must be."""
    schema = fields.mapping(value, where)
    try:
        msgspec.json.encode(schema)
    except UnicodeEncodeError:
        raise RequestError(f"{where} has a lone surrogate, which is not text.") from None
    return schema


def _say(value: Any) -> str:
    return fields.shown(value) if isinstance(value, str) else fields.kind(value)
