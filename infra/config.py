"""From Pulumi's configuration to `Settings`; what is wrong becomes sentences that stop the preview."""

from __future__ import annotations

import difflib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin

import pulumi
from pydantic import ValidationError

from infra.agreement import elsewhere
from infra.allowed import RefusedError, allowed_values
from infra.settings import Settings, configuration_keys
from infra.shown import may_be_key, shown
from infra.stack_file import in_plain_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pydantic.fields import FieldInfo

_SECRETS: Final = ("openaiApiKey", "providerKeys")
# Where people put keys, rightly or wrongly.
_NOT_SHOWN: Final = (*_SECRETS, "secretArn", "environment")
# A variable's name, in words as people write them: what a provider hands out has longer parts.
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9]{0,14}(_[A-Z0-9]{1,15}){0,6}|[a-z]{2,5}_proxy")


class ConfigurationError(ValueError):
    """A stack's configuration is not as it must be; `sentences` say what is wrong, each naming its key."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def settings_of(values: dict[str, Any], secret: Collection[str] = ()) -> Settings:
    """Values as Pulumi has them, or as the stack's file has them, as settings; those of `secret` are not shown.

    Raises:
        ConfigurationError: something is wrong with them.
    """
    try:
        return Settings.model_validate({key: _parsed(key, value) for key, value in values.items()})
    except ValidationError as error:
        found = (_sentence(each, values, secret) for each in error.errors(include_url=False))
        raise ConfigurationError([sentence for sentence in found if sentence]) from None


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
    secret = {key for key in values if pulumi.runtime.is_config_secret(f"{project}:{key}")}
    problems = [
        sentence
        for key, value in values.items()
        for sentence in _misplaced(key, value, is_secret=key in secret)
    ]
    try:
        settings = settings_of(values, secret)
    except ConfigurationError as error:
        problems += error.sentences
    else:
        if region := given.get("aws:region"):
            problems += elsewhere(settings, region)
    if problems:
        raise pulumi.RunError("\n".join(dict.fromkeys(problems)))
    return settings


def _misplaced(key: str, value: Any, *, is_secret: bool) -> Iterator[str]:
    """What is said of a key in plain text, and of a secret that would not stay one."""
    if key in _SECRETS:
        if not is_secret:
            if value not in ("", "{}"):
                yield _in_plain_text(key, ())
            return
        folder, project, stack = Path(pulumi.get_root_directory()), pulumi.get_project(), pulumi.get_stack()
        for place in in_plain_text(folder, project=project, stack=stack, key=key):
            yield _in_plain_text(key, place)
    elif is_secret and key in configuration_keys():
        yield (
            f"{key} is stored as a secret, but the stack's resources show it in plain text: `pulumi config rm {key}`, "
            "and set it without --secret if it may be read. Keys belong in openaiApiKey, providerKeys or the secret "
            "of secretArn."
        )


def _in_plain_text(key: str, place: tuple[str, ...]) -> str:
    named = f"{key}.{place[0]}" if place and _VARIABLE.fullmatch(place[0]) else key
    path = named if key == "openaiApiKey" else f"--path {named if named != key else f'{key}.NAME'}"
    return (
        f"{named} is stored in plain text: take the key back at its provider, and set a new one with "
        f"`pulumi config set --secret {path}`."
    )


def _parsed(key: str, text: Any) -> Any:
    """A value as its type has it: Pulumi hands over everything as text, lists and objects as JSON."""
    field = configuration_keys().get(key)
    if field is None or not isinstance(text, str):
        return text
    if get_origin(field.annotation) not in (list, dict) and field.annotation not in (int, bool):
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if get_origin(field.annotation) is dict and isinstance(value, dict):
        # `pulumi config set --path environment.CHAT_KEEPALIVE 5` stores a number, and variables are text.
        return {
            name: json.dumps(each) if isinstance(each, int | float) else each for name, each in value.items()
        }
    return value


def _sentence(error: Any, values: dict[str, Any], secret: Collection[str]) -> str:
    """One of pydantic's errors for the person who set the value, without anything of keys stored as secrets.

    Empty if it would say something of those: then they have to go first, and have a sentence that says so.
    """
    refused = error.get("ctx", {}).get("error")
    if not error["loc"]:
        return "" if set(secret) - set(_SECRETS) else str(refused)
    key, *path = error["loc"]
    fields = configuration_keys()
    if key not in fields:
        near = difflib.get_close_matches(key, fields, n=1, cutoff=0.6)
        hint = f" Is it {near[0]}?" if near else ""
        if (whole := re.split(r"[.\[]", key)[0]) in fields and whole != key:
            # `pulumi config set 'KEY[0]'` without --path.
            hint = f" `pulumi config rm '{key}'`, and set it with --path, as a part of {whole}."
        named = "The configuration has a key (not shown) that" if may_be_key(key) else key
        return f"{named} is not a configuration key.{hint} docs/configuration.md has all keys."
    is_shown = key not in _NOT_SHOWN and key not in secret
    place, is_what, allowed = _place(key, path, fields[key], _parsed(key, values[key]), is_shown=is_shown)
    if isinstance(refused, RefusedError):
        return f"{place} {refused}"
    return f"{place} {is_what}; it must be {allowed}."


def _place(
    key: str, path: list[Any], field: FieldInfo, value: Any, *, is_shown: bool
) -> tuple[str, str, str]:
    """Where something is wrong, what stands there, and what may stand there."""
    kind = field.annotation
    if not path:
        return (
            key,
            f"is {shown(value)}" if is_shown else "is not allowed as it stands",
            allowed_values(kind, field.metadata),
        )
    if get_origin(kind) is list:
        (item,) = get_args(kind)
        is_what = f"is {shown(value[path[0]])}" if is_shown else "is not allowed as it stands"
        return f"{key}[{path[0]}]", is_what, allowed_values(item)
    name_kind, value_kind = get_args(kind)
    is_variable = _VARIABLE.fullmatch(path[0]) and not may_be_key(path[0])
    if path[-1] == "[key]":
        is_what = (
            f"has the name {shown(path[0])}" if is_variable else "has a name that may be a key (not shown)"
        )
        return key, is_what, allowed_values(name_kind)
    return (
        f"{key}.{path[0]}" if is_variable else f"{key}.…",
        "is a value that is not allowed",
        allowed_values(value_kind),
    )
