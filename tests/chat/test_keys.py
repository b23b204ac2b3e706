"""The keys in hand: read, kept, renewed, hidden; Secrets Manager is moto behind a gate that checks signatures."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from typing import TYPE_CHECKING

import pytest

from chat.failures import FailureKind, SourceError
from chat.keys import PAUSE_SECONDS, RENEWAL_SECONDS, Keys
from chat.settings import Settings, SettingsError
from tests.fakes.secrets_manager import StrictSecretsManager, aws_error, secret_reply
from tests.fakes.upstream import Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

OLD, NEW = "sk-old-0123456789", "sk-new-0123456789"


@pytest.fixture(autouse=True)
def _environment(gate: StrictSecretsManager, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in gate.environment.items():
        monkeypatch.setenv(name, value)
    for name in ("ANTHROPIC_API_KEY", "HF_TOKEN"):
        monkeypatch.setenv(name, "")  # so that it is put back as it was, whatever a test does to it
        monkeypatch.delenv(name)


@pytest.fixture
def arn(gate: StrictSecretsManager) -> str:
    return gate.moto.create_secret("chat", json.dumps({"OPENAI_API_KEY": OLD}))


@pytest.fixture
async def keys(arn: str) -> AsyncIterator[Keys]:
    made = Keys(Settings(secret_arn=arn, secret_timeout=9))
    yield made
    await made.aclose()


@pytest.fixture
def later(keys: Keys) -> Callable[[], None]:
    """Lets the time pass in which the secret is not read again."""

    def pass_time() -> None:
        keys._renewal -= RENEWAL_SECONDS
        keys._failure -= PAUSE_SECONDS

    return pass_time


async def test_without_a_secret_the_environment_s_key_is_in_hand() -> None:
    keys = Keys(Settings(openai_api_key=OLD))
    await keys.load()
    assert keys.in_hand
    answer = keys.for_answer()
    assert await answer.openai() == OLD
    assert not await answer.renewed()
    await keys.aclose()


async def test_without_any_key() -> None:
    with pytest.raises(SourceError, match=r"^OPENAI_API_KEY is not set\.$") as raised:
        await Keys(Settings()).for_answer().openai()
    assert raised.value.kind is FailureKind.NOT_CONFIGURED


@pytest.mark.parametrize("key", ["sk one", "sk\r\nX: y", "clé"])
def test_a_key_that_no_header_can_carry_fails_the_init(key: str) -> None:
    with pytest.raises(SettingsError, match="OPENAI_API_KEY has a space") as raised:
        Keys(Settings(openai_api_key=key))
    assert key not in str(raised.value)


async def test_the_secret_is_read_once(keys: Keys, gate: StrictSecretsManager) -> None:
    before = keys.in_hand
    await keys.load()
    assert (before, keys.in_hand) == (False, True)
    for _ in range(3):
        assert await keys.for_answer().openai() == OLD
    assert len(gate.requests) == 1


async def test_answers_side_by_side_read_it_once(keys: Keys, gate: StrictSecretsManager) -> None:
    found = await asyncio.gather(*(keys.for_answer().openai() for _ in range(5)))
    assert found == [OLD] * 5
    assert len(gate.requests) == 1


async def test_a_failure_at_init_is_logged_and_the_next_answer_tries_again(
    keys: Keys, gate: StrictSecretsManager, later: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    gate.enqueue(aws_error("AccessDeniedException"), aws_error("AccessDeniedException"))
    await keys.load()
    assert not keys.in_hand
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "Allow the function's role secretsmanager:GetSecretValue" in record.message
    assert record.message.endswith("The next request will try again.")
    with pytest.raises(SourceError, match="Allow the function's role") as raised:
        await keys.for_answer().openai()
    assert raised.value.kind is FailureKind.KEY_UNAVAILABLE
    later()
    assert await keys.for_answer().openai() == OLD


async def test_an_unreadable_secret_is_not_asked_for_by_each_answer(
    keys: Keys, gate: StrictSecretsManager, later: Callable[[], None]
) -> None:
    """For a while each gets the same failure at once, those that waited for the reading among them."""
    gate.enqueue(*(aws_error("AccessDeniedException") for _ in range(2)))
    for expected in (1, 2):
        found = await asyncio.gather(*(keys.for_answer().openai() for _ in range(4)), return_exceptions=True)
        assert [error.kind for error in found if isinstance(error, SourceError)] == [
            FailureKind.KEY_UNAVAILABLE
        ] * 4
        first, *others = map(str, found)
        assert all(other == f"{first} It is not asked for again within 5 s of that." for other in others)
        with pytest.raises(
            SourceError, match=r"Allow the function's role .* is not asked for again within 5 s"
        ):
            await keys.for_answer().ready()
        assert len(gate.requests) == expected
        later()
    assert await keys.for_answer().openai() == OLD


async def test_a_clock_that_was_set_back_is_no_pause_without_end(
    keys: Keys, gate: StrictSecretsManager
) -> None:
    gate.enqueue(aws_error("AccessDeniedException"))
    with pytest.raises(SourceError):
        await keys.for_answer().openai()
    keys._failure += 3600
    assert await keys.for_answer().openai() == OLD


async def test_a_text_that_is_no_secret_of_ours_is_as_good_as_unread(
    keys: Keys, gate: StrictSecretsManager, arn: str, later: Callable[[], None]
) -> None:
    """So that storing a good one heals the function without a new start."""
    gate.moto.put_secret(arn, "my key is " + OLD)
    with pytest.raises(SourceError, match="cannot be used: it is neither a JSON object") as raised:
        await keys.for_answer().openai()
    assert raised.value.kind is FailureKind.KEY_UNAVAILABLE
    assert OLD not in str(raised.value)
    gate.moto.put_secret(arn, NEW)
    later()
    assert await keys.for_answer().openai() == NEW


async def test_a_secret_without_openai_s_key(
    keys: Keys, gate: StrictSecretsManager, arn: str, later: Callable[[], None]
) -> None:
    """It is read again, not more often than a refused key is; then it may have one."""
    gate.moto.put_secret(arn, '{"OPENAI_BASE_URL": "http://evil.example"}')
    await keys.load()
    with pytest.raises(SourceError, match=f"^The secret {arn} has no OPENAI_API_KEY.$") as raised:
        await keys.for_answer().openai()
    assert raised.value.kind is FailureKind.NOT_CONFIGURED
    assert "OPENAI_BASE_URL" not in os.environ
    with pytest.raises(SourceError):
        await keys.for_answer().openai()
    assert len(gate.requests) == 2
    gate.moto.put_secret(arn, NEW)
    later()
    assert await keys.for_answer().openai() == NEW


async def test_what_is_ignored_of_a_secret_is_said_once(
    keys: Keys, gate: StrictSecretsManager, arn: str, caplog: pytest.LogCaptureFixture
) -> None:
    gate.moto.put_secret(arn, json.dumps({"OPENAI_API_KEY": OLD, "AZURE_API_BASE": "https://h.example"}))
    with caplog.at_level(logging.INFO):
        await keys.load()
        assert not await keys.renew(keys.revision)
    ignored, read, unchanged = [record.message for record in caplog.records]
    assert ignored.startswith(f"In the secret {arn}, AZURE_API_BASE is ignored: ")
    assert read == f"Keys were read from the secret {arn}: OPENAI_API_KEY"
    assert unchanged.startswith("A key was refused, and the secret")
    assert OLD not in caplog.text


async def test_a_refused_key_is_renewed_once_for_an_answer(
    keys: Keys, gate: StrictSecretsManager, arn: str, later: Callable[[], None]
) -> None:
    answer = keys.for_answer()
    assert await answer.openai() == OLD
    gate.moto.put_secret(arn, NEW)
    assert await answer.renewed()
    assert await answer.openai() == NEW
    gate.moto.put_secret(arn, OLD)
    later()
    assert not await answer.renewed()
    assert len(gate.requests) == 2


async def test_an_unchanged_key_is_not_worth_another_try(
    keys: Keys, arn: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = keys.for_answer()
    await answer.openai()
    assert not await answer.renewed()
    assert f"the secret {arn} still has the same" in caplog.text


async def test_a_wrong_key_asks_no_more_than_once_in_a_while(
    keys: Keys, gate: StrictSecretsManager, later: Callable[[], None]
) -> None:
    for expected in (2, 2, 2):
        answer = keys.for_answer()
        await answer.openai()
        assert not await answer.renewed()
        assert len(gate.requests) == expected
    later()
    answer = keys.for_answer()
    await answer.openai()
    assert not await answer.renewed()
    assert len(gate.requests) == 3


async def test_what_another_answer_has_renewed_is_not_read_again(
    keys: Keys, gate: StrictSecretsManager, arn: str
) -> None:
    answers = [keys.for_answer() for _ in range(3)]
    for answer in answers:
        assert await answer.openai() == OLD
    gate.moto.put_secret(arn, NEW)
    assert await asyncio.gather(*(answer.renewed() for answer in answers)) == [True] * 3
    assert [await answer.openai() for answer in answers] == [NEW] * 3
    assert len(gate.requests) == 2


async def test_a_renewal_that_fails_keeps_the_key(
    keys: Keys, gate: StrictSecretsManager, caplog: pytest.LogCaptureFixture
) -> None:
    answer = keys.for_answer()
    await answer.openai()
    gate.enqueue(aws_error("DecryptionFailure"))
    assert not await answer.renewed()
    assert await answer.openai() == OLD
    assert keys.in_hand
    assert "the secret was to be read again" in caplog.text
    assert "enable that key" in caplog.text


async def test_other_providers_keys_are_put_where_litellm_reads_them(
    keys: Keys, gate: StrictSecretsManager, arn: str, later: Callable[[], None]
) -> None:
    """OpenAI's is not: it is handed to whoever sends it. What leaves the secret leaves the environment."""
    gate.moto.put_secret(
        arn, json.dumps({"OPENAI_API_KEY": OLD, "ANTHROPIC_API_KEY": "a1", "HF_TOKEN": "h1"})
    )
    await keys.load()
    assert (os.environ["ANTHROPIC_API_KEY"], os.environ["HF_TOKEN"]) == ("a1", "h1")
    assert "OPENAI_API_KEY" not in os.environ
    gate.moto.put_secret(arn, json.dumps({"OPENAI_API_KEY": OLD, "ANTHROPIC_API_KEY": "a2"}))
    assert await keys.renew(keys.revision)
    assert os.environ["ANTHROPIC_API_KEY"] == "a2"
    assert "HF_TOKEN" not in os.environ


