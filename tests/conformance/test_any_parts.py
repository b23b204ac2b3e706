"""Whatever parts a source makes, no client throws and the text arrives whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from chat.json_text import sound_text
from chat.parts import Error, Finish, Part, TextDelta
from chat.protocols.data_stream import DataStream
from chat.protocols.plain_text import PlainText
from chat.protocols.ui_message_stream import UIMessageStream
from tests.chat.part_strategies import answers
from tests.clients.pages import V4, WITH_APPROVAL
from tests.clients.ui import VERSIONS

if TYPE_CHECKING:
    from chat.protocols import Encoder
    from tests.clients.ai4 import Ai4
    from tests.clients.ui import Ui
    from tests.conformance.conftest import Carried

# Many answers in one call of the clients: what costs is the way to them and back.
BATCH = 12
batches = st.lists(answers(), min_size=BATCH, max_size=BATCH)
# Not shrunk, since each attempt asks every client: the assertion shows the one answer that failed.
few = settings(max_examples=12, phases=[Phase.reuse, Phase.generate], suppress_health_check=list(HealthCheck))


def text_of(parts: list[Part]) -> str:
    """What must arrive."""
    return "".join(sound_text(part.text) for part in parts if isinstance(part, TextDelta))


def chunks(encoder: Encoder, parts: list[Part]) -> list[bytes]:
    """One read for each part, with heartbeats between them."""
    made = []
    for part in parts:
        made += [encoder.heartbeat(), encoder.encode([part])]
    return [chunk for chunk in made if chunk]


def assert_told(read: dict[str, Any], parts: list[Part]) -> None:
    last = parts[-1]
    if isinstance(last, Error):
        assert (read["status"], read["error"]["name"]) == ("error", "Error"), (read, parts)
    else:
        assert (read["status"], read["error"]) == ("ready", None), (read, parts)
    assert read["uncaught"] == [], parts
    message = read["messages"][-1]
    held = message["parts"] if message["role"] == "assistant" else []
    assert "".join(part["text"] for part in held if part["type"] == "text") == text_of(parts), parts
    if isinstance(last, Finish):
        assert message["metadata"]["finishReason"] == last.reason
        assert not [part for part in held if part.get("state") in ("streaming", "input-streaming")], held


@pytest.mark.parametrize("versions", [VERSIONS, WITH_APPROVAL])
def test_ai5_to_7_read_any_answer(ui: Ui, carried: Carried, versions: tuple[str, ...]) -> None:
    """A client that is known to be of 6 or later is told of approval, another one never."""
    approvals = versions is WITH_APPROVAL

    @few
    @given(batches)
    def check(batch: list[list[Part]]) -> None:
        streams = [chunks(UIMessageStream(approvals=approvals), parts) for parts in batch]
        for reads in ui.read(*streams, versions=versions).values():
            for read, parts in zip(reads, batch, strict=True):
                assert_told(read, parts)

    check()
    for version in versions:
        carried("heartbeat", version)


def test_ai4_reads_any_answer(ai4: Ai4, carried: Carried) -> None:
    @few
    @given(batches)
    def check(batch: list[list[Part]]) -> None:
        for parts in batch:
            chat = ai4.chat(*chunks(DataStream(), parts))
            if isinstance(parts[-1], Error):
                assert chat["error"]["message"] == sound_text(parts[-1].message)
            else:
                assert chat["error"] is None
            held = chat["message"]["parts"] if chat["message"] else []
            assert "".join(part["text"] for part in held if part["type"] == "text") == text_of(parts)

    check()
    carried("heartbeat", V4)


@few
@given(batches)
def test_plain_text_is_the_text(ui: Ui, batch: list[list[Part]]) -> None:
    answered = [parts for parts in batch if isinstance(parts[-1], Finish)]
    streams = [b"".join(chunks(PlainText(), parts)) for parts in answered]
    for reads in ui.read(*streams, text=True).values():
        for read, parts in zip(reads, answered, strict=True):
            assert read["error"] is None
            held = "".join(part.get("text", "") for part in read["messages"][-1]["parts"])
            # A decoder takes a byte order mark at the beginning for one; paragraphs are put between steps.
            told = text_of(parts).removeprefix("\ufeff")
            assert "".join(held.split()) == "".join(told.split()), parts


@pytest.mark.parametrize("kind", get_args(Part))
def test_answers_have_parts_of_every_kind(kind: type[Part]) -> None:
    """Or the tests above would prove less than they say."""
    unshrunk = settings(max_examples=20_000, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    assert find(answers(), lambda parts: any(isinstance(part, kind) for part in parts), settings=unshrunk)
