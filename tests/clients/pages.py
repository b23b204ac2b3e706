"""Chat pages in one node process: React in a DOM with the real `useChat` of ai@4, 5, 6 or 7, driven step by step.

    async with pages.open("7.0.173", api) as page:
        await page.send("Hello")
        held = await page.idle()

A page does what its version's documentation shows: the default transport, `onToolCall`, `sendAutomaticallyWhen` (v4:
`maxSteps`). Waiting ends with what is waited for, not after a time; only a page that never comes to it is given up.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import subprocess
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from tests.clients import ui
from tests.clients.ui import FOLDER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

V4 = "4.3.19"
VERSIONS = (V4, *ui.VERSIONS)
WITH_APPROVAL = tuple(version for version in ui.VERSIONS if version[0] in "67")

TOOLS_COMPLETE = "lastAssistantMessageIsCompleteWithToolCalls"
APPROVALS_COMPLETE = "lastAssistantMessageIsCompleteWithApprovalResponses"

missing = ui.missing


def files(*given: tuple[str, str, bytes]) -> dict[str, Any]:
    """A `FileList` of (name, media type, content), as `<input type="file">` has it."""
    encoded = [
        {"name": name, "type": kind, "data": base64.b64encode(data).decode()} for name, kind, data in given
    ]
    return {"$files": encoded}


@dataclass(frozen=True)
class Held:
    """What a page holds at one moment.

    `messages`, `status` ("ready", "submitted", "streaming", "error") and `error` (`{name, message}`) are the hook's;
    `shown` is the text of each message in the DOM and `alert` the error there. `requests`: what the page posted,
    `{method, path, headers, body, status}` (status None until the answer's head). `calls`: what `onToolCall` was
    given. `data`: v4's `data`, later versions' parts given to `onData`. `finished`: what `onFinish` was told beside
    the messages. `errors`: what `onError` was given. `rejected`: errors of calls of the hook. `uncaught`: errors
    that nothing caught. `late`: what was waited for never came.
    """

    messages: list[dict[str, Any]]
    status: str
    error: dict[str, str] | None
    requests: list[dict[str, Any]]
    calls: list[dict[str, Any]]
    data: list[Any]
    finished: list[dict[str, Any]]
    errors: list[dict[str, str]]
    rejected: list[dict[str, str]]
    uncaught: list[dict[str, str]]
    shown: list[str]
    alert: str | None
    late: bool = False

    @property
    def answer(self) -> dict[str, Any]:
        """The last message, which is the assistant's."""
        last = self.messages[-1]
        assert last["role"] == "assistant", self.messages
        return last

    @property
    def bodies(self) -> list[Any]:
        """What was posted."""
        return [request["body"] for request in self.requests]

    def parts(self, kind: str) -> list[dict[str, Any]]:
        """The answer's parts of a type; `tool` is those of all tools."""
        return [
            part
            for part in self.answer["parts"]
            if part["type"] == kind or (kind == "tool" and part["type"].startswith(("tool-", "dynamic-tool")))
        ]

    def assert_undisturbed(self) -> None:
        """No error of any kind, and what was waited for came."""
        assert not self.late, self
        assert (self.error, self.errors, self.rejected, self.uncaught) == (None, [], [], []), self


class Page:
    """One open page of one version."""

    def __init__(self, pages: Pages, number: int, version: str) -> None:
        self._pages = pages
        self._number = number
        self.version = version

    @property
    def is_v4(self) -> bool:
        return self.version == V4

    async def send(self, text: str, **fields: Any) -> None:
        """The person's message: v4 `append`, later `sendMessage`; `fields` are the message's."""
        if self.is_v4:
            options = {"experimental_attachments": fields.pop("files")} if "files" in fields else {}
            await self.call("append", {"role": "user", "content": text, **fields}, options)
        else:
            await self.call("sendMessage", {"text": text, **fields})

    async def call(self, name: str, *given: Any) -> None:
        """Begin a call of one of the hook's functions."""
        await self._pages.ask("call", page=self._number, name=name, given=list(given))

    async def until(self, **condition: Any) -> Held:
        """Wait until all of it holds: `status`, `shows` (text in the DOM), `requests` (at least so many),
        `answered` (each has its answer's head), `idle` (nothing under way, nor begun in the turns that follow).
        """
        return Held(**await self._pages.ask("until", page=self._number, **condition))

    async def idle(self) -> Held:
        """What the page holds once it does nothing more by itself."""
        return await self.until(idle=True)


class Pages:
    """A context that runs `pages.mjs`."""

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._opened = 0
        self._process = subprocess.Popen(
            ["node", "--experimental-import-meta-resolve", "pages.mjs"],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    @contextlib.asynccontextmanager
    async def open(
        self,
        version: str,
        api: str,
        *,
        messages: Sequence[dict[str, Any]] = (),
        body: dict[str, Any] | None = None,
        results: dict[str, Any] | None = None,
        automatic: Sequence[str] = (),
        max_steps: int = 1,
        text: bool = False,
        **options: Any,
    ) -> AsyncIterator[Page]:
        """A page whose chat is at `api`.

        `results`: what `onToolCall` answers by tool name. `automatic`: the SDK's rules for `sendAutomaticallyWhen`
        by name, or modules below this folder that export one; `max_steps` is v4's for the same. `text`: the plain
        text protocol.
        """
        given = {"messages": list(messages), "body": body or {}, "results": results or {}, "text": text}
        # v4 keeps chats by id in a cache that all pages of a process share.
        self._opened += 1
        given |= {"automatic": list(automatic), "maxSteps": max_steps, "id": f"chat-{self._opened}"} | options
        opened = await self.ask("open", version=version, api=api, **given)
        page = Page(self, opened["page"], version)
        try:
            yield page
        finally:
            await self.ask("close", page=opened["page"])

    async def component(self, file: str, api: str, ask: str, before: str | None = None) -> dict[str, Any]:
        """Render the export `Chat` of a module below this folder, and ask through its form; `before`: that first.

        `{articles, alerts}`: the texts of `<article>` and `role="alert"` once its button is "Send" again.
        """
        return await self.ask("component", file=file, api=api, ask=ask, before=before)

    async def ask(self, operation: str, **given: Any) -> dict[str, Any]:
        return await asyncio.to_thread(self._ask, operation, given)

    def _ask(self, operation: str, given: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps({"operation": operation, **given}).encode() + b"\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        assert answer, f"node ended with {self._process.wait()}; its message is above"
        parsed: dict[str, Any] = json.loads(answer)
        return parsed
