"""From Pulumi's configuration to `Settings`; what is wrong becomes sentences that stop the preview."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any, get_args, get_origin

import pulumi
from pydantic import ValidationError

from infra.allowed import allowed_values
from infra.settings import Settings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_LONGEST = 200
_SECRETS = ("openaiApiKey", "providerKeys")


def read_settings() -> Settings:
    """The stack's configuration.

    Raises:
        pulumi.RunError: something is wrong; one sentence a line, each naming the key, the value, and what is allowed.
    """
    project = pulumi.get_project()
    given = pulumi.runtime.get_config_env() | pulumi.runtime.config.CONFIG.get()
    values = {
        name.removeprefix(f"{project}:"): value
        for name, value in given.items()
        if name.startswith(f"{project}:")
    }
    problems = [
        f"{key} is stored in plain text: take the key back at its provider, and set a new one with "
        f"`pulumi config set --secret {'--path providerKeys.NAME' if key == 'providerKeys' else key}`."
        for key in _SECRETS
        if values.get(key, "") not in ("", "{}") and not pulumi.runtime.is_config_secret(f"{project}:{key}")
    ]
    try:
        settings = Settings.model_validate({key: _parsed(key, value) for key, value in values.items()})
    except ValidationError as error:
        problems += dict.fromkeys(_sentence(each, values) for each in error.errors(include_url=False))
    if problems:
        raise pulumi.RunError("\n".join(problems))
    return settings


def _parsed(key: str, text: Any) -> Any:
    """A value as its type has it: Pulumi hands over everything as text, lists and objects as JSON."""
    field = _fields().get(key)
    if field is None or not isinstance(text, str):
        return text
    if get_origin(field.annotation) in (list, dict) or field.annotation in (int, bool):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _fields() -> dict[str, FieldInfo]:
    return {str(field.alias): field for field in Settings.model_fields.values()}


def _sentence(error: Any, values: dict[str, Any]) -> str:
    """One of pydantic's errors for the person who set the value."""
    if not error["loc"]:
        return str(error["ctx"]["error"])
    key, *path = error["loc"]
    fields = _fields()
    if key not in fields:
        near = difflib.get_close_matches(key, fields, n=1, cutoff=0.6)
        hint = f" Is it {near[0]}?" if near else ""
        return f"{key} is not a configuration key.{hint} docs/configuration.md has all keys."
    kind, value = fields[key].annotation, _parsed(key, values[key])
    allowed = allowed_values(kind, fields[key].metadata)
    if path and get_origin(kind) is list:
        (item,) = get_args(kind)
        return f"{key}[{path[0]}] is {_shown(value[path[0]])}; it must be {allowed_values(item)}."
    if path:
        name_kind, value_kind = get_args(kind)
        if path[-1] == "[key]":
            return f"{key} has the name {_shown(path[0])}; it must be {allowed_values(name_kind)}."
        shown = "a value that is not allowed" if key in _SECRETS else _shown(value[path[0]])
        return f"{key}.{path[0]} is {shown}; it must be {allowed_values(value_kind)}."
    return (
        f"{key} is {'not allowed as it stands' if key in _SECRETS else _shown(value)}; it must be {allowed}."
    )


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
