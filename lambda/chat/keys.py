"""The keys of the models' providers, as the function has them in hand.

They come from the environment, or from the secret that CHAT_SECRET_ARN names: read once at init, read again by
requests until that has succeeded, with pauses, and read again when a provider refuses a key, since a key that was
replaced in the secret is refused sooner or later. OpenAI's stays in this object; those of LiteLLM's providers are put
into the environment, where LiteLLM looks for them.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from typing import TYPE_CHECKING, Final

from chat.failures import FailureKind, SourceError
from chat.secret_text import OPENAI, SecretTextError, read_secret_text, sendable
from chat.settings import SettingsError
from chat.sources.log_words import without_secrets

if TYPE_CHECKING:
    from chat.aws.secrets_manager import SecretsManager
    from chat.settings import Settings

_log = logging.getLogger("chat")

# A key that is wrong in the secret too must not make each request ask for it.
RENEWAL_SECONDS: Final = 30.0
# A secret that cannot be read is not asked for by each request either: calls cost, and are throttled.
PAUSE_SECONDS: Final = 5.0


class UnreadableKeysError(Exception):
    """The secret could not be read, or not be understood; the message is a sentence for the operator."""


class Keys:
    """The process's keys.

    Raises:
        SettingsError: OPENAI_API_KEY cannot be sent, or a proxy's or an endpoint's variable is wrong.
    """

    def __init__(self, settings: Settings) -> None:
        key = settings.openai_api_key
        if not sendable(key):
            raise SettingsError(
                "OPENAI_API_KEY has a space or a character outside ASCII in it, so it cannot be sent as a header; "
                "copy the key again."
            )
        self._keys = {OPENAI: key} if key else {}
        self._former: dict[str, str] = {}
        self._arn = settings.secret_arn
        self._secret: SecretsManager | None = None
        self._one_reads = asyncio.Lock()
        self._renewal = 0.0
        self._failure = 0.0
        self._failed_with = ""
        # Grows with each change of the keys; 0: the secret has not been read.
        self.revision = 0
        if self._arn:
            from chat.aws.secret_arn import SecretArn  # noqa: PLC0415 - most of it is needed with a secret alone
            from chat.aws.secrets_manager import SecretsManager  # noqa: PLC0415 - as above

            self._secret = SecretsManager(SecretArn.parse(self._arn), settings.secret_timeout)

    @property
    def in_hand(self) -> bool:
        """Whether the keys are known: there is no secret, or it has been read."""
        return self._secret is None or self.revision > 0

    @property
    def openai(self) -> str:
        """The key for OPENAI_BASE_URL, or an empty text."""
        return self._keys.get(OPENAI, "")

    @property
    def missing(self) -> str:
        """What an operator is told of a key for OPENAI_BASE_URL that is not there."""
        return f"The secret {self._arn} has no {OPENAI}." if self._arn else f"{OPENAI} is not set."

    def for_answer(self) -> AnswerKeys:
        """The keys as one answer uses them."""
        return AnswerKeys(self)

    async def load(self) -> None:
        """Read the secret, if there is one, at init.

        A failure is logged and not raised: the environment would start over and over, and clients would get nothing
        but 502. The first request tries again, with no pause before: it is the one that an environment was started for.
        """
        try:
            await self.ensure()
        except UnreadableKeysError as error:
            self._failure = 0.0
            _log.error("%s The next request will try again.", error)

    async def ensure(self) -> None:
        """Read the secret unless that has been done, or has failed within the last PAUSE_SECONDS.

        Raises:
            UnreadableKeysError: it could not be read this time either, or is not asked for again yet.
        """
        if self.in_hand:
            return
        async with self._one_reads:
            if not self.in_hand:
                await self._read_unless_paused()

    async def renew(self, revision: int) -> bool:
        """Read the secret again, because keys of a revision were refused; at most once in RENEWAL_SECONDS.

        Returns:
            Whether there are other keys in hand now.
        """
        if self._secret is None:
            return False
        async with self._one_reads:
            if self.revision != revision:
                return True  # another answer was first
            # The wall clock, which goes on while a function is frozen.
            now = time.time()
            if abs(now - self._renewal) < RENEWAL_SECONDS:
                return False
            self._renewal = now
            try:
                await self._read()
            except UnreadableKeysError as error:
                _log.error("A key was refused, so the secret was to be read again. %s", error)
                return False
            if self.revision == revision:
                _log.warning("A key was refused, and the secret %s still has the same.", self._arn)
            return self.revision != revision

    def known(self) -> list[tuple[str, str]]:
        """Every key, and every key that it has replaced, by name."""
        return [*self._keys.items(), *self._former.items()]

    def scrub(self, words: str) -> str:
        """Take all that is `known` out of an upstream's words."""
        return without_secrets(words, self.known())

    async def aclose(self) -> None:
        """Close the connection of a reading under way."""
        if self._secret is not None:
            await self._secret.aclose()

    async def _read_unless_paused(self) -> None:
        # The wall clock, which goes on while a function is frozen.
        if abs(time.time() - self._failure) < PAUSE_SECONDS:
            raise UnreadableKeysError(
                f"{self._failed_with} It is not asked for again within {PAUSE_SECONDS:g} s of that."
            )
        try:
            await self._read()
        except UnreadableKeysError as error:
            self._failure, self._failed_with = time.time(), str(error)
            raise

    async def _read(self) -> None:
        from chat.aws.secrets_manager import SecretError  # noqa: PLC0415 - loaded with the secret alone

        assert self._secret is not None
        try:
            found = read_secret_text(await self._secret.read())
        except SecretError as error:
            raise UnreadableKeysError(str(error)) from None
        except SecretTextError as error:
            raise UnreadableKeysError(f"The secret {self._arn} cannot be used: {error}.") from None
        if self.revision and found.keys == self._keys:
            return
        for complaint in found.complaints:
            _log.warning("In the secret %s, %s", self._arn, complaint)
        self._take(found.keys)
        _log.info("Keys were read from the secret %s: %s", self._arn, ", ".join(found.keys) or "none")

    def _take(self, keys: dict[str, str]) -> None:
        old, self._keys = self._keys, keys
        self._former = {**self._former, **{name: key for name, key in old.items() if keys.get(name) != key}}
        for name in old.keys() - keys.keys() - {OPENAI}:
            os.environ.pop(name, None)
        for name, key in keys.items():
            if name == OPENAI:
                continue
            if name not in old and os.environ.get(name, key) != key:
                _log.warning(
                    "%s is in the environment and in the secret; that of the secret is used. Unset the other.",
                    name,
                )
            os.environ[name] = key
        self.revision += 1


class AnswerKeys:
    """The keys as one answer uses them: it knows which it has sent, and has them renewed once at most."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._revision = 0
        self._asked = False

    async def ready(self) -> None:
        """Have the keys in hand, for a try that will use them.

        Raises:
            SourceError: KEY_UNAVAILABLE, the secret cannot be read.
        """
        try:
            await self._keys.ensure()
        except UnreadableKeysError as error:
            raise SourceError(FailureKind.KEY_UNAVAILABLE, str(error)) from None
        self._revision = self._keys.revision

    async def openai(self) -> str:
        """The key for OPENAI_BASE_URL.

        Raises:
            SourceError: KEY_UNAVAILABLE as `ready`; NOT_CONFIGURED, there is none.
        """
        await self.ready()
        if not self._keys.openai and await self.renewed():
            await self.ready()
        if not self._keys.openai:
            raise SourceError(FailureKind.NOT_CONFIGURED, self._keys.missing)
        return self._keys.openai

    async def renewed(self) -> bool:
        """After a provider has refused a key: whether there are others now, which are worth another try."""
        if self._asked:
            return False
        self._asked = True
        return await self._keys.renew(self._revision)
