"""What the chat tests share: the real client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings as hypothesis_settings

from tests.clients.ai4 import Ai4, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

# No timed tests: an example may take as long as a busy machine needs.
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")


@pytest.fixture(scope="session")
def ai4() -> Iterator[Ai4]:
    """The real ai@4 client; tests that ask for it are skipped where it is not installed."""
    if reason := missing():
        pytest.skip(reason)
    with Ai4() as client:
        yield client
