"""Which model answers where the function runs on this machine: the real one, a server of one's own, or the stand-in."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from emulator.serving import serving
from emulator.stand_in_model import stand_in_model

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_PATIENCE = 2.0  # seconds for a connection on this machine


@dataclass(frozen=True, slots=True)
class Model:
    """Who answers, in words, and the variables that tell the function so; `warning` is a sentence, or empty."""

    described: str
    variables: dict[str, str]
    stand_in: bool
    warning: str = ""


@contextlib.asynccontextmanager
async def model_server(delay: float = 0.04) -> AsyncIterator[Model]:
    """The model of the environment's variables until the block ends; `delay` is the stand-in's, seconds a token.

    It is the real one when `OPENAI_API_KEY` is set (with `OPENAI_BASE_URL` and `CHAT_MODEL` honoured), the server at
    `OPENAI_BASE_URL` when only that is set (Ollama, vLLM), and else the stand-in, which runs in this process.
    """
    key, base_url = (
        os.environ.get("OPENAI_API_KEY", "").strip(),
        os.environ.get("OPENAI_BASE_URL", "").strip(),
    )
    if key or base_url:
        name = os.environ.get("CHAT_MODEL", "").strip()
        described = f"{name or 'the default model'} at {base_url or 'https://api.openai.com/v1'}"
        # Servers that need no key (Ollama, vLLM) take any.
        variables = {} if key else {"OPENAI_API_KEY": "none"}
        yield Model(
            described,
            variables,
            stand_in=False,
            warning=await _unheard(base_url, instead="OpenAI's own" if key else "the stand-in"),
        )
        return
    async with serving(stand_in_model(delay)) as port:
        variables = {
            "OPENAI_API_KEY": "sk-any-key-is-good-here",
            "OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1",
            "CHAT_SOURCE": "openai",  # a name with a slash is the stand-in's to answer, too
        }
        yield Model(
            "a stand-in on this machine (set OPENAI_API_KEY for a real one)", variables, stand_in=True
        )


async def _unheard(base_url: str, *, instead: str) -> str:
    """A warning where `base_url` is on this machine and nothing listens there, such as an Ollama not started."""
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port or {"http": 80, "https": 443}[parts.scheme]
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except (ValueError, KeyError):
        return ""  # another machine's name, or no address: the function says what is wrong with it
    if not local:
        return ""
    try:
        async with asyncio.timeout(_PATIENCE):
            _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return (
            f"Nothing listens at {base_url} (OPENAI_BASE_URL): start it, or unset the variable for {instead}."
        )
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return ""
