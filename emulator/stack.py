"""What the emulated function has in common with a deployed one: the settings of a stack, as `pulumi up` reads them.

`Pulumi.NAME.yaml` is read and checked by the Pulumi program's own code, so that a page that may call here may call
there. What is taken: the Function URL's CORS settings, timeout, memory, and the reserved concurrency. What is not: the
function's variables, whose model and keys belong to the machine that it runs on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulator.cors import Cors

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_KEYS = ("timeout", "memorySize", "reservedConcurrency")


class StackError(ValueError):
    """The stack's settings, or the origins, cannot be used; the message has a sentence a line."""


@dataclass(frozen=True, slots=True)
class Stack:
    """`cors` is None where no page may call; `settings` are fields of `FunctionSettings`."""

    cors: Cors | None
    settings: dict[str, Any]


def read_stack(folder: Path, name: str | None, origins: Sequence[str], *, more: Sequence[str] = ()) -> Stack:
    """The stack `name` of the project in `folder`; without a name, what `pulumi up` would take by default.

    `origins`, where there are any, are allowed in place of the stack's own, `more` beside them. `settings` are empty
    without a name: the emulator's defaults are its own.

    Raises:
        StackError: there is no such stack, or it has a wrong value.
    """
    # Pulumi's SDK is slow to import, and most runs have no use for it.
    from infra.config import ConfigurationError, settings_of  # noqa: PLC0415 - see above
    from infra.stack_file import plain_values, stack_file  # noqa: PLC0415 - see above

    values: dict[str, Any] = {"allowMissingKey": True}
    if name is not None:
        try:
            given = plain_values(folder, name)
        except FileNotFoundError:
            known = sorted(file.name for file in stack_file(folder, "x").parent.glob("Pulumi.*.yaml"))
            raise StackError(
                f"There is no {stack_file(folder, name)}. The stacks here: {', '.join(known) or 'none'}; "
                "`pulumi stack init` makes one."
            ) from None
        values |= {key: value for key, value in given.items() if key in _KEYS or key.startswith("cors")}
    if origins:
        values["corsAllowOrigins"] = list(origins)
    try:
        settings = settings_of(values)
        if more:
            together = list(dict.fromkeys((*settings.cors_allow_origins, *more)))
            settings = settings_of(values | {"corsAllowOrigins": ["*"] if "*" in together else together})
    except ConfigurationError as error:
        raise StackError(str(error)) from None
    cors = Cors(
        allow_origins=tuple(settings.cors_allow_origins),
        allow_methods=tuple(settings.cors_allow_methods),
        allow_headers=tuple(settings.cors_allow_headers),
        expose_headers=tuple(settings.cors_expose_headers),
        allow_credentials=settings.cors_allow_credentials,
        max_age=settings.cors_max_age,
    )
    taken: dict[str, Any] = {"timeout": float(settings.timeout), "memory_mb": settings.memory_size}
    if settings.reserved_concurrency >= 0:
        taken["concurrency"] = settings.reserved_concurrency
    return Stack(cors if settings.cors_allow_origins else None, taken if name is not None else {})
