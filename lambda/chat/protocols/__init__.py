"""How answers look on the wire: each encoder turns parts into the bytes of one protocol, and does no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from chat.fields import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chat.parts import Part


class Encoder(Protocol):
    """The state of one answer in one protocol."""

    content_type: ClassVar[str]
    headers: ClassVar[Mapping[str, str]]
    """Headers of the response besides the content type."""

    @property
    def ended(self) -> bool:
        """Whether the terminal part has been encoded; nothing may follow it."""
        ...

    def encode(self, parts: Iterable[Part]) -> bytes:
        """The bytes of some parts, complete: they can be written as they are, and cut nothing.

        Raises:
            PartOrderError: a part cannot stand here in any stream of this protocol.
        """
        ...

    def heartbeat(self) -> bytes:
        """Bytes that keep a silent connection alive and mean nothing; empty after the end."""
        ...


class PartOrderError(Exception):
    """A source made parts in an order that no protocol has; a fault in the source.

    The message names the part and does not show it: it goes into the log, and the part is a piece of the conversation.
    `encoded` holds what the parts before it had become, to be sent before the error that must follow.
    An `Error` part is legal after it.
    """

    def __init__(self, message: str, encoded: bytes) -> None:
        super().__init__(message)
        self.encoded = encoded


def named(part: Part) -> str:
    """A part as a log may name it: its type, and the id of its call if it has one."""
    call_id = getattr(part, "call_id", None)
    of_call = "" if call_id is None else f" of the call {shown(call_id)}"
    return f"{type(part).__name__}{of_call}"
