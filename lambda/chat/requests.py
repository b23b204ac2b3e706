"""What a chat request is once it has been read and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One conversation to answer.

    `messages`, `tools` and `tool_choice` are in the form of OpenAI's chat completions, the system prompt
    included; `model` is a name that the settings allow.
    """

    messages: list[dict[str, Any]]
    model: str
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    chat_id: str | None = None
