"""What the chat tests share: the real client, and settings without an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chat.settings import Settings
from tests.clients.ai4 import Ai4, missing

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def ai4() -> Iterator[Ai4]:
    """The real ai@4 client; tests that ask for it are skipped where it is not installed."""
    if reason := missing():
        pytest.skip(reason)
    with Ai4() as client:
        yield client


@pytest.fixture(scope="session")
def settings() -> Settings:
    return Settings.from_environment({"OPENAI_API_KEY": "test"})
