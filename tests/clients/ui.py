"""The real ai@5, 6 and 7 in one node process for all tests, asked by one line of JSON at a time.

Oldest and newest of each line, each with its own `@ai-sdk/react` and `@ai-sdk/openai`, in a workspace of its own
(`versions/`). ai@7 declares Node 22; what is used of it here runs on Node 20 as well.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FOLDER = Path(__file__).parent
VERSIONS = ("5.0.0", "5.0.277", "6.0.0", "6.0.326", "7.0.0", "7.0.173")
ENDS = ("5.0.0", "7.0.173")


def missing() -> str | None:
    """Why the clients cannot run here, or None."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not all((FOLDER / "versions" / version / "node_modules" / "ai").is_dir() for version in VERSIONS):
        return "the clients are not installed: make clients"
    return None


class Ui:
    """A context that runs `ui.mjs`. Every operation takes many inputs at once and answers for each version.

    The answer's shape is always `{version: [answer of the first input, of the second, …]}`.
    """

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            ["node", "--experimental-import-meta-resolve", "ui.mjs"],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def read(
        self,
        *streams: bytes | Sequence[bytes],
        versions: Sequence[str] = VERSIONS,
        messages: list[Any] | None = None,
        results: dict[str, Any] | None = None,
        text: bool = False,
    ) -> dict[str, list[dict[str, Any]]]:
        """What the `Chat` below `useChat` holds after each stream (bytes, or the chunks in which they arrive).

        One stream answers one `sendMessage()` to `messages` (default: one user message "Hello"). If the last of
        them is the assistant's, the stream continues it as after client-side tools. `results`: what the page's
        `onToolCall` answers by tool name. `text`: read by `TextStreamChatTransport`.

        An answer: `messages` (the whole chat as the page shows it; parts with their states, metadata),
        `status` ("ready", "error"), `error` (`{name, message}` or None), `finish` (what `onFinish` was told
        beside the messages, or None if it was not called), `data` (parts given to `onData`), `calls` (given to
        `onToolCall`), `updates` (how often the messages changed), `posted` (the request's body), `uncaught`
        (errors that no promise of the page caught), `sends_again` (`{tools, approvals}`: whether
        `lastAssistantMessageIsCompleteWith…` would post now; approvals is None where the version has none).
        """
        options = {"messages": messages, "results": results, "text": text or None}
        given = {name: value for name, value in options.items() if value is not None}
        return self._ask("read", versions, [{"chunks": _base64(stream), **given} for stream in streams])

    def openai(
        self, *chats: list[Any], versions: Sequence[str] = VERSIONS
    ) -> dict[str, list[dict[str, Any]]]:
        """For the UI messages of each chat `{messages}` that the SDK posts to OpenAI's chat completions.

        That is `convertToModelMessages`, then `generateText` with `@ai-sdk/openai`'s chat model. `{error}` with
        `{name, message}` where the SDK refuses, or would have to download an attachment.
        """
        return self._ask("openai", versions, list(chats))

    def _ask(
        self, operation: str, versions: Sequence[str], given: list[Any]
    ) -> dict[str, list[dict[str, Any]]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"operation": operation, "versions": list(versions), "given": given}
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"node ended with {self._process.wait()}; its message is above"
        parsed: dict[str, list[dict[str, Any]]] = json.loads(answer)
        return parsed


def _base64(stream: bytes | Sequence[bytes]) -> list[str]:
    chunks: Iterable[bytes] = [stream] if isinstance(stream, bytes) else stream
    return [base64.b64encode(chunk).decode() for chunk in chunks]
