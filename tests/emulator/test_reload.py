"""Reload on change, with a function whose code the test writes."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from emulator.reload import reloading
from tests.emulator.conftest import HERE, PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator.conftest import Control, StartEmulator

# As Python is for most people: it writes its bytecode, and takes what it finds.
_VARIABLES = {"PYTHONPATH": str(HERE.parents[1] / "lambda"), "PYTHONDONTWRITEBYTECODE": ""}
_COMMAND = (sys.executable, "-m", "lambda_runtime", "app.handler")
_WAITING = """
import os, socket
def handler(event, context):
    with socket.create_connection(("127.0.0.1", int(os.environ["CONTROL"]))) as control:
        control.sendall(b"here")
        control.recv(1)
    return 1
"""


@dataclass(frozen=True)
class App:
    """The function's code."""

    root: Path

    def save(self, text: str, name: str = "app.py") -> None:
        (self.root / name).write_text(text)

    def remove(self, name: str) -> None:
        (self.root / name).unlink()


@pytest.fixture
def app(tmp_path: Path) -> App:
    return App(tmp_path)


def answering(value: int) -> str:
    return f"def handler(event, context):\n    return {value}\n"


async def test_the_next_request_runs_the_new_code(start_emulator: StartEmulator, app: App) -> None:
    """Also when the text is as long as before and of the same second, for which Python's cache would be current."""
    app.save(answering(0))
    async with (
        start_emulator(command=_COMMAND, task_root=app.root, variables=_VARIABLES) as emulator,
        reloading(emulator.function, emulator.lines.append),
    ):
        for value in range(4):
            assert (await emulator.invoke({})).json() == value
            app.save(answering(value + 1))
            await emulator.lines.wait_for("Changed: app.py. The next request runs the new code.", value + 1)


async def test_an_answer_under_way_is_finished_by_the_old_code(
    start_emulator: StartEmulator, control: Control, app: App
) -> None:
    app.save(_WAITING)
    async with (
        start_emulator(command=_COMMAND, task_root=app.root, variables=_VARIABLES) as emulator,
        reloading(emulator.function, emulator.lines.append),
    ):
        before = asyncio.create_task(emulator.invoke({}))
        waiting = await control.arrival()
        app.save(answering(2))
        await emulator.lines.wait_for("Changed: app.py")
        assert (await emulator.invoke({})).json() == 2
        await waiting.release()
        assert (await before).json() == 1
        assert (await emulator.invoke({})).json() == 2
        async with asyncio.timeout(PATIENCE):
            await emulator.function.idle()


async def test_what_is_no_python_is_told_and_mended_by_the_next_save(
    start_emulator: StartEmulator, app: App
) -> None:
    app.save(answering(1))
    async with (
        start_emulator(command=_COMMAND, task_root=app.root, variables=_VARIABLES) as emulator,
        reloading(emulator.function, emulator.lines.append),
    ):
        assert (await emulator.invoke({})).json() == 1
        app.save("def handler(event, context):\n    return (\n")
        (told,) = await emulator.lines.wait_for("Changed: app.py")
        assert "app.py, line 2: '(' was never closed. Requests fail until it is mended" in told
        assert (await emulator.invoke({})).json()["errorType"] == "Runtime.UserCodeSyntaxError"
        app.save(answering(3))
        await emulator.lines.wait_for("Changed: app.py", 2)
        assert (await emulator.invoke({})).json() == 3


async def test_other_files_and_a_file_that_goes(start_emulator: StartEmulator, app: App) -> None:
    app.save(answering(1))
    app.save("", "old.py")
    async with (
        start_emulator(command=_COMMAND, task_root=app.root, variables=_VARIABLES) as emulator,
        reloading(emulator.function, emulator.lines.append),
    ):
        (await emulator.invoke({})).raise_for_status()
        app.save("not code", "notes.txt")
        app.remove("old.py")
        (told,) = await emulator.lines.wait_for("Changed:")
        assert told == "Changed: old.py. The next request runs the new code."
