"""Events that every client can parse, whatever a model has written into them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from chat.parts import Finish, ToolCall, Usage
from chat.protocols.events import event, told_usage
from chat.protocols.ui_message_stream import UIMessageStream
from tests.chat.part_strategies import objects

if TYPE_CHECKING:
    from tests.clients.ui import Ui


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"__proto__": 1, "a": 1}, {"a": 1}),
        ({"a": [{"__proto__": {"x": 1}}]}, {"a": [{}]}),
        ({"constructor": None}, {}),
        ({"constructor": float("inf")}, {}),
        ({"constructor": {"prototype": 1}}, {}),
        ({"constructor": {"prototypes": 1}}, {"constructor": {"prototypes": 1}}),
        ({"constructor": "Bouygues"}, {"constructor": "Bouygues"}),
        ({"said": "__proto__"}, {"said": "__proto__"}),
    ],
)
def test_keys_that_end_a_stream_are_left_out_and_no_others(
    ui: Ui, written: dict[str, Any], told: dict[str, Any]
) -> None:
    """@ai-sdk/provider-utils refuses an event with a forbidden key; the clients show what is let through."""
    encoded = event({"type": "x", "input": written})
    assert json.loads(encoded.removeprefix(b"data: ")) == {"type": "x", "input": told}
    stream = UIMessageStream().encode([ToolCall("c", "t", written), Finish("tool-calls")])
    for version, (held,) in ui.read(stream).items():
        assert held["error"] is None, version
        assert held["messages"][1]["parts"][1]["input"] == told


@given(objects)
def test_an_event_is_one_line_of_json(value: dict[str, Any]) -> None:
    encoded = event(value)
    assert encoded.count(b"\n") == 2
    assert encoded.endswith(b"\n\n")
    json.loads(encoded.removeprefix(b"data: "), parse_constant=pytest.fail)


def test_unknown_usage_is_not_told() -> None:
    assert told_usage(None) == {}
    assert told_usage(Usage(1, 2)) == {"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}}
