"""A resource as a check sees it: plain values, and a mark for those that a preview does not know."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final


class Unknown(Enum):
    """Stands for a value that is known only after an update; no check finds fault with it."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN


@dataclass(frozen=True)
class Seen:
    """A resource's type (`aws:lambda/function:Function`), name, URN, and its properties in camelCase."""

    type: str
    name: str
    urn: str
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class Violation:
    """What is wrong with a resource: a sentence, or several, that say what to do."""

    urn: str
    message: str


def given(value: Any) -> Any:
    """A property, or None if it is absent, empty or not known yet."""
    return None if value is UNKNOWN or value == "" else value


def statements(document: Any) -> Iterator[Mapping[str, Any]]:
    """The statements of a policy document that allow something; none of one that is not known yet."""
    if (text := given(document)) is None:
        return
    found = json.loads(text)["Statement"]
    for statement in [found] if isinstance(found, dict) else found:
        if statement["Effect"] == "Allow":
            yield statement


def several(value: Any) -> list[Any]:
    """What a policy document may write as one or as a list, as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
