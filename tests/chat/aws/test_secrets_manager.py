"""Reading a secret: moto behind a gate that checks signatures, and the failures that a network has."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from chat.aws.secret_arn import SecretArn
from chat.aws.secrets_manager import MAX_ANSWER, TRIES, SecretError, SecretsManager
from chat.settings import SettingsError
from tests.fakes.secrets_manager import ROLE, StrictSecretsManager, aws_error, json_reply, secret_reply
from tests.fakes.upstream import CLOSE, RESET, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.fakes.certificates import Certificate
    from tests.fakes.moto_server import MotoServer

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:chat-AbCdEf"
TEXT = '{"OPENAI_API_KEY": "sk-0123456789"}'


@pytest.fixture
async def make(gate: StrictSecretsManager) -> AsyncIterator[Callable[..., SecretsManager]]:
    """Make readers of a secret at `gate`; closed after the test."""
    made: list[SecretsManager] = []

    def make(arn: str = ARN, timeout: float = 10, **environ: str) -> SecretsManager:
        made.append(SecretsManager(SecretArn.parse(arn), timeout, gate.environment | environ))
        return made[-1]

    yield make
    for reader in made:
        await reader.aclose()


async def failure_of(reader: SecretsManager) -> str:
    with pytest.raises(SecretError) as raised:
        await reader.read()
    words = str(raised.value)
    assert words.startswith("The secret arn:aws:secretsmanager:eu-central-1:")
    assert words.endswith(".")
    for secret in (ROLE.secret_key, ROLE.token, "sk-0123456789"):
        assert secret not in words
    return words


async def test_a_secret_is_read_with_a_good_signature(
    make: Callable[..., SecretsManager], gate: StrictSecretsManager
) -> None:
    arn = gate.moto.create_secret("app/chat", TEXT)
    reader = make(arn)
    assert await reader.read() == TEXT
    (request,) = gate.requests
    assert request.json == {"SecretId": arn}
    assert request.headers["x-amz-target"] == "secretsmanager.GetSecretValue"
    gate.moto.put_secret(arn, "sk-new")
    assert await reader.read() == "sk-new"


async def test_over_tls(moto: MotoServer, certificate: Certificate, trusted: None) -> None:
    """With the host's name and port in the signature as they are in the request."""
    arn = moto.create_secret("chat", TEXT)
    async with StrictSecretsManager(moto, certificate.server_context()) as gate:
        reader = SecretsManager(SecretArn.parse(arn), 10, gate.environment)
        assert await reader.read() == TEXT
        assert gate.requests[0].headers["host"] == f"localhost:{gate.port}"


async def test_a_wrong_key_is_refused_by_the_gate(make: Callable[..., SecretsManager]) -> None:
    """The gate can tell: what it lets through is signed well."""
    words = await failure_of(make(AWS_SECRET_ACCESS_KEY="another-secret-access-key"))
    assert "it answered 403 InvalidSignatureException. The signature is refused" in words


async def test_without_credentials_nobody_is_asked(
    make: Callable[..., SecretsManager], gate: StrictSecretsManager
) -> None:
    assert "AWS_ACCESS_KEY_ID is not set." in await failure_of(make(AWS_ACCESS_KEY_ID=""))
    assert gate.connections == 0


async def test_no_connection_is_kept(make: Callable[..., SecretsManager], gate: StrictSecretsManager) -> None:
    """The next reading is hours away; an idle socket would be dead by then."""
    reply = secret_reply(TEXT)
    gate.enqueue(reply)
    assert await make().read() == TEXT
    async with asyncio.timeout(10):
        while gate._open:
            await next(iter(gate._open)).lost.wait()


async def test_a_missing_secret(make: Callable[..., SecretsManager]) -> None:
    assert "There is no such secret in the ARN's account and region" in await failure_of(make())


async def test_a_secret_marked_for_deletion(
    make: Callable[..., SecretsManager], gate: StrictSecretsManager
) -> None:
    arn = gate.moto.create_secret("gone", TEXT)
    gate.moto.delete_secret(arn)
    assert "restore-secret" in await failure_of(make(arn))


async def test_a_secret_of_bytes(make: Callable[..., SecretsManager], gate: StrictSecretsManager) -> None:
    arn = gate.moto.create_secret("bytes", b"sk-0123456789")
    assert "bytes (SecretBinary) where text is expected" in await failure_of(make(arn))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>sk-0123456789</html>",
        b'{"SecretString": "sk-0123456789',
        b'{"SecretString": ["sk-0123456789"]}',
        b'["sk-0123456789"]',
        b"[" * 100_000,
        b'{"SecretString": "\xff"}',
    ],
)
async def test_a_good_status_with_another_answer_is_not_quoted(
    answer: bytes, make: Callable[..., SecretsManager], gate: StrictSecretsManager
) -> None:
    """Whatever it is, it may hold the key."""
    gate.enqueue(json_reply(200, answer))
    assert "its answer is not Secrets Manager's" in await failure_of(make())
    assert len(gate.requests) == 1


