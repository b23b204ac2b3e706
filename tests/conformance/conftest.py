"""Real chat pages in front of the real function, which the emulator runs, in front of a scripted model.

All tests share one loop, one emulator, one node process: `pytest.mark.asyncio(loop_scope="session")` in each module.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
import pytest_asyncio

from scripts.protocol_table import RECORD
from tests.clients import pages as page_clients
from tests.clients import ui as ui_clients
from tests.clients.ai4 import Ai4
from tests.clients.ai4 import missing as missing_ai4
from tests.conformance.rows import Rows
from tests.fakes.upstream import FakeUpstream
from tests.own_environment import without_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Iterator, Sequence

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# Nothing here takes seconds; this is when an emulator that does not start is given up.
PATIENCE = 30
ROWS = pytest.StashKey[Rows]()
CLAIMED = pytest.StashKey[list[tuple[str, str]]]()


@pytest.fixture(scope="session")
def pages() -> Iterator[page_clients.Pages]:
    """Pages of every version; tests that ask for them are skipped where they are not installed."""
    if reason := page_clients.missing():
        pytest.skip(reason)
    with page_clients.Pages() as clients:
        yield clients


@pytest.fixture(scope="session")
def ui() -> Iterator[ui_clients.Ui]:
    """The clients of ai@5 to 7 without React."""
    if reason := ui_clients.missing():
        pytest.skip(reason)
    with ui_clients.Ui() as clients:
        yield clients


@pytest.fixture(scope="session")
def ai4() -> Iterator[Ai4]:
    """The client of ai@4 without React."""
    if reason := missing_ai4():
        pytest.skip(reason)
    with Ai4() as client:
        yield client


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def model() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as fake:
        yield fake


@pytest.fixture
def upstream(model: FakeUpstream) -> FakeUpstream:
    """The model with no reply and no request of an earlier test."""
    model.forget()
    return model


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def api(model: FakeUpstream) -> AsyncIterator[str]:
    """The Function URL of the emulator, whose path no page shares with another site."""
    variables = {
        "OPENAI_API_KEY": "sk-test-key-that-must-not-leak",
        "OPENAI_BASE_URL": model.url,
        "CHAT_RETRY_BUDGET": "0",
        "PYTHONPATH": os.pathsep.join((str(ROOT / "lambda"), str(ROOT))),
    }
    command = [sys.executable, "-m", "emulator", "--port", "0", "--timeout", "60"]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=without_settings(os.environ) | variables, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            said = await process.stdout.readuntil(b"/\n")
        address = re.search(rb"http://\S+(?=/\n)", said)
        assert address is not None, said
        yield f"{address[0].decode()}/api/chat"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()


class Carried(Protocol):
    """Claims a row of docs/protocols.md for a client's version."""

    def __call__(self, row: str, version: str) -> None: ...


@pytest.fixture
def carried(request: pytest.FixtureRequest) -> Carried:
    """Call it with a row of docs/protocols.md and a version once that is asserted: counts if the test passes."""
    claimed = request.node.stash.setdefault(CLAIMED, [])
    rows = request.config.stash[ROWS]

    def claim(row: str, version: str) -> None:
        rows.check(row, version)
        claimed.append((row, version))

    return claim


def pytest_configure(config: pytest.Config) -> None:
    """The rows are the run's."""
    config.stash[ROWS] = Rows()


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """A part of the tests is no record."""
    for item in items:
        item.config.stash[ROWS].complete = False


def pytest_collection_finish(session: pytest.Session) -> None:
    """Neither is a run without some of the modules, or of tests by name."""
    collected = {item.path for item in session.items}
    named = any("::" in argument for argument in session.config.args)
    if named or not collected.issuperset(HERE.glob("test_*.py")):
        session.config.stash[ROWS].complete = False


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count what a test claimed once it has passed."""
    report = yield
    rows = item.config.stash[ROWS]
    if not report.passed:
        rows.complete = False
    elif report.when == "call":
        claimed = item.stash.get(CLAIMED, None)
        rows.passed(claimed or [])
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Record a whole run in which every test passed."""
    rows = session.config.stash[ROWS]
    if rows.complete and not session.shouldstop and not session.config.option.collectonly:
        rows.write(RECORD)
