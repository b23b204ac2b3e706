"""Whole answers in every protocol: their bytes are those in review, and the clients take them as they are meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chat.parts import Error
from tests.chat.protocols.whole_answers import GOLDEN, WHOLE_ANSWERS, golden_file, history
from tests.clients.ui import VERSIONS

if TYPE_CHECKING:
    from tests.clients.ai4 import Ai4
    from tests.clients.ui import Ui

CASES = [(name, protocol) for name, answer in WHOLE_ANSWERS.items() for protocol in answer.protocols]
HINT = "if that was meant: PYTHONPATH=lambda:. .venv/bin/python -m tests.chat.protocols.whole_answers"


@pytest.mark.parametrize(("name", "protocol"), CASES)
def test_the_bytes_are_those_that_were_reviewed(name: str, protocol: str) -> None:
    assert WHOLE_ANSWERS[name].encoded(protocol) == golden_file(name, protocol).read_bytes(), HINT


def test_no_file_is_left_over() -> None:
    assert set(GOLDEN.iterdir()) == {golden_file(name, protocol) for name, protocol in CASES}


@pytest.mark.parametrize("name", WHOLE_ANSWERS)
def test_every_client_takes_the_ui_message_stream(ui: Ui, name: str) -> None:
    answer = WHOLE_ANSWERS[name]
    terminal = answer.parts[-1]
    error = terminal.message if isinstance(terminal, Error) else None
    versions = [version for version in VERSIONS if int(version[0]) >= answer.since]
    read = ui.read(
        golden_file(name, "ui-message-stream").read_bytes(), versions=versions, messages=history(answer)
    )
    for version, (held,) in read.items():
        assert (held["error"] or {}).get("message") == error, version
        assert held["uncaught"] == []


@pytest.mark.parametrize("name", [name for name, protocol in CASES if protocol == "data-stream"])
def test_ai4_takes_the_data_stream(ai4: Ai4, name: str) -> None:
    terminal = WHOLE_ANSWERS[name].parts[-1]
    error = terminal.message if isinstance(terminal, Error) else None
    held = ai4.chat(golden_file(name, "data-stream").read_bytes())
    assert (held["error"] or {}).get("message") == error


@pytest.mark.parametrize("name", [name for name, protocol in CASES if protocol == "text"])
def test_the_text_transports_show_the_text(ui: Ui, name: str) -> None:
    """Errors as well, for they are text there."""
    text = golden_file(name, "text").read_bytes()
    for version, (held,) in ui.read(text, text=True).items():
        parts = held["messages"][1]["parts"] if len(held["messages"]) > 1 else []
        assert "".join(part.get("text", "") for part in parts) == text.decode(), version
        assert held["error"] is None
