"""The UI message stream's grammar as a strict reader: what 5.0.0 and 6.0.0 check, and what the pages depend on."""

from __future__ import annotations

import json
from typing import Any

import pytest

# Required fields, optional ones: those of uiMessageChunkSchema in ai@5.0.0, and of 6.0.0 for the last two.
FIELDS: dict[str, tuple[set[str], set[str]]] = {
    "start": (set(), {"messageId", "messageMetadata"}),
    "start-step": (set(), set()),
    "finish-step": (set(), set()),
    "text-start": ({"id"}, {"providerMetadata"}),
    "text-delta": ({"id", "delta"}, {"providerMetadata"}),
    "text-end": ({"id"}, {"providerMetadata"}),
    "reasoning-start": ({"id"}, {"providerMetadata"}),
    "reasoning-delta": ({"id", "delta"}, {"providerMetadata"}),
    "reasoning-end": ({"id"}, {"providerMetadata"}),
    "tool-input-start": ({"toolCallId", "toolName"}, set()),
    "tool-input-delta": ({"toolCallId", "inputTextDelta"}, set()),
    "tool-input-available": ({"toolCallId", "toolName", "input"}, set()),
    "tool-output-available": ({"toolCallId", "output"}, set()),
    "tool-output-error": ({"toolCallId", "errorText"}, set()),
    "source-url": ({"sourceId", "url"}, {"title"}),
    "source-document": ({"sourceId", "mediaType", "title"}, {"filename"}),
    "file": ({"url", "mediaType"}, set()),
    "message-metadata": ({"messageMetadata"}, set()),
    "finish": (set(), {"messageMetadata"}),
    "error": ({"errorText"}, set()),
    "abort": (set(), set()),
    "tool-approval-request": ({"toolCallId", "approvalId"}, set()),
    "tool-output-denied": ({"toolCallId"}, set()),
}
SINCE_6 = {"tool-approval-request", "tool-output-denied"}
_ANY = {"input", "output", "data", "messageMetadata", "providerMetadata", "transient"}


def chunks(encoded: bytes) -> list[dict[str, Any]]:
    """The chunks of a whole stream: events of one line, comments skipped, `[DONE]` once and last."""
    assert encoded.endswith(b"data: [DONE]\n\n")
    return events(encoded.removesuffix(b"data: [DONE]\n\n"))


def events(encoded: bytes) -> list[dict[str, Any]]:
    assert encoded == b"" or encoded.endswith(b"\n\n")
    found = []
    for block in encoded.decode().split("\n\n")[:-1]:
        if block != ":":
            assert block.startswith("data: ")
            assert "\n" not in block
            found.append(json.loads(block.removeprefix("data: "), parse_constant=pytest.fail))
    return found


class Reader:
    """Takes the chunks of one stream; an assertion fails at the first that no page could read as it is meant."""

    def __init__(self, *, approvals: bool = False, asked: tuple[str, ...] = ()) -> None:
        """`asked`: calls of the continued message that wait for the user's leave."""
        self.approvals = approvals
        self.begun = self.in_step = self.over = False
        self.block: tuple[str, str] | None = None
        self.ids: set[str] = set()
        self.calls = dict.fromkeys(asked, "asked")
        self.step_calls: list[str] = []

    def read(self, encoded: bytes) -> None:
        for chunk in chunks(encoded):
            self.take(chunk)
        assert self.over
        assert self.block is None
        assert not self.in_step
        assert "input" not in self.calls.values()

    def take(self, chunk: dict[str, Any]) -> None:
        kind = chunk["type"]
        assert not self.over
        self._check_fields(kind, chunk)
        if kind in ("error", "abort"):
            self.over = True
            return
        assert self.begun == (kind != "start")
        getattr(self, "_" + kind.partition("-")[0])(kind, chunk)

    def _check_fields(self, kind: str, chunk: dict[str, Any]) -> None:
        data = ({"data"}, {"id", "transient"})
        required, optional = data if kind.startswith("data-") else FIELDS[kind]
        names = chunk.keys() - {"type"}
        assert required <= names <= required | optional
        assert all(isinstance(chunk[name], str) for name in names - _ANY)
        assert chunk.get("transient", True) is True
        assert self.approvals or kind not in SINCE_6

    def _start(self, kind: str, chunk: dict[str, Any]) -> None:
        if kind == "start":
            self.begun = True
        else:
            assert not self.in_step
            self.in_step, self.step_calls = True, []

    def _finish(self, kind: str, chunk: dict[str, Any]) -> None:
        assert self.block is None
        if kind == "finish":
            assert not self.in_step
            assert chunk["messageMetadata"]["finishReason"]
            self.over = True
        else:
            assert self.in_step
            self.in_step = False

    def _text(self, kind: str, chunk: dict[str, Any]) -> None:
        assert self.in_step
        what, _, event = kind.partition("-")
        if event == "start":
            assert self.block is None
            assert chunk["id"] not in self.ids
            self.ids.add(chunk["id"])
            self.block = (what, chunk["id"])
            return
        assert self.block == (what, chunk["id"])
        if event == "end":
            self.block = None
        else:
            assert chunk["delta"]

    _reasoning = _text

    def _tool(self, kind: str, chunk: dict[str, Any]) -> None:
        call = chunk["toolCallId"]
        state = self.calls.get(call)
        assert self.block is None
        match kind:
            case "tool-input-start":
                assert state is None
            case "tool-input-delta":
                assert state == "input"
            case "tool-input-available":
                assert state in (None, "input")
            case "tool-approval-request":
                assert state == "available"
            case "tool-output-error":
                assert state in ("input", "available", "asked")
            case _:
                assert state in ("available", "asked")
        if state is None:
            assert self.in_step
            self.step_calls.append(call)
        if kind.startswith("tool-input"):
            assert call in self.step_calls, "the newest pages look for it in the open step alone"
        self.calls[call] = {
            "tool-input-start": "input",
            "tool-input-delta": "input",
            "tool-input-available": "available",
            "tool-approval-request": "asked",
        }.get(kind, "done")

    def _source(self, kind: str, chunk: dict[str, Any]) -> None:
        assert self.in_step

    _file = _source

    def _data(self, kind: str, chunk: dict[str, Any]) -> None:
        pass

    def _message(self, kind: str, chunk: dict[str, Any]) -> None:
        assert not self.in_step
