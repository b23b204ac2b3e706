"""Property values as Pulumi's protocol carries them, and as the stand-ins read them.

Facts (pulumi/sdk go/common/resource/plugin/rpc.go, python runtime/rpc.py): a secret is an object with the signature
below and its value under `value`; what is not known yet in a preview is one agreed string; numbers are doubles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from google.protobuf import json_format, struct_pb2
from pulumi.runtime import rpc

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

UNKNOWN: Final = rpc.UNKNOWN
_SIGNATURE: Final = rpc._special_sig_key
_SECRET: Final = rpc._special_secret_sig


def read(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Plain values: secrets without their mark, whole numbers as int, nothing where there is null."""
    values = _plain(json_format.MessageToDict(struct))
    assert isinstance(values, dict)
    return values


def write(values: Mapping[str, Any], secret: Container[str] = ()) -> struct_pb2.Struct:
    """The protocol's form; members that `secret` names are marked."""
    struct = struct_pb2.Struct()
    json_format.ParseDict(
        {name: _marked(value) if name in secret else value for name, value in values.items()}, struct
    )
    return struct


def holds_unknown(value: Any) -> bool:
    """Whether any part of a value is known only after an update."""
    if isinstance(value, dict):
        return any(holds_unknown(each) for each in value.values())
    if isinstance(value, list):
        return any(holds_unknown(each) for each in value)
    return bool(value == UNKNOWN)


def _marked(value: Any) -> Any:
    return value if value == UNKNOWN else {_SIGNATURE: _SECRET, "value": value}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(_SIGNATURE) == _SECRET:
            return _plain(value["value"])
        return {name: _plain(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
