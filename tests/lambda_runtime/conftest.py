"""A runtime process per test, fed by a Runtime API on a real socket."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fakes.runtime_api import FakeRuntimeApi
from tests.fakes.runtime_process import Starter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def api() -> AsyncIterator[FakeRuntimeApi]:
    async with FakeRuntimeApi() as api:
        yield api


@pytest.fixture
async def start(api: FakeRuntimeApi) -> AsyncIterator[Starter]:
    """Starts runtimes in this folder, where `functions.py` lies."""
    starter = Starter(api.address, Path(__file__).parent)
    yield starter
    await starter.stop()
