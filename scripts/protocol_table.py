"""Writes the table of docs/protocols.md: how each thing is on the wire, and on which clients a test has seen it.

python -m scripts.protocol_table           write it
python -m scripts.protocol_table --check   exit code 1 if the page does not say what the tests recorded

The marks come from tests/conformance/carried.json, which the conformance tests write when all of them have passed.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scripts.generated_block import rewritten, with_block

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_REPOSITORY: Final = Path(__file__).parents[1]
PAGE: Final = _REPOSITORY / "docs" / "protocols.md"
RECORD: Final = _REPOSITORY / "tests" / "conformance" / "carried.json"
VERSIONS: Final = ("4.3.19", "5.0.0", "5.0.277", "6.0.0", "6.0.326", "7.0.0", "7.0.173")


@dataclass(frozen=True)
class Row:
    """What is carried, and what it is on the wire of each protocol: markdown, "" where there is nothing."""

    what: str
    data_stream: str
    ui_message_stream: str


ROWS: Final[Mapping[str, Row]] = {
    "text": Row("text", '`0:"…"`', "`text-start`, `text-delta`, `text-end`"),
    "steps": Row("steps of an answer", "`f:{messageId}` … `e:{…}`", "`start-step` … `finish-step`"),
    "reasoning": Row("reasoning", '`g:"…"`', "`reasoning-start`, `-delta`, `-end`"),
    "signature": Row(
        "signature, redacted reasoning", "`j:{signature}`, `i:{data}`", "`providerMetadata` of the reasoning"
    ),
    "call": Row(
        "tool call, its arguments as they come",
        "`b:{…}`, `c:{…}`, then `9:{toolCallId,toolName,args}`",
        "`tool-input-start`, `-delta`, then `tool-input-available`",
    ),
    "round": Row(
        "further round after the page's own tools",
        "an answer as any other: the client adds it to its last message",
        "`start` with that message's `messageId`, its own `start-step`",
    ),
    "result": Row("tool result from the backend", "`a:{toolCallId,result}`", "`tool-output-available`"),
    "tool-error": Row("tool that failed", '`a` with `{"error": …}`', "`tool-output-error`"),
    "unusable-call": Row(
        "call with unusable arguments",
        '`9` with what could be read, `a` with `{"error": …}`',
        "`tool-input-start`, then `tool-output-error`",
    ),
    "approval": Row("tool that needs approval", "", "`tool-approval-request`"),
    "denied": Row("call that the user denied", "", "`tool-output-denied`"),
    "source": Row("source on the web", "`h:{sourceType,id,url,title?}`", "`source-url`"),
    "document": Row("document as source", "`8:[…]`", "`source-document`"),
    "file": Row("file, image", "`k:{data,mimeType}`", "`file` with a data URL"),
    "data": Row("the backend's own data", "`2:[…]`", "`data-NAME`, also transient"),
    "annotation": Row("annotation", "`8:[…]`", "`data-annotation`"),
    "usage": Row(
        "finish reason and usage",
        "`d:{finishReason,usage?}`",
        "`finish` with `messageMetadata: {finishReason, usage?}`",
    ),
    "error-before": Row(
        "error before the first byte",
        '4xx or 5xx, `{"success": false, "error": …}`',
        '4xx or 5xx, `{"success": false, "error": …}`',
    ),
    "error": Row("error in the middle", '`3:"…"`', "`error`"),
    "stopped": Row("answer stopped by the backend", "`d:{…}`", "`abort`"),
    "heartbeat": Row("heartbeat", "an empty line", "a comment line, `:`"),
    "stop": Row("the page's own stop()", "the connection ends", "the connection ends"),
    "regenerate": Row("regenerate", "`reload()`", '`trigger: "regenerate-message"`'),
    "edit": Row("edit", "`setMessages`, `reload()`", "`sendMessage` with `messageId`"),
    "attachments": Row("attachments", "`experimental_attachments`", "`file` parts with data URLs"),
    "resume": Row("nothing to resume", "`GET {api}?chatId=…`: 200, empty", "`GET {api}/{id}/stream`: 204"),
    "plain-text": Row('`protocol: "text"`', '`streamProtocol: "text"`', "`TextStreamChatTransport`"),
}


def table(carried: Mapping[str, Sequence[str]]) -> str:
    """One row for each thing, one column for each client.

    Raises:
        ValueError: the record names what is not here.
    """
    unknown = carried.keys() - ROWS.keys()
    if unknown:
        raise ValueError(f"The record has rows that the table does not: {', '.join(sorted(unknown))}.")
    head = ["what", "data stream (ai@4)", "UI message stream (ai@5 to 7)", *VERSIONS]
    lines = [head, ["---", "---", "---", *[":-:" for _ in VERSIONS]]]
    for name, row in ROWS.items():
        marks = ["✓" if version in carried.get(name, ()) else "" for version in VERSIONS]
        lines.append([row.what, row.data_stream or "none", row.ui_message_stream or "none", *marks])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def main(arguments: list[str], page: Path = PAGE, record: Path = RECORD) -> int:
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    fresh = with_block(page.read_text(), "protocols", table(json.loads(record.read_text())))
    if rewritten({page: fresh}, check=bool(arguments)) and arguments:
        print(
            f"{page.name}: the marks are not what the tests recorded. Run `make docs` and commit it.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
