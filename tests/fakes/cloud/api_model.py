"""AWS's own description of its API, as botocore carries it: what a call's parameters may be.

Every constraint that AWS publishes is held against what the stack asks for: required members, types, lengths, ranges,
enumerations and patterns. This is what refuses `OPTIONS` among a Function URL's methods: each has six letters at most.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

import botocore.session  # type: ignore[import-untyped] # it has no types

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import Shape  # type: ignore[import-untyped] # it has no types

_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "long": int,
    "double": (int, float),
    "float": (int, float),
    "boolean": bool,
    "list": list,
    "map": dict,
    "structure": dict,
}


class AwsError(Exception):
    """What AWS answers instead of doing it: a code and a sentence."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code


def check_call(service: str, operation: str, parameters: dict[str, Any]) -> None:
    """Hold a call's parameters against AWS's description.

    Raises:
        AwsError: ValidationException, with every constraint that is not met.
    """
    problems = list(_problems(_input_shape(service, operation), parameters, ""))
    if problems:
        text = f"{len(problems)} validation error(s) detected: {'; '.join(problems)}"
        raise AwsError("ValidationException", f"{operation}: {text}")


@functools.cache
def _input_shape(service: str, operation: str) -> Shape:
    model = botocore.session.get_session().get_service_model(service)
    shape = model.operation_model(operation).input_shape
    assert shape is not None
    return shape


def _problems(shape: Any, value: Any, path: str) -> Iterator[str]:
    kind = _TYPES[shape.type_name]
    fits = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    if not fits:
        yield f"{path or 'the parameters'} must be a {shape.type_name}"
        return
    if shape.type_name == "structure":
        yield from (
            f"{path}.{name} is missing" for name in shape.metadata.get("required", ()) if name not in value
        )
        yield from (f"{path}.{name} does not exist" for name in value if name not in shape.members)
        for name, each in value.items():
            if name in shape.members:
                yield from _problems(shape.members[name], each, f"{path}.{name}")
    elif shape.type_name == "map":
        for name, each in value.items():
            yield from _problems(shape.key, name, f"{path}.key({name})")
            yield from _problems(shape.value, each, f"{path}.{name}")
    elif shape.type_name == "list":
        for place, each in enumerate(value):
            yield from _problems(shape.member, each, f"{path}[{place}]")
    yield from _constraints(shape, value, path)


def _constraints(shape: Shape, value: Any, path: str) -> Iterator[str]:
    metadata = shape.metadata
    if "enum" in metadata and value not in metadata["enum"]:
        yield f"{path} {value!r} must satisfy enum value set: {metadata['enum']}"
    size = value if isinstance(value, int | float) else len(value)
    what = "" if isinstance(value, int | float) else "length "
    if "min" in metadata and size < metadata["min"]:
        yield f"{path} {value!r} must have {what}greater than or equal to {metadata['min']}"
    if "max" in metadata and size > metadata["max"]:
        yield f"{path} {value!r} must have {what}less than or equal to {metadata['max']}"
    pattern = metadata.get("pattern")
    # Java's Unicode classes, which some tags have, are not in Python's expressions.
    if pattern and r"\p{" not in pattern and not re.fullmatch(pattern, value):
        yield f"{path} {value!r} must satisfy regular expression pattern: {pattern}"
