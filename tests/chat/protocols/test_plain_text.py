"""Plain text: the answer's words, paragraphs where they would be glued, and an error that cannot be overlooked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.json_text import sound_text
from chat.parts import (
    Abort,
    Data,
    Error,
    Finish,
    Part,
    ReasoningDelta,
    StepFinish,
    TextDelta,
    ToolCall,
    ToolError,
    ToolInputError,
    ToolResult,
)
from chat.protocols import Encoder, PartOrderError
from chat.protocols.plain_text import PlainText
from tests.chat.part_strategies import texts


def encode(*parts: Part) -> str:
    return PlainText().encode(parts).decode()


def test_the_text_is_the_whole_body() -> None:
    encoder: Encoder = PlainText()
    assert (encoder.content_type, encoder.headers) == ("text/plain; charset=utf-8", {})
    assert encode(TextDelta("Grü"), ReasoningDelta("hm"), Data(1), TextDelta("ße"), Finish("stop")) == "Grüße"


@pytest.mark.parametrize(
    "between",
    [
        [StepFinish("tool-calls")],
        [ToolCall("c", "t", {})],
        [ToolInputError("c", "t", {}, "no")],
        [ToolCall("c", "t", {}), TextDelta("\n"), ToolResult("c", 1), StepFinish("tool-calls")],
        [ToolError("c", "no")],
    ],
)
def test_text_of_another_call_of_the_model_begins_a_paragraph(between: list[Part]) -> None:
    assert encode(TextDelta("A."), *between, TextDelta("\nB."), TextDelta("\nC.")) == "A.\n\nB.\nC."


def test_the_first_text_needs_no_paragraph() -> None:
    assert encode(ToolCall("c", "t", {}), ToolResult("c", 1), TextDelta("A.")) == "A."


def test_an_error_is_the_last_paragraph() -> None:
    assert encode(TextDelta("Half an"), Error("It broke off.")) == "Half an\n\nError: It broke off."
    assert encode(Error("It broke off.")) == "Error: It broke off."


def test_there_is_no_heartbeat() -> None:
    """Every byte is shown."""
    assert PlainText().heartbeat() == b""


def test_nothing_follows_the_end() -> None:
    for terminal in (Finish("stop"), Error("no"), Abort()):
        stream = PlainText()
        with pytest.raises(PartOrderError, match="after the end") as caught:
            stream.encode([TextDelta("A"), terminal, TextDelta("B")])
        assert stream.ended
        assert caught.value.encoded.startswith(b"A")


@given(st.lists(texts))
def test_no_text_is_lost(words: list[str]) -> None:
    """Halves of characters in two deltas are joined by the source; those of one batch are joined here as well."""
    assert encode(*map(TextDelta, words)) == sound_text("".join(words))
