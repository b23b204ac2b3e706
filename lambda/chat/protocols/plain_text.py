"""The answer's text and nothing else (`text`): `TextStreamChatTransport`, `streamProtocol: "text"`, a terminal.

Facts:

- Every byte is shown, so there is no heartbeat, and no end but that of the response.
- An error has no place but the text: it is a last paragraph that begins with "Error: ". A failure before the first byte
  has its status, as in every protocol.
- Text behind a tool call would be glued to the text before it: it begins a paragraph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from chat.json_text import sound_text
from chat.parts import (
    Abort,
    Error,
    Finish,
    StepFinish,
    TextDelta,
    ToolCall,
    ToolError,
    ToolInputError,
    ToolResult,
)
from chat.protocols import PartOrderError, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chat.parts import Part

_PARAGRAPH = "\n\n"


class PlainText:
    """One answer's text as UTF-8. All parts but text, errors and the ends of steps say nothing here."""

    content_type: ClassVar[str] = "text/plain; charset=utf-8"
    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self) -> None:
        self._ended = False
        self._said = False  # there is text
        self._paragraph = False  # the next begins a paragraph

    @property
    def ended(self) -> bool:
        """Whether the answer has ended; the bytes do not tell."""
        return self._ended

    def heartbeat(self) -> bytes:
        """Nothing: every byte is shown."""
        return b""

    def encode(self, parts: Iterable[Part]) -> bytes:
        """The text of some parts.

        Raises:
            PartOrderError: a part after the end.
        """
        texts: list[str] = []
        for part in parts:
            if self._ended:
                raise PartOrderError(f"{named(part)} came after the end of the answer.", _bytes(texts))
            match part:
                case TextDelta():
                    self._say(part.text, texts)
                case StepFinish() | ToolCall() | ToolInputError() | ToolResult() | ToolError():
                    self._paragraph = self._said
                case Error():
                    self._paragraph = self._said
                    self._say(f"Error: {part.message}", texts)
                    self._ended = True
                case Finish() | Abort():
                    self._ended = True
                case _:
                    pass
        return _bytes(texts)

    def _say(self, text: str, texts: list[str]) -> None:
        if self._paragraph:
            text = text.lstrip("\r\n")
            if text:
                texts.append(_PARAGRAPH)
                self._paragraph = False
        if text:
            texts.append(text)
            self._said = True


def _bytes(texts: list[str]) -> bytes:
    text = "".join(texts)
    try:
        return text.replace("\0", "\ufffd").encode()
    except UnicodeEncodeError:
        return sound_text(text).encode()
