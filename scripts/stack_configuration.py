"""Pulumi.yaml's config schema and the table of the stack's configuration, from `infra/settings.py`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic import SecretStr

from infra.allowed import allowed_values
from infra.settings import configuration_keys

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_TYPES = {bool: "boolean", int: "integer", str: "string", SecretStr: "string", list: "array", dict: "object"}


def schema() -> str:
    """The `config:` block of Pulumi.yaml.

    Every key has a default there: Pulumi takes a key without one for required, and its own sentence for a missing
    key says neither what to do nor that there is a way without.
    """
    lines = ["config:"]
    for key, field in configuration_keys().items():
        lines.append(f"  {key}:")
        lines.append(f"    type: {_type(field)}")
        if _type(field) == "array":
            lines.append("    items:\n      type: string")
        lines.append(f"    default: {json.dumps(_default(field), ensure_ascii=False)}")
        lines.append(f"    description: {json.dumps(field.description, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def table() -> str:
    """The rows of docs/configuration.md: key, default, allowed, meaning."""
    rows = ["| key | default | allowed | meaning |", "|---|---|---|---|"]
    for key, field in configuration_keys().items():
        default = _default(field)
        shown = "none" if default in ("", [], {}) else f"`{_plain(default)}`"
        words = allowed_values(field.annotation, field.metadata).replace("|", "\\|")
        rows.append(f"| `{key}` | {shown} | {words} | {field.description} |")
    return "\n".join(rows) + "\n"


def _type(field: FieldInfo) -> str:
    kind = get_origin(field.annotation) or field.annotation
    if kind not in _TYPES:  # a Literal has the type of its values
        kind = type(get_args(field.annotation)[0])
    return _TYPES[kind]


def _default(field: FieldInfo) -> Any:
    default = field.get_default(call_default_factory=True, validated_data={})
    return default.get_secret_value() if isinstance(default, SecretStr) else default


def _plain(default: Any) -> str:
    if isinstance(default, list):
        return ",".join(default)
    return str(default).lower() if isinstance(default, bool) else str(default)
