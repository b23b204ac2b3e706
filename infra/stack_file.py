"""What stands in the stack's file: all that is not encrypted, and that of keys that must be secret through and through.

Pulumi tells a program only of a whole key whether it is a secret, and an object is one as soon as any of its members
is (`pulumi config set --secret --path providerKeys.A_API_KEY`, then another without `--secret`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NOTHING = (None, "", "{}")


def in_plain_text(folder: Path, *, project: str, stack: str, key: str) -> list[tuple[str, ...]]:
    """Where under a key the stack's file has a value that is not encrypted; `()` is the key's own place.

    None is found where the configuration does not come from this file: from `--config-file`, from an environment of
    Pulumi's cloud, or from a program that drives the engine.

    Args:
        folder: Where Pulumi.yaml is.
        project: The project's name, which is before its keys in the file.
        stack: The stack's name.
        key: The configuration's key, such as `providerKeys`.
    """
    file = stack_file(folder, stack)
    if not file.is_file():
        return []
    # Pulumi takes the project's own keys in these three forms.
    names = (f"{project}:{key}", f"{project}:config:{key}", key)
    config = _config(file)
    return [place for name in names if name in config for place in _plain(config[name])]


def plain_values(folder: Path, stack: str) -> dict[str, Any]:
    """The project's own keys of a stack's file, without those that are encrypted.

    Args:
        folder: Where Pulumi.yaml is.
        stack: The stack's name.

    Raises:
        FileNotFoundError: there is no such file.
    """
    project = str(_project(folder).get("name", ""))
    values = {}
    for name, value in _config(stack_file(folder, stack)).items():
        own = name.removeprefix(f"{project}:").removeprefix("config:")
        if ":" not in own and not (isinstance(value, dict) and value.keys() == {"secure"}):
            values[own] = value
    return values


def stack_file(folder: Path, stack: str) -> Path:
    """Where a stack's file is, whether there is one or not."""
    return folder / str(_project(folder).get("stackConfigDir") or "") / f"Pulumi.{stack}.yaml"


def _config(file: Path) -> dict[str, Any]:
    return (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).get("config") or {}


def _project(folder: Path) -> dict[str, Any]:
    project = folder / "Pulumi.yaml"
    return (yaml.safe_load(project.read_text(encoding="utf-8")) or {}) if project.is_file() else {}


def _plain(value: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        if value.keys() == {"secure"} and isinstance(value["secure"], str):
            return
        for name, each in value.items():
            yield from _plain(each, (*place, str(name)))
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from _plain(each, (*place, str(at)))
    elif value not in _NOTHING:
        yield place