async def test_a_variable_of_both_is_the_secret_s_and_is_said(
    keys: Keys,
    gate: StrictSecretsManager,
    arn: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "plain")
    gate.moto.put_secret(arn, '{"ANTHROPIC_API_KEY": "secret"}')
    await keys.load()
    assert os.environ["ANTHROPIC_API_KEY"] == "secret"
    assert "ANTHROPIC_API_KEY is in the environment and in the secret" in caplog.text


async def test_the_current_and_the_former_key_are_taken_out_of_words(
    keys: Keys, gate: StrictSecretsManager, arn: str
) -> None:
    """A server may repeat either: the former in the very refusal that had it replaced."""
    await keys.load()
    longer = OLD + "-and-more"
    gate.moto.put_secret(arn, longer)
    assert await keys.renew(keys.revision)
    words = keys.scrub(f"not {OLD}, not {longer}")
    assert words == "not [OPENAI_API_KEY], not [OPENAI_API_KEY]"


async def test_an_answer_that_is_cancelled_leaves_the_reading_to_the_next(
    keys: Keys, gate: StrictSecretsManager
) -> None:
    silent = Reply([asyncio.Event()])
    gate.enqueue(silent, secret_reply(NEW))
    waiting = asyncio.create_task(keys.for_answer().openai())
    await silent.started.wait()
    following = asyncio.create_task(keys.for_answer().openai())
    waiting.cancel()
    assert await following == NEW
    with pytest.raises(asyncio.CancelledError):
        await waiting
