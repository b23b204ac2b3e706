"""Where answers come from: each source turns a request into parts and owns its upstream's life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from chat.parts import Part
    from chat.requests import ChatRequest


class ModelSource(Protocol):
    """A model that answers a request with a stream of parts."""

    def stream(self, request: ChatRequest) -> AsyncGenerator[list[Part], None]:
        """Yield the answer as batches: one list for what one read of the upstream brought, never empty.

        Adjacent text (or reasoning) deltas of a batch are merged. The last part of the last batch is
        `Finish`.
        Closing the generator closes the upstream at once.

        Raises:
            SourceError: the upstream failed; all text until then has been yielded.
        """
        ...

    async def aclose(self) -> None:
        """Close idle connections."""
        ...
