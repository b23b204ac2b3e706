"""The OpenAI wire: a request to `/chat/completions` of any compatible server, its answer as parts.

Two clocks guard an answer. `first_token_timeout` runs from the request, over all its tries, until the first
event; `token_timeout` between two events. SSE comments count for neither: with them a proxy says that the proxy
lives, and a model that hangs behind it would hold a billed function until its deadline.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit, urlunsplit

import msgspec

from chat.failures import FailureKind, SourceError
from chat.http.client import HttpClient
from chat.http.connection import HttpError
from chat.sources.assembler import Assembler
from chat.sources.openai_errors import UpstreamError, failure_of
from chat.sources.retries import asked_to_retry, retried, retry_after
from chat.sources.streamed_answer import StreamedAnswer
from chat.sources.tool_calls import ids_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Collection, Iterable

    from chat.http.client import Response
    from chat.keys import AnswerKeys, Keys
    from chat.parts import Part
    from chat.requests import ChatRequest
    from chat.settings import Settings

# How much of an error's body is read, and for how long, before the failure is reported.
MAX_ERROR_BODY: Final = 64 * 1024
ERROR_BODY_SECONDS: Final = 5.0
# The largest answer of a server that does not stream.
MAX_COMPLETION: Final = 16 * 1024 * 1024

# Fields that a server may refuse and an answer can do without.
_DISPENSABLE: Final = ("stream_options", "max_completion_tokens")


class OpenAIWire:
    """A `ModelSource` over `OPENAI_BASE_URL`; one per process.

    Raises:
        SettingsError: a proxy variable is wrong.
    """

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self._settings = settings
        self._keys = keys
        self._refused: set[str] = set()
        url = urlsplit(settings.openai_base_url)
        self._host = url.netloc  # with the port: two servers of one machine are told apart; a user is refused
        self._client = HttpClient(
            urlunsplit(url._replace(path=f"{url.path.rstrip('/')}/chat/completions", fragment="")),
            {
                "Content-Type": "application/json",
                "Accept": "text/event-stream, application/json",
                "User-Agent": "lambda-token-streaming",
            },
            settings.connect_timeout,
        )

    def prepare(self) -> None:
        """Do at init what the first request would wait for."""
        self._client.prepare()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    def stream(self, request: ChatRequest) -> AsyncGenerator[list[Part], None]:
        """See `ModelSource.stream`."""
        keys = self._keys.for_answer()
        return retried(
            lambda deadline: self._try(request, keys, deadline),
            self._settings,
            self._keys.scrub,
            keys.renewed,
        )

    async def _try(
        self, request: ChatRequest, keys: AnswerKeys, deadline: float
    ) -> AsyncGenerator[list[Part], None]:
        key = await keys.openai()
        body = request_body(request, self._settings, self._refused)
        response = await self._post(body, key, deadline)
        try:
            await self._check(response, body)
            late = self._late_start
            taken_ids = ids_of(request.messages)
            data = await self._read(response, deadline, late)
            # An SSE stream never begins with a brace, whatever its content type says.
            if data.lstrip().startswith(b"{"):
                yield await self._whole(response, data, taken_ids, deadline)
                return
            clock = asyncio.get_running_loop().time
            answer = StreamedAnswer(taken_ids)
            while True:
                batch, failure = answer.feed(data)
                # The upstream is let go before the consumer gets its last batch: it may take its time.
                if failure is not None:
                    response.close()
                elif answer.ended:
                    response.done()
                if batch:
                    yield batch
                if failure is not None:
                    raise failure
                if answer.ended:
                    return
                if answer.moved:
                    deadline = clock() + self._settings.token_timeout
                    late = self._late_token
                data = await self._read(response, deadline, late)
        finally:
            response.close()

    async def _post(self, body: bytes, key: str, deadline: float) -> Response:
        try:
            return await self._client.post(body, deadline, {"Authorization": f"Bearer {key}"})
        except HttpError as error:
            raise UpstreamError(
                FailureKind.UNAVAILABLE, f"{self._host}: {error}.", transient=error.transient
            ) from None
        except TimeoutError:
            raise self._late_start() from None

    async def _whole(
        self, response: Response, body: bytes, taken_ids: Iterable[str], deadline: float
    ) -> list[Part]:
        """The answer of a server that ignores `stream`."""
        while data := await self._read(response, deadline, self._late_start):
            body += data
            if len(body) > MAX_COMPLETION:
                raise SourceError(
                    FailureKind.BROKEN_STREAM,
                    f"{self._host} answers without streaming, with more than {MAX_COMPLETION} bytes.",
                )
        response.done()
        assembler = Assembler(taken_ids)
        assembler.feed(body)
        batch = assembler.take()
        return batch + assembler.finish()

    async def _read(self, response: Response, deadline: float, late: Callable[[], SourceError]) -> bytes:
        try:
            return await response.read(deadline)
        except HttpError as error:
            raise UpstreamError(
                FailureKind.BROKEN_STREAM, f"{self._host}: {error}.", transient=error.transient
            ) from None
        except TimeoutError:
            raise late() from None

    async def _check(self, response: Response, sent: bytes) -> None:
        status, headers = response.status, response.headers
        if 200 <= status < 300:  # noqa: PLR2004 - the class of good answers
            if headers.get("content-encoding", "identity").lower() not in ("", "identity"):
                raise SourceError(
                    FailureKind.BROKEN_STREAM,
                    f"{self._host} compresses its answer ({headers['content-encoding']}) though it was asked "
                    "not to; switch that off at the server or the proxy before it.",
                )
            if headers.get("content-type", "").lower().startswith("text/html"):
                raise SourceError(
                    FailureKind.BAD_REQUEST,
                    f"{self._host} answers with a web page, not with a model's answer; OPENAI_BASE_URL must be "
                    "the API's root, as in https://api.openai.com/v1.",
                )
            return
        limit = asyncio.get_running_loop().time() + ERROR_BODY_SECONDS
        body = await response.read_up_to(MAX_ERROR_BODY, limit)
        response.done()
        failure = failure_of(status, body)
        transient = failure.transient
        asked = asked_to_retry(headers)
        # A quota that is used up stays so for longer than any retry.
        if asked is not None and failure.kind is not FailureKind.QUOTA_EXCEEDED:
            transient = asked
        if status in (400, 422):
            # Old Azure versions, Mistral and small servers refuse fields that are younger than they.
            for name in _DISPENSABLE:
                if name in failure.words and name.encode() in sent:
                    self._refused.add(name)
                    transient = True
        hint = ""
        if status == 404 and failure.kind is FailureKind.BAD_REQUEST:  # noqa: PLR2004 - a wrong path
            hint = " Is OPENAI_BASE_URL the API's root, as in https://api.openai.com/v1?"
        elif location := headers.get("location"):
            hint = f" It redirects to {location}; set OPENAI_BASE_URL to where the API is."
        # Its words are last, and whole: `retried` takes keys out, then cuts.
        raise UpstreamError(
            failure.kind,
            f"{self._host} answered {status}{f'.{hint} It said' if hint else ''}: "
            f"{failure.words or 'no message'}.",
            transient=transient,
            retry_after=retry_after(headers),
        )

    def _late_start(self) -> SourceError:
        return SourceError(
            FailureKind.TIMEOUT,
            f"{self._host} sent no event within {self._settings.first_token_timeout:g} s of the request.",
        )

    def _late_token(self) -> SourceError:
        return SourceError(
            FailureKind.TIMEOUT,
            f"{self._host} sent no event for {self._settings.token_timeout:g} s in the middle of its answer.",
        )


def request_body(request: ChatRequest, settings: Settings, refused: Collection[str] = ()) -> bytes:
    """The JSON of a streaming chat completion (`openai.types.chat.CompletionCreateParamsStreaming`).

    Args:
        request: The conversation.
        settings: For the bound of the answer's length.
        refused: Fields that the server has refused: `stream_options` is then left out (the answer has no usage
            unless the server volunteers it), `max_completion_tokens` goes by its old name.
    """
    body: dict[str, Any] = {"model": request.model, "messages": request.messages, "stream": True}
    if "stream_options" not in refused:
        body["stream_options"] = {"include_usage": True}
    if request.tools:
        body["tools"] = request.tools
        # OpenAI refuses a choice where there is nothing to choose from.
        if request.tool_choice is not None:
            body["tool_choice"] = request.tool_choice
    if settings.max_output_tokens:
        name = "max_tokens" if "max_completion_tokens" in refused else "max_completion_tokens"
        body[name] = settings.max_output_tokens
    return msgspec.json.encode(body)
