"""Every other provider, by LiteLLM: models named `provider/model`.

LiteLLM takes seconds to import, so that happens at the first request that needs it, in a thread: the loop goes
on, with its keep-alives and deadlines. Its chunks have OpenAI's form and go the same way as those of the wire.

LiteLLM says "stop" where a provider's stream ended without a finish reason; its wrapper knows better, and is
asked. Connecting has no limit of its own here: `first_token_timeout` covers it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final

import msgspec

from chat.failures import FailureKind, SourceError
from chat.secret_text import SECRET_ENDINGS
from chat.sources.assembler import Assembler
from chat.sources.log_words import without_secrets
from chat.sources.openai_chunks import from_objects
from chat.sources.openai_errors import UpstreamError, failure_of
from chat.sources.quiet_libraries import forget_switches, hold_libraries_at_warning
from chat.sources.retries import asked_to_retry, retried, retry_after
from chat.sources.tool_calls import ids_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from types import ModuleType

    from chat.keys import AnswerKeys, Keys
    from chat.parts import Part
    from chat.requests import ChatRequest
    from chat.settings import Settings
    from chat.sources.openai_chunks import Chunk

_NO_KEY: Final = re.compile(r"\bmissing\b.{0,40}\bapi.?key\b", re.IGNORECASE)


class LiteLLMSource:
    """A `ModelSource` over LiteLLM; one per process.

    The provider's key is read by LiteLLM from the variable it documents for it (ANTHROPIC_API_KEY, …).
    OPENAI_API_KEY and OPENAI_BASE_URL are for models of the provider `openai`.
    """

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self._settings = settings
        self._keys = keys
        self._litellm: ModuleType | None = None

    async def aclose(self) -> None:
        """Close LiteLLM's connections, if it was ever used."""
        if self._litellm is not None:
            await self._litellm.close_litellm_async_clients()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[list[Part], None]:
        """See `ModelSource.stream`.

        Raises:
            SourceError: also INTERNAL, when the LiteLLM package is missing.
        """
        if self._litellm is None:
            self._litellm = await asyncio.get_running_loop().run_in_executor(None, _load, request.model)
        litellm = self._litellm
        keys = self._keys.for_answer()
        async with aclosing(
            retried(
                lambda deadline: self._try(litellm, request, keys, deadline),
                self._settings,
                self._scrub,
                keys.renewed,
            )
        ) as batches:
            async for batch in batches:
                yield batch

    async def _arguments(self, litellm: ModuleType, request: ChatRequest, keys: AnswerKeys) -> dict[str, Any]:
        settings = self._settings
        arguments: dict[str, Any] = {
            "model": request.model,
            "messages": request.messages,
            "stream": True,
            "stream_options": {"include_usage": True},
            # Retries and the two clocks are ours; this is only later than both.
            "num_retries": 0,
            "max_retries": 0,
            "timeout": settings.first_token_timeout + settings.token_timeout,
        }
        if request.tools:
            arguments["tools"] = request.tools
            # Tools that are functions go straight to the model; LiteLLM would import the `mcp` package to see that.
            arguments["_skip_mcp_handler"] = True
            if request.tool_choice is not None:
                arguments["tool_choice"] = request.tool_choice
        if settings.max_output_tokens:
            arguments["max_completion_tokens"] = settings.max_output_tokens
        try:
            provider = litellm.get_llm_provider(request.model)[1]
        except Exception as error:  # noqa: BLE001 - LiteLLM raises what it likes
            raise _failure(error, answered=False) from None
        if provider == "openai":
            arguments["api_key"] = await keys.openai()
            arguments["api_base"] = settings.openai_base_url
        else:
            await keys.ready()
        return arguments

    async def _try(
        self, litellm: ModuleType, request: ChatRequest, keys: AnswerKeys, deadline: float
    ) -> AsyncGenerator[list[Part], None]:
        clock = asyncio.get_running_loop().time
        arguments = await self._arguments(litellm, request, keys)
        assembler = Assembler(ids_of(request.messages))
        answered = False
        stream: Any = None
        try:
            async with asyncio.timeout_at(deadline):
                stream = await litellm.acompletion(**arguments)
            while True:
                async with asyncio.timeout_at(deadline):
                    chunk = await anext(stream, None)
                if chunk is None:
                    break
                assembler.add(_chunk(chunk))
                deadline = clock() + self._settings.token_timeout
                if batch := assembler.take():
                    answered = True
                    yield batch
            if not _ended_early(stream):
                last = assembler.finish()
        except SourceError:
            raise
        except TimeoutError:
            raise self._late(request.model, answered=answered) from None
        except Exception as error:  # noqa: BLE001 - LiteLLM raises what it likes
            raise _failure(error, answered=answered) from None
        finally:
            if stream is not None:
                await stream.aclose()
        if _ended_early(stream):
            raise SourceError(
                FailureKind.BROKEN_STREAM, f"The answer of {request.model} has no finish reason."
            )
        yield last

    def _late(self, model: str, *, answered: bool) -> SourceError:
        seconds = self._settings.token_timeout if answered else self._settings.first_token_timeout
        return SourceError(FailureKind.TIMEOUT, f"{model} (by LiteLLM) sent nothing for {seconds:g} s.")

    def _scrub(self, detail: str) -> str:
        """Take keys out of an upstream's words, those of every provider: some repeat what they were sent."""
        others = [item for item in os.environ.items() if item[0].endswith(SECRET_ENDINGS)]
        return without_secrets(detail, [*self._keys.known(), *others])


