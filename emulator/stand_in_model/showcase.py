"""Answers on wish that hold what a page must be able to show: markdown, reasoning, sources, an image, great length.

Shapes: `reasoning_content` as DeepSeek's API reference has it ("Reasoning model"); `annotations` as OpenAI's API
reference has them (chat completions, "url_citation"); `images` as OpenRouter's documentation has them ("Image
generation"). OpenAI's own chat completions stream neither reasoning nor images.
"""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Show:
    """One such answer. `citations` are (sentence of the text, title, address); `image` is a data URL or ""."""

    text: str
    reasoning: str = ""
    citations: tuple[tuple[str, str, str], ...] = ()
    image: str = ""

    @property
    def annotations(self) -> list[dict[str, Any]]:
        """The citations as OpenAI's API gives them; indices count characters of the text."""
        return [
            {
                "type": "url_citation",
                "url_citation": {
                    "start_index": self.text.index(sentence),
                    "end_index": self.text.index(sentence) + len(sentence),
                    "title": title,
                    "url": url,
                },
            }
            for sentence, title, url in self.citations
        ]

    @property
    def images(self) -> list[dict[str, Any]]:
        """The image as OpenRouter gives it."""
        return [{"type": "image_url", "image_url": {"url": self.image}}] if self.image else []


def _png(width: int, height: int) -> bytes:
    """A picture: stripes from blue to green with a lighter band across (PNG specification, 8-bit RGB)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    def pixel(x: int, y: int) -> bytes:
        stripe = x * 12 // width
        light = 60 if abs(y * width - x * height) < width * height // 8 else 0
        return bytes((40 + light, 60 + 11 * stripe + light, 190 - 6 * stripe + light))

    # Each row begins with its filter: none.
    rows = b"".join(b"\0" + b"".join(pixel(x, y) for x in range(width)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows, 9)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


_MARKDOWN = """\
# What markdown looks like here

A paragraph with **strong**, *emphasised* and ~~deleted~~ words, `code` among them, and \
[a link](https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html).

## A list

1. First the request comes in.
2. Then the answer goes out:
   - token by token,
   - as it is made.
3. Nobody waits for the end.

## A table

| Part | Speaks | Waits |
|---|---|---:|
| the model | server-sent events | 0 ms |
| the function | chunks of one answer | 0 ms |
| the page | what you read | one frame |

## Code

```python
@streamify_response
async def handler(event, response_stream, context):
    async for token in model.answer(event):
        await response_stream.write(token)
```

> A quotation stands at the end.
"""

_REASONING = (
    "The message asks for reasoning, so some must be shown. A stand-in knows nothing, but it can count: the words of "
    "this thought leave one by one, before a single word of the answer. A page can fold them away meanwhile."
)
_REASONED = "I have thought about it, and the answer is that the thought came first and these words after it."

_RESPONSE_STREAMING = "Lambda functions can send a response while it is being made."
_STREAM_PROTOCOL = "The page reads it by the stream protocol of the AI SDK."
_SOURCED = f"{_RESPONSE_STREAMING} {_STREAM_PROTOCOL} Both sentences name their source."

_LONG_PARAGRAPHS = 12
_LONG = "\n\n".join(
    f"This is paragraph {number} of {_LONG_PARAGRAPHS}. It is here to be long: an answer of many hundred tokens shows "
    "whether a page follows it to its end, whether it can be stopped on the way, and whether it lets you read "
    "further up while the words still come in below. A stand-in has nothing to say about anything, so it says this "
    "and begins again."
    for number in range(1, _LONG_PARAGRAPHS + 1)
)

SHOWS = {
    "markdown": Show(_MARKDOWN),
    "reasoning": Show(_REASONED, reasoning=_REASONING),
    "sources": Show(
        _SOURCED,
        citations=(
            (
                _RESPONSE_STREAMING,
                "Response streaming for Lambda functions",
                "https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html",
            ),
            (
                _STREAM_PROTOCOL,
                "AI SDK UI: Stream Protocols",
                "https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol",
            ),
        ),
    ),
    "image": Show(
        "Here is a picture, made for this message and drawn by nobody.",
        image=f"data:image/png;base64,{base64.b64encode(_png(240, 120)).decode()}",
    ),
    "long": Show(_LONG),
}
