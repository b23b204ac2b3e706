"""Both emulators, once for all tests of a module; without cargo there is but one, and nothing to compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripts.cargo_lambda import missing
from tests.emulator.independent.both import Both, behind_both

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def streaming(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with behind_both(tmp_path_factory.mktemp("cargo"), "http_function.streaming") as both:
        yield both


@pytest.fixture(scope="module")
def buffered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with behind_both(tmp_path_factory.mktemp("cargo"), "http_function.buffered") as both:
        yield both


@pytest.fixture(scope="package", autouse=True)
def _needs_cargo() -> None:
    if (reason := missing()) is not None:
        pytest.skip(reason)