def _load(model: str) -> ModuleType:
    # LiteLLM would fetch a price list over the network while it is imported.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    forget_switches()
    try:
        import litellm  # noqa: PLC0415 - seconds; see the module's docstring
    except ModuleNotFoundError as error:
        if error.name != "litellm":
            raise
        raise SourceError(
            FailureKind.INTERNAL,
            f"The model {model!r} needs LiteLLM, which is not installed: build the image with "
            "--build-arg LITELLM=1, or set CHAT_SOURCE=openai if OPENAI_BASE_URL serves this name.",
        ) from None
    litellm.telemetry = False
    litellm.suppress_debug_info = True  # else it prints where to get help
    # It refuses addresses inside a network, should it ever fetch one for a provider. Its default; versions before
    # it ignore the attribute.
    litellm.user_url_validation = True
    # It writes to stderr on its own; the process's log has a form and a level.
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logging.getLogger(name).handlers.clear()
    hold_libraries_at_warning()
    return litellm


def _chunk(chunk: Any) -> Chunk:
    try:
        return from_objects(chunk.model_dump(exclude_none=True, warnings=False))
    except msgspec.ValidationError as error:
        raise SourceError(FailureKind.BROKEN_STREAM, f"LiteLLM made a malformed chunk: {error}.") from None


def _ended_early(stream: Any) -> bool:
    """Whether the provider sent no finish reason, so that the one in the chunks is LiteLLM's invention."""
    unknown = "no such attribute in this version"
    reasons = (
        getattr(stream, "received_finish_reason", unknown),
        getattr(stream, "intermittent_finish_reason", None),
    )
    return reasons == (None, None)


def _failure(error: Exception, *, answered: bool) -> UpstreamError:
    """What an exception of LiteLLM means."""
    # In the middle of a stream it wraps the provider's error for its own router.
    error = getattr(error, "original_exception", None) or error
    status = getattr(error, "status_code", None)
    body = getattr(error, "body", None)
    codes = {key: body.get(key) for key in ("code", "type")} if isinstance(body, dict) else {}
    said = {"message": str(error), "code": getattr(error, "code", None), **codes}
    found = failure_of(status if isinstance(status, int) else 500, msgspec.json.encode({"error": said}))
    kind = found.kind
    if answered and kind is FailureKind.UNAVAILABLE:
        kind = FailureKind.BROKEN_STREAM
    headers = {
        str(name).lower(): str(value)
        for name, value in dict(getattr(error, "litellm_response_headers", None) or {}).items()
    }
    asked = asked_to_retry(headers)
    transient = found.transient if asked is None or kind is FailureKind.QUOTA_EXCEEDED else asked
    # A package that a provider needs, or a key, is reported by some as a failed connection.
    if isinstance(error, ImportError) or "No module named" in found.words:
        kind, transient = FailureKind.INTERNAL, False
    elif _NO_KEY.search(found.words):
        kind, transient = FailureKind.BAD_KEY, False
    words = found.words.partition("\nTraceback (most recent call last)")[0]
    detail = f"{type(error).__name__}: {words}"
    return UpstreamError(kind, detail, transient=transient, retry_after=retry_after(headers))
