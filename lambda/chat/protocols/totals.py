"""The tokens of a whole answer: of all calls of the model, and known only if those of each are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chat.parts import Usage

if TYPE_CHECKING:
    from chat.parts import Finish, StepFinish


class TotalUsage:
    """A sum that grows with each call of the model."""

    def __init__(self) -> None:
        self._sum: Usage | None = Usage(0, 0)
        self._calls = 0

    def add(self, part: StepFinish | Finish) -> None:
        """Count what a call of the model has used."""
        self._calls += 1
        total, usage = self._sum, part.usage
        self._sum = (
            Usage(total.input_tokens + usage.input_tokens, total.output_tokens + usage.output_tokens)
            if total and usage
            else None
        )

    @property
    def known(self) -> Usage | None:
        """The sum; None before the first call has ended, and once one of them did not tell."""
        return self._sum if self._calls else None
