"""What the sources' tests share: sources pointed at a fake upstream, answers read to their end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from chat.failures import SourceError
from chat.keys import Keys
from chat.parts import TextDelta
from chat.requests import ChatRequest
from chat.settings import Settings
from chat.sources.openai_wire import OpenAIWire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from chat.parts import Part
    from chat.sources import ModelSource
    from tests.fakes.upstream import FakeUpstream

KEY = "sk-test-0123456789"
QUESTION = ChatRequest(messages=[{"role": "user", "content": "hi"}], model="gpt-4o-mini")


@dataclass
class Outcome:
    """An answer as far as it came: its batches, and the failure that ended it, if one did."""

    batches: list[list[Part]] = field(default_factory=list)
    failure: SourceError | None = None

    @property
    def parts(self) -> list[Part]:
        return [part for batch in self.batches for part in batch]

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, TextDelta))


async def answer_of(source: ModelSource, request: ChatRequest = QUESTION) -> Outcome:
    """Read an answer to its end, whichever it is; no batch may be empty."""
    outcome = Outcome()
    try:
        async for batch in source.stream(request):
            assert batch
            outcome.batches.append(batch)
    except SourceError as error:
        outcome.failure = error
    return outcome


@pytest.fixture
async def make_wire(upstream: FakeUpstream) -> AsyncIterator[Callable[..., OpenAIWire]]:
    """Make sources with settings, pointed at `upstream` unless they say otherwise; closed after the test."""
    made: list[OpenAIWire] = []

    def make(**settings: Any) -> OpenAIWire:
        values = {"openai_api_key": KEY, "openai_base_url": upstream.url} | settings
        checked = Settings(**values)
        made.append(OpenAIWire(checked, Keys(checked)))
        return made[-1]

    yield make
    for wire in made:
        await wire.aclose()


@pytest.fixture
def wire(make_wire: Callable[..., OpenAIWire]) -> OpenAIWire:
    return make_wire()
