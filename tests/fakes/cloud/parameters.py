"""From a resource's inputs, as Pulumi names them, to the parameters of AWS's call."""

from __future__ import annotations

from typing import Any

Table = dict[str, "str | tuple[str, Table] | None"]
"""By input: the parameter's name, for an object also its own table; None for what goes into another call."""


def parameters(inputs: dict[str, Any], table: Table) -> dict[str, Any]:
    """The parameters of a call; an input without its place in the table is an error of the stand-in.

    As the Terraform provider does, an empty list or text is not sent.
    """
    sent: dict[str, Any] = {}
    for name, value in inputs.items():
        if name in ("__defaults", "region") or value in ([], ""):
            continue
        place = table[name]
        if place is None:
            continue
        if isinstance(place, tuple):
            parameter, inner = place
            sent[parameter] = (
                [parameters(each, inner) for each in value]
                if isinstance(value, list)
                else parameters(value, inner)
            )
        else:
            sent[place] = value
    return sent
