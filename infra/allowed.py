"""What a configuration value may be, in words: for error sentences and for `docs/configuration.md`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

import annotated_types
from pydantic import SecretStr
from pydantic.fields import FieldInfo

if TYPE_CHECKING:
    from collections.abc import Iterable


class RefusedError(ValueError):
    """Says itself what is wrong with a value, where "it must be …" would not say enough.

    The message is a sentence without its beginning, which is the value's place: "… has the name …". For what
    concerns several keys it is whole.
    """


@dataclass(frozen=True)
class Words:
    """Says in an annotation what values of a type are, where its constraints do not."""

    text: str


def allowed_values(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """What a type allows, as the end of "it must be …".

    Args:
        annotation: A field's type, `Annotated` or not.
        metadata: What pydantic has taken out of the annotation already.
    """
    constraints = list(_flat(metadata))
    if get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        constraints += _flat(more)
    if words := next((each.text for each in constraints if isinstance(each, Words)), None):
        return words
    origin = get_origin(annotation)
    if origin is Literal:
        return _choice([str(value) for value in get_args(annotation)])
    if origin is list:
        (item,) = get_args(annotation)
        most = next(
            (each.max_length for each in constraints if isinstance(each, annotated_types.MaxLen)), None
        )
        bound = f" of at most {most}" if most is not None else ""
        return f"a list{bound}, each {allowed_values(item)}"
    if origin is dict:
        name, value = get_args(annotation)
        return f"an object; each name {allowed_values(name)}, each value {allowed_values(value)}"
    return _simple(annotation, constraints)


def _simple(annotation: Any, constraints: list[Any]) -> str:
    if annotation is bool:
        return "true or false"
    if annotation is int:
        return _whole_number(constraints)
    if annotation in (str, SecretStr):
        return "text"
    raise TypeError(f"{annotation} is said by no words; give it some with Words.")


def _flat(metadata: Iterable[Any]) -> Iterable[Any]:
    for each in metadata:
        if isinstance(each, FieldInfo):
            yield from each.metadata
        else:
            yield each


def _whole_number(constraints: list[Any]) -> str:
    least = next((each.ge for each in constraints if isinstance(each, annotated_types.Ge)), None)
    most = next((each.le for each in constraints if isinstance(each, annotated_types.Le)), None)
    if least is not None and most is not None:
        return f"a whole number from {least} to {most}"
    return "a whole number" + (f" of at least {least}" if least is not None else "")


def _choice(values: list[str]) -> str:
    return f"{', '.join(values[:-1])} or {values[-1]}"
