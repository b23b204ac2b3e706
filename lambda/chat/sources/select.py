"""Which source answers a request, by the model's name; each is made once per process and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chat.sources.openai_wire import OpenAIWire

if TYPE_CHECKING:
    from chat.keys import Keys
    from chat.requests import ChatRequest
    from chat.settings import Settings
    from chat.sources import ModelSource


class Sources:
    """The process's sources.

    Raises:
        SettingsError: a proxy variable cannot be used.
    """

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self._settings = settings
        self._keys = keys
        self._litellm: ModelSource | None = None
        # Where LiteLLM answers for all, a proxy that only LiteLLM can use is no error.
        self._wire = (
            None if all(map(settings.uses_litellm, settings.allowed_models)) else OpenAIWire(settings, keys)
        )

    @property
    def configured(self) -> bool:
        """Whether the default model can be asked: LiteLLM has its providers' own variables, all else needs a key."""
        return self._keys.in_hand and (bool(self._keys.openai) or self._settings.answers_with_litellm)

    def prepare(self) -> None:
        """Do at init what the first request would wait for, if the default model needs it."""
        if self._wire is not None and not self._settings.answers_with_litellm:
            self._wire.prepare()

    def for_request(self, request: ChatRequest) -> ModelSource:
        """The source of the request's model."""
        if not self._settings.uses_litellm(request.model):
            if self._wire is None:
                self._wire = OpenAIWire(self._settings, self._keys)
            return self._wire
        if self._litellm is None:
            from chat.sources.litellm_source import LiteLLMSource  # noqa: PLC0415 - most never need it

            self._litellm = LiteLLMSource(self._settings, self._keys)
        return self._litellm

    async def aclose(self) -> None:
        """Close every connection."""
        for source in (self._wire, self._litellm):
            if source is not None:
                await source.aclose()