async def test_an_answer_without_a_value(
    make: Callable[..., SecretsManager], gate: StrictSecretsManager
) -> None:
    gate.enqueue(json_reply(200, b"{}"))
    assert "holds nothing where text is expected" in await failure_of(make())


async def test_the_largest_secret_and_no_larger_answer(
    make: Callable[..., SecretsManager], gate: StrictSecretsManager
) -> None:
    """65,536 bytes, each escaped; then an answer that has no end."""
    escaped = '{"SecretString": "' + "\\u0001" * 65_536 + '"}'
    gate.enqueue(json_reply(200, escaped.encode()))
    assert await make().read() == "\x01" * 65_536
    endless = Reply([b"x" * 65_536] * (MAX_ANSWER // 65_536 + 100), framing="chunked")
    gate.enqueue(endless)
    assert f"larger than {MAX_ANSWER} bytes" in await failure_of(make())
    await asyncio.wait_for(endless.client_closed.wait(), 10)


@pytest.mark.parametrize(
    "failing",
    [
        aws_error("InternalServiceError", "try again", 500),
        aws_error("ThrottlingException", "Rate exceeded"),
        Reply([b"busy"], status=503, framing="length"),
        Reply([RESET], framing="chunked"),
        Reply([b"{", CLOSE], framing="chunked"),
    ],
)
async def test_what_may_pass_is_tried_again(
    failing: Reply, make: Callable[..., SecretsManager], gate: StrictSecretsManager
) -> None:
    arn = gate.moto.create_secret("chat", TEXT)
    gate.enqueue(failing)
    assert await make(arn).read() == TEXT
    first, second = gate.requests
    assert second.body == first.body


async def test_the_tries_are_bounded(make: Callable[..., SecretsManager], gate: StrictSecretsManager) -> None:
    gate.enqueue(*(aws_error("InternalServiceError", "", 500) for _ in range(TRIES)), secret_reply(TEXT))
    assert "it answered 500 InternalServiceError." in await failure_of(make())
    assert len(gate.requests) == TRIES


async def test_what_stays_is_not_tried_again(
    make: Callable[..., SecretsManager], gate: StrictSecretsManager
) -> None:
    words = (
        "User: arn:aws:sts::1:assumed-role/chat is not authorized to perform: secretsmanager:GetSecretValue"
    )
    gate.enqueue(aws_error("AccessDeniedException", words), secret_reply(TEXT))
    said = await failure_of(make())
    assert words in said
    assert "Allow the function's role secretsmanager:GetSecretValue on it" in said
    assert len(gate.requests) == 1


async def test_a_server_that_does_not_answer_is_asked_twice_within_the_time(
    make: Callable[..., SecretsManager], gate: StrictSecretsManager
) -> None:
    never = asyncio.Event()
    silent, late = Reply([never]), Reply([b"{", never])
    gate.enqueue(silent, late)
    words = await failure_of(make(timeout=0.6))
    assert "no answer in time (CHAT_SECRET_TIMEOUT)" in words
    assert "com.amazonaws.eu-central-1.secretsmanager" in words
    assert len(gate.requests) == 2
    await asyncio.wait_for(silent.client_closed.wait(), 10)
    await asyncio.wait_for(late.client_closed.wait(), 10)


async def test_one_silent_server_leaves_time_for_the_next(
    make: Callable[..., SecretsManager], gate: StrictSecretsManager
) -> None:
    gate.enqueue(Reply([asyncio.Event()]), secret_reply(TEXT))
    assert await make(timeout=4).read() == TEXT


async def test_a_server_that_is_down(make: Callable[..., SecretsManager]) -> None:
    reader = make(AWS_ENDPOINT_URL_SECRETS_MANAGER="http://127.0.0.1:1")
    words = await failure_of(reader)
    assert "could not be read from 127.0.0.1:1: no connection" in words
    assert "A function in a VPC needs" in words


@pytest.mark.parametrize(
    ("name", "value"), [("AWS_ENDPOINT_URL", "nowhere"), ("HTTPS_PROXY", "socks5://h.example:1")]
)
def test_a_wrong_way_is_said_at_init(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} is '{value}'"):
        SecretsManager(SecretArn.parse(ARN), 5, {name: value})


async def test_the_reader_stops_when_it_is_cancelled(
    make: Callable[..., SecretsManager], gate: StrictSecretsManager
) -> None:
    silent = Reply([asyncio.Event()])
    gate.enqueue(silent)
    reading = asyncio.create_task(make().read())
    await silent.started.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await asyncio.wait_for(silent.client_closed.wait(), 10)


def test_the_errors_of_the_fake_are_what_moto_makes(moto: MotoServer) -> None:
    """The scripted failures have the real form: a type and a message."""
    status, body = moto.answer(
        {
            "X-Amz-Target": "secretsmanager.GetSecretValue",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": "AWS4-HMAC-SHA256 Credential=any/20261101/eu-central-1/secretsmanager/aws4_request",
        },
        json.dumps({"SecretId": ARN}).encode(),
    )
    answer: dict[str, Any] = json.loads(body)
    assert status >= 400
    assert answer["__type"] == "ResourceNotFoundException"
    assert "message" in {name.lower() for name in answer}
