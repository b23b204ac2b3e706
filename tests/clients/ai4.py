"""The real ai@4 client in one node process for all tests, asked by one line of JSON at a time."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = Path(__file__).parent


def missing() -> str | None:
    """Why the client cannot run here, or None."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not (FOLDER / "node_modules" / "ai").is_dir():
        return "the clients are not installed: make clients"
    return None


class Ai4:
    """A context that runs `ai4.mjs`; see there for what each operation answers."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            ["node", "ai4.mjs"],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def parts(self, *chunks: bytes) -> dict[str, Any]:
        """`{seen: [[name, value], …], error?}` of the reads of a data stream."""
        return self._ask("parts", chunks=_base64(chunks))

    def chat(self, *chunks: bytes, **options: Any) -> dict[str, Any]:
        """`{message, data, finish, error, updates, continues}`: what useChat holds after the stream."""
        return self._ask("chat", chunks=_base64(chunks), **options)

    def openai(self, messages: list[Any]) -> dict[str, Any]:
        """`{messages}` that the SDK posts to OpenAI for UI messages, or `{error}`."""
        return self._ask("openai", messages=messages)

    def serve(self, stream: list[dict[str, Any]], tools: Iterable[str] = ()) -> dict[str, Any]:
        """`{text, headers}` of the SDK's own server for a model's stream."""
        return self._ask("serve", stream=stream, tools=list(tools))

    def _ask(self, operation: str, **given: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"operation": operation, **given}).encode() + b"\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"node ended with {self._process.wait()}; its message is above"
        parsed: dict[str, Any] = json.loads(answer)
        return parsed


def _base64(chunks: Iterable[bytes]) -> list[str]:
    return [base64.b64encode(chunk).decode() for chunk in chunks]
